"""Which physical item goes out for which line, and in which parcel."""

from typing import Any

from django.db import models

from catalog.models import Unit
from core import clock
from orders.flow import SHIPMENT_FLOW, ShipmentState
from orders.models.order import Order, OrderLine
from orders.querysets import ShipmentQuerySet


class Shipment(models.Model):
    """One parcel, or one pick-up at the counter."""

    flow = SHIPMENT_FLOW

    code = models.CharField(max_length=12, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    state = models.CharField(max_length=10, choices=ShipmentState, default=ShipmentState.DISPATCHED)
    carrier = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=80, blank=True, db_index=True)
    tracking_url = models.URLField(blank=True)
    dispatched_at = models.DateTimeField(default=clock.now, editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        permissions = [
            ("deliver_shipment", "Can confirm deliveries"),
            ("return_shipment", "Can take back refused parcels"),
        ]
        indexes = [models.Index(fields=["state", "dispatched_at"], name="shipment_on_its_way")]

    def __str__(self) -> str:
        return self.code

    def record(self, *, kind: str, **event: Any) -> None:
        """Write one row of the order's timeline about this shipment."""
        self.order.record(kind=f"shipment_{kind}", shipment=self.code, **event)


class Allocation(models.Model):
    """A unit promised to a line. Warranty, cost and "returns once" belong here, not to the serial."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="allocations")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="allocations")
    # One live allocation a unit: empty once the unit is released or comes back.
    live_unit = models.OneToOneField(
        Unit, models.PROTECT, null=True, blank=True, related_name="live_allocation", editable=False
    )
    shipment = models.ForeignKey(Shipment, models.PROTECT, null=True, blank=True, related_name="allocations")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.unit_id} for line {self.line_id}"
