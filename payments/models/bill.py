"""Bills: what somebody owes the shop. They know no orders and no rent."""

from typing import Any

from django.conf import settings
from django.db import models

from core import clock
from core.money import MONEY_DIGITS
from core.timeline import TimelineEvent, event_values
from payments.flow import BILL_FLOW, BillState
from payments.querysets import BillQuerySet


class Bill(models.Model):
    """A sum that somebody owes the shop. `code` is the reference printed for bank transfers."""

    flow = BILL_FLOW

    code = models.CharField(max_length=12, unique=True)
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="bills")
    payer_email = models.EmailField(max_length=254)
    amount = models.DecimalField(**MONEY_DIGITS)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=BillState, default=BillState.OPEN)
    withheld_reason = models.CharField(max_length=60, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = BillQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "due_at"], name="bill_due")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="bill_amount_not_negative"),
            models.CheckConstraint(condition=models.Q(state__in=BillState.values), name="bill_state_known"),
        ]

    def __str__(self) -> str:
        return self.code

    def record(self, **event: Any) -> None:
        """Write one row of the bill's timeline."""
        BillEvent.objects.create(bill=self, **event_values(**event))


class BillEvent(TimelineEvent):
    """Something that happened to a bill or to one of its payments."""

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="events")

    class Meta(TimelineEvent.Meta):
        indexes = [models.Index(fields=["bill", "at"], name="bill_events")]
