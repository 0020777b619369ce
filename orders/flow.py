"""States of an order and of a shipment."""

from django.db import models

from core.flows import flow


class OrderState(models.TextChoices):
    PENDING = "pending", "Waiting for payment"
    CONFIRMED = "confirmed", "Confirmed"
    PACKING = "packing", "Being packed"
    SHIPPED = "shipped", "Shipped"
    DELIVERED = "delivered", "Delivered"
    CANCELLED = "cancelled", "Cancelled"


class CancelReason(models.TextChoices):
    CUSTOMER = "customer", "Cancelled by the customer"
    STAFF = "staff", "Cancelled by the shop"
    EXPIRED = "expired", "Not paid in time"
    REFUSED = "refused", "Delivery refused"


ORDER_FLOW = flow(
    "order",
    {
        OrderState.PENDING: [OrderState.CONFIRMED, OrderState.CANCELLED],
        OrderState.CONFIRMED: [OrderState.PACKING, OrderState.CANCELLED],
        OrderState.PACKING: [OrderState.CONFIRMED, OrderState.SHIPPED, OrderState.CANCELLED],
        OrderState.SHIPPED: [OrderState.DELIVERED, OrderState.CANCELLED],
        # Only late settlement of an expired order; orders.settlement checks the reason.
        OrderState.CANCELLED: [OrderState.CONFIRMED],
    },
)


class ShipmentState(models.TextChoices):
    DISPATCHED = "dispatched", "On its way"
    DELIVERED = "delivered", "Delivered"
    RETURNED = "returned", "Refused and returned"


SHIPMENT_FLOW = flow("shipment", {ShipmentState.DISPATCHED: [ShipmentState.DELIVERED, ShipmentState.RETURNED]})


class ReturnState(models.TextChoices):
    ASKED = "asked", "To be sent back"
    RECEIVED = "received", "To be inspected"
    INSPECTED = "inspected", "Inspected"
    WITHDRAWN = "withdrawn", "Kept after all"


RETURN_FLOW = flow(
    "return",
    {
        ReturnState.ASKED: [ReturnState.RECEIVED, ReturnState.WITHDRAWN],
        ReturnState.RECEIVED: [ReturnState.INSPECTED],
    },
)
