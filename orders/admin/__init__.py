"""Orders, parcels, what comes back and the transfers that customers show, in the admin."""

from orders.admin.order import OrderAdmin
from orders.admin.proofs import PaymentProofAdmin
from orders.admin.returns import ReturnAdmin
from orders.admin.shipment import ShipmentAdmin

__all__ = ["OrderAdmin", "PaymentProofAdmin", "ReturnAdmin", "ShipmentAdmin"]
