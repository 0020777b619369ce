"""Attempts to pay a bill, and the cards that customers have let us keep."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models

from core import clock
from core.money import MONEY_DIGITS
from core.timeline import event_values
from payments.flow import PAYMENT_FLOW, PaymentState
from payments.models.bill import Bill, BillEvent
from payments.querysets import PaymentQuerySet, SavedMethodQuerySet

MONTHS_OF_WARNING = 2
ENDLESS = 1200


class SavedMethod(models.Model):
    """A card that its owner has allowed us to charge later. The number is the provider's secret; we never see it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_methods")
    provider = models.CharField(max_length=20)
    customer_id = models.CharField(max_length=255, help_text="The owner's name at the provider.")
    method_id = models.CharField(max_length=255, unique=True)
    brand = models.CharField(max_length=20, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    expires_month = models.PositiveSmallIntegerField(null=True, blank=True)
    expires_year = models.PositiveSmallIntegerField(null=True, blank=True)
    # One default a person: empty for the others. (A conditional unique key does not exist on MariaDB.)
    default_of = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="default_saved_method",
        editable=False,
    )
    saved_at = models.DateTimeField(default=clock.now, editable=False)
    detached_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SavedMethodQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "saved card"
        indexes = [models.Index(fields=["user", "provider"], name="saved_method_of_user")]

    def __str__(self) -> str:
        return f"{self.brand} •••• {self.last4}"

    @property
    def is_default(self) -> bool:
        """Whether later charges use this card."""
        return self.default_of_id is not None

    def is_over(self, day: date) -> bool:
        """Tell whether the card has expired by `day`. It is good until the last day of the month printed on it."""
        return self._months_left(day) < 0

    def ends_soon(self, day: date) -> bool:
        """Tell whether the card is good on `day` and ends within that month or the next two."""
        return 0 <= self._months_left(day) <= MONTHS_OF_WARNING

    def _months_left(self, day: date) -> int:
        """Return the months from `day` to the card's last one; endless when its end is not known."""
        if not self.expires_year or not self.expires_month:
            return ENDLESS
        return (self.expires_year - day.year) * 12 + self.expires_month - day.month


class Payment(models.Model):
    """One attempt to pay a bill. `key` is "<bill>:<n>"; n rises only after a definitive failure.

    `amount` is in the bill's currency; `charge_amount` is what the provider moves (riel for a bill in dollars, at the
    `rate` frozen here). What must be known before the provider is asked is committed before it is asked.
    """

    flow = PAYMENT_FLOW

    class Method(models.TextChoices):
        CARD = "card", "Card"
        KHQR = "khqr", "KHQR in US dollars"
        KHQR_RIEL = "khqr_riel", "KHQR in riel"
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
    charge_amount = models.DecimalField(**MONEY_DIGITS, null=True, blank=True, help_text="What the provider moves.")
    charge_currency = models.CharField(max_length=3, blank=True)
    rate = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, help_text="Charge currency for one of the bill's."
    )
    captured_amount = models.DecimalField(**MONEY_DIGITS, default=0, help_text="What arrived.")
    applied_amount = models.DecimalField(**MONEY_DIGITS, default=0, help_text="How much of it settled the bill.")
    reference = models.CharField(max_length=100, blank=True, help_text="The bank's or provider's reference.")
    # One object and one movement of money at the provider belong to one attempt: both keys are unique.
    provider_id = models.CharField(
        max_length=255, null=True, blank=True, unique=True, help_text="The attempt's name at the provider."
    )
    capture_id = models.CharField(
        max_length=255, null=True, blank=True, unique=True, help_text="The movement of money at the provider."
    )
    saved_method = models.ForeignKey(SavedMethod, models.PROTECT, null=True, blank=True, related_name="payments")
    saves_method = models.BooleanField(default=False, help_text="The customer lets us keep the card for later charges.")
    data = models.JSONField(
        default=dict, blank=True, help_text="What the payment page needs: address, code, deep link."
    )
    failure_code = models.CharField(max_length=60, blank=True)
    failure_reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=clock.now, editable=False)
    asked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the provider was first asked."
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the provider stops taking money for it.")
    next_poll_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When to ask the provider again; empty: never."
    )
    polls = models.PositiveIntegerField(default=0, editable=False)
    captured_at = models.DateTimeField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the money found its purpose."
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("check_payment", "Can ask a provider how a payment stands"),
            ("refund_payment", "Can refund payments"),
        ]
        indexes = [
            models.Index(fields=["state", "claimed_at"], name="payment_unclaimed"),
            models.Index(fields=["next_poll_at"], name="payment_to_poll"),
        ]
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
