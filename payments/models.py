"""Bills, the attempts to pay them, and the differences that a person must resolve. Knows no orders and no rent."""

from typing import Any

from django.conf import settings
from django.db import models

from core import clock
from core.money import MONEY_DIGITS
from core.timeline import TimelineEvent, event_values
from payments.flow import BILL_FLOW, PAYMENT_FLOW, BillState, PaymentState
from payments.querysets import BillQuerySet, BreakQuerySet, PaymentQuerySet


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


class Payment(models.Model):
    """One attempt to pay a bill. `key` is "<bill>:<n>"; n rises only after a definitive failure."""

    flow = PAYMENT_FLOW

    class Method(models.TextChoices):
        BANK_TRANSFER = "bank_transfer", "Bank transfer"
        CASH_ON_DELIVERY = "cash_on_delivery", "Cash on delivery"
        PAY_AT_PICKUP = "pay_at_pickup", "Pay when you pick it up"

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="payments")
    # One live attempt a bill: empty once the attempt is over. (A conditional unique key does not exist on MariaDB.)
    live_bill = models.OneToOneField(
        Bill, models.PROTECT, null=True, blank=True, related_name="live_payment", editable=False
    )
    key = models.CharField(max_length=40, unique=True)
    provider = models.CharField(max_length=20)
    method = models.CharField(max_length=20, choices=Method)
    state = models.CharField(max_length=10, choices=PaymentState, default=PaymentState.PENDING)
    amount = models.DecimalField(**MONEY_DIGITS, help_text="What was asked for.")
    currency = models.CharField(max_length=3)
    captured_amount = models.DecimalField(**MONEY_DIGITS, default=0, help_text="What arrived.")
    applied_amount = models.DecimalField(**MONEY_DIGITS, default=0, help_text="How much of it settled the bill.")
    reference = models.CharField(max_length=100, blank=True, help_text="The bank's or provider's reference.")
    started_at = models.DateTimeField(default=clock.now, editable=False)
    captured_at = models.DateTimeField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the money found its purpose."
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "claimed_at"], name="payment_unclaimed")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(captured_amount__gte=models.F("applied_amount")),
                name="payment_applied_at_most_captured",
            ),
            models.CheckConstraint(condition=models.Q(state__in=PaymentState.values), name="payment_state_known"),
        ]

    def __str__(self) -> str:
        return self.key

    def record(self, *, kind: str, **event: Any) -> None:
        """Write one row of the bill's timeline about this payment."""
        BillEvent.objects.create(
            bill_id=self.bill_id, **event_values(kind=f"payment_{kind}", payment=self.key, **event)
        )


class Break(models.Model):
    """A difference between money and what it was for. Somebody owns it, and it has a deadline."""

    class Kind(models.TextChoices):
        UNCLAIMED = "unclaimed", "Money that nothing asked for"
        SURPLUS = "surplus", "More money than was owed"
        CLAIM_FAILED = "claim_failed", "Money that could not be booked"
        TO_GIVE_BACK = "to_give_back", "Money to give back after a cancellation"

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
