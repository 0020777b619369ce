"""Orders and parcels in the admin."""

from orders.admin.order import OrderAdmin
from orders.admin.shipment import ShipmentAdmin

__all__ = ["OrderAdmin", "ShipmentAdmin"]
