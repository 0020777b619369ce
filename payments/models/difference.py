"""Differences that a person must resolve, and disputes that customers open at their bank."""

from django.conf import settings
from django.db import models

from core import clock
from core.money import MONEY_DIGITS
from payments.models.payment import Payment
from payments.querysets import INQUIRY, LOST, BreakQuerySet, DisputeQuerySet


class Break(models.Model):
    """A difference between money and what it was for. Somebody owns it, and it has a deadline."""

    class Kind(models.TextChoices):
        UNCLAIMED = "unclaimed", "Money that nothing asked for"
        SURPLUS = "surplus", "More money than was owed"
        CLAIM_FAILED = "claim_failed", "Money that could not be booked"
        TO_GIVE_BACK = "to_give_back", "Money to give back after a cancellation"
        MISMATCH = "mismatch", "Money that does not fit what was asked for"
        REFUND_FAILED = "refund_failed", "A refund that the provider could not make"
        DISPUTED = "disputed", "Money that the customer disputes at the bank"
        REVERSED = "reversed", "A success that the provider took back"

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="breaks")
    kind = models.CharField(max_length=20, choices=Kind)
    amount = models.DecimalField(**MONEY_DIGITS)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    due_at = models.DateTimeField(help_text="UTC; somebody must have resolved it by then.")
    resolved_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolution = models.CharField(max_length=300, blank=True)

    objects = BreakQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        permissions = [("resolve_break", "Can resolve breaks")]
        constraints = [models.UniqueConstraint(fields=["payment", "kind"], name="break_once")]
        indexes = [models.Index(fields=["resolved_at", "due_at"], name="break_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.payment.key}"


class Dispute(models.Model):
    """A customer asks the bank to take the money back. `status` is the provider's own word."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    dispute_id = models.CharField(max_length=255, unique=True)
    amount = models.DecimalField(**MONEY_DIGITS)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=40)
    evidence_due_at = models.DateTimeField(null=True, blank=True, help_text="UTC; the bank hears us until then.")
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["evidence_due_at"]
        indexes = [models.Index(fields=["closed_at", "evidence_due_at"], name="dispute_open")]

    def __str__(self) -> str:
        return f"{self.dispute_id}: {self.status}"

    @property
    def standing(self) -> str:
        """Return "inquiry" (no money has moved), "open" (the bank holds it), "won" or "lost" (it is gone)."""
        if self.closed_at is not None:
            return "lost" if self.status == LOST else "won"
        return "inquiry" if self.status.startswith(INQUIRY) else "open"
