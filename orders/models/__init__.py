"""Orders: what was promised to whom, and how it reaches them."""

from orders.models.fulfilment import Allocation, Shipment
from orders.models.order import Order, OrderBill, OrderEvent, OrderLine
from orders.models.returning import Return

__all__ = ["Allocation", "Order", "OrderBill", "OrderEvent", "OrderLine", "Return", "Shipment"]
