"""Money that goes back."""

from typing import Any

from django.conf import settings
from django.db import models

from core import clock
from core.money import MONEY_DIGITS
from payments.flow import REFUND_FLOW, RefundState
from payments.models.difference import Break
from payments.models.payment import Payment
from payments.querysets import RefundQuerySet


class Refund(models.Model):
    """A part of a captured payment on its way back. `key` is "<payment>:r<n>"; the provider sees it at most once.

    `amount` is in the payment's currency, `charge_amount` in what the provider moved, at the payment's own rate.
    """

    flow = REFUND_FLOW

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    difference = models.OneToOneField(
        Break, models.PROTECT, null=True, blank=True, related_name="refund", help_text="The break it resolves."
    )
    key = models.CharField(max_length=50, unique=True)
    state = models.CharField(max_length=10, choices=RefundState, default=RefundState.REQUESTED)
    amount = models.DecimalField(**MONEY_DIGITS)
    currency = models.CharField(max_length=3)
    charge_amount = models.DecimalField(**MONEY_DIGITS)
    charge_currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField(default=clock.now, editable=False)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    from_surplus = models.BooleanField(
        default=False, editable=False, help_text="It gives back what nobody asked for, no part of what paid a bill."
    )
    by_hand = models.BooleanField(default=False, editable=False, help_text="Staff send it; no provider can.")
    provider_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    reference = models.CharField(
        max_length=100, null=True, blank=True, unique=True, help_text="The bank's reference, when it was made by hand."
    )
    failure_reason = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_poll_at = models.DateTimeField(null=True, blank=True, editable=False)
    polls = models.PositiveIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("approve_refund", "Can approve refunds of others"),
            ("transfer_refund", "Can record refunds sent by hand"),
        ]
        indexes = [
            models.Index(fields=["next_poll_at"], name="refund_to_poll"),
            models.Index(fields=["state", "requested_at"], name="refund_by_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(condition=models.Q(state__in=RefundState.values), name="refund_state_known"),
        ]

    def __str__(self) -> str:
        return self.key

    def record(self, *, kind: str, **event: Any) -> None:
        """Write one row of the bill's timeline about this refund."""
        self.payment.record(kind=f"refund_{kind}", refund=self.key, **event)
