"""Differences that a person must resolve, disputes at the customers' banks, and the days that were compared."""

from django.conf import settings
from django.db import models

from core import clock
from core.money import MONEY_DIGITS
from payments.models.payment import Payment
from payments.querysets import INQUIRY, LOST, BreakQuerySet, DisputeQuerySet


class Break(models.Model):
    """A difference between money and what it was for. Somebody owns it, and it has a deadline.

    `key` makes it unique: what it is about, its kind, and the money's name at the provider where there is one. Money
    that only the provider knows has no payment.
    """

    class Kind(models.TextChoices):
        UNCLAIMED = "unclaimed", "Money that nothing asked for"
        SURPLUS = "surplus", "More money than was owed"
        CLAIM_FAILED = "claim_failed", "Money that could not be booked"
        TO_GIVE_BACK = "to_give_back", "Money to give back after a cancellation"
        MISMATCH = "mismatch", "Money that does not fit what was asked for"
        REFUND_FAILED = "refund_failed", "A refund that the provider could not make"
        DISPUTED = "disputed", "Money that the customer disputes at the bank"
        REVERSED = "reversed", "A success that the provider took back"
        MISSING_HERE = "missing_here", "Money at the provider that is not on record here"
        MISSING_THERE = "missing_there", "Money on record here that the provider does not know"
        AMOUNT_DIFFERS = "amount_differs", "Another amount at the provider than here"

    key = models.CharField(max_length=255, unique=True, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="breaks")
    provider = models.CharField(max_length=20, blank=True)
    provider_id = models.CharField(max_length=255, blank=True, help_text="The money's name at the provider.")
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
        indexes = [models.Index(fields=["resolved_at", "due_at"], name="break_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.payment.key if self.payment else self.provider_id}"


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


class ComparedDay(models.Model):
    """A day of the shop whose money was compared with one provider's books. A day without a row was not compared."""

    provider = models.CharField(max_length=20)
    day = models.DateField(help_text="In the shop's time zone.")
    compared_at = models.DateTimeField(default=clock.now, editable=False)
    movements = models.PositiveIntegerField(default=0, help_text="Movements of money in the provider's books.")
    asked_again = models.PositiveIntegerField(default=0, help_text="Payments that the provider was asked about again.")
    differences = models.PositiveIntegerField(default=0, help_text="Differences found, old ones included.")

    class Meta:
        ordering = ["-day", "provider"]
        permissions = [("compare_comparedday", "Can compare a day with the provider again")]
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="compared_day_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"
