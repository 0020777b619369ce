"""One rented machine: what was agreed, signed and delivered, and what falls due when."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from catalog.models import Unit
from core import clock
from core.money import MONEY_DIGITS
from core.timeline import TimelineEvent, event_values
from orders.models import OrderLine
from rentals.flow import AGREEMENT_FLOW, OWNED, AgreementState
from rentals.models.policy import RentalPolicy
from rentals.querysets import AgreementQuerySet, InstalmentQuerySet

_UNSIGNED = ["draft", "expired", "cancelled"]


class Agreement(models.Model):
    """A way of paying for one unit of an order line. Terms are frozen; `numbers` is the policy it was made under."""

    flow = AGREEMENT_FLOW

    code = models.CharField(max_length=12, unique=True)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="agreements")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="agreements")
    position = models.PositiveSmallIntegerField(help_text="Which of the line's machines this is, from 1.")
    policy = models.ForeignKey(RentalPolicy, models.PROTECT, related_name="agreements")
    numbers = models.JSONField(editable=False, help_text="Copy of the policy's numbers at the time of ordering.")
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        help_text="The one swapped for it.",
    )

    state = models.CharField(max_length=15, choices=AgreementState, default=AgreementState.DRAFT)
    before_return = models.CharField(max_length=15, choices=AgreementState, blank=True, editable=False)
    currency = models.CharField(max_length=3)
    cash_price = models.DecimalField(**MONEY_DIGITS)
    total = models.DecimalField(**MONEY_DIGITS, help_text="Total of payments.")
    swap_credit = models.DecimalField(**MONEY_DIGITS, default=0)

    anchor = models.DateField(help_text="Due dates count from this day: that of delivery, before it that of ordering.")
    delivered_on = models.DateField(null=True, blank=True)
    reinstate_until = models.DateField(null=True, blank=True)
    owned_since = models.DateField(null=True, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="agreements")
    # One live agreement a unit: empty once the machine is owned or back.
    live_unit = models.OneToOneField(
        Unit, models.PROTECT, null=True, blank=True, related_name="live_agreement", editable=False
    )
    ledger_seq = models.PositiveIntegerField(default=0, editable=False, help_text="Number of the last ledger entry.")
    refund_due = models.DecimalField(
        **MONEY_DIGITS, default=0, editable=False, help_text="The ledger's, for searching."
    )
    looked_on = models.DateField(
        null=True,
        blank=True,
        editable=False,
        help_text="The last day that the clock has come for: fees, default, letters.",
    )

    signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_name = models.CharField(max_length=150, blank=True, editable=False)
    signed_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    signed_user_agent = models.CharField(max_length=300, blank=True, editable=False)
    text_version = models.CharField(max_length=40, blank=True, editable=False)
    contract_sha256 = models.CharField("contract's SHA-256", max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("note_agreement", "Can write notes on agreements"),
            ("ease_agreement", "Can give more time and let charges go"),
            ("recall_agreement", "Can ask for rented machines"),
            ("reinstate_agreement", "Can take agreements up again"),
            ("end_agreement", "Can declare machines lost and write debts off"),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="agreement_by_state"),
            models.Index(fields=["customer", "-id"], name="agreement_of_customer"),
            models.Index(fields=["state", "looked_on"], name="agreement_to_look_at"),
            models.Index(fields=["refund_due"], name="agreement_to_refund"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["line", "position"], name="agreement_once_a_unit"),
            models.CheckConstraint(condition=Q(state__in=AgreementState.values), name="agreement_state_known"),
            models.CheckConstraint(
                condition=Q(cash_price__gt=0, total__gt=0, swap_credit__gte=0), name="agreement_money_positive"
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(OWNED), owned_since__isnull=False)
                | (~Q(state__in=sorted(OWNED)) & Q(owned_since__isnull=True)),
                name="agreement_owned_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_UNSIGNED) | Q(signed_at__isnull=False), name="agreement_signed_before_it_runs"
            ),
            models.CheckConstraint(
                condition=Q(live_unit__isnull=True) | Q(live_unit=F("unit")), name="agreement_live_unit_is_its_unit"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def record(self, **event: Any) -> None:
        """Write one row of the agreement's timeline."""
        AgreementEvent.objects.create(agreement=self, **event_values(**event))


class AgreementEvent(TimelineEvent):
    """Something that happened to an agreement."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="events")

    class Meta(TimelineEvent.Meta):
        indexes = [models.Index(fields=["agreement", "at"], name="agreement_events")]


class Instalment(models.Model):
    """One payment of an agreement. The amount never changes; how much of it is paid is in the ledger.

    It pays for the days from `starts_on` up to, not including, `ends_on`. Lateness counts from `counts_from`.
    `settled` tells billing that nothing of it is outstanding; the ledger is the truth.
    """

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="instalments")
    number = models.PositiveSmallIntegerField()
    amount = models.DecimalField(**MONEY_DIGITS)
    starts_on = models.DateField()
    ends_on = models.DateField()
    due_on = models.DateField()
    counts_from = models.DateField()
    on_hold = models.BooleanField(default=False, help_text="The payment for it is disputed: no charge, no fee.")
    settled = models.BooleanField(default=False, editable=False)

    objects = InstalmentQuerySet.as_manager()

    class Meta:
        ordering = ["agreement_id", "number"]
        indexes = [models.Index(fields=["settled", "due_on"], name="instalment_due")]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="instalment_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, number__gt=0), name="instalment_positive"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="instalment_period_runs_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id}: {self.number}"


class LateFee(models.Model):
    """The one fee that an instalment can have, and what it was reckoned on. Whether it is paid is in the ledger."""

    instalment = models.OneToOneField(Instalment, models.PROTECT, related_name="late_fee")
    assessed_on = models.DateField()
    days_late = models.PositiveSmallIntegerField()
    unpaid = models.DecimalField(**MONEY_DIGITS, help_text="What was unpaid of the instalment that day.")
    amount = models.DecimalField(**MONEY_DIGITS)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=F("unpaid")), name="late_fee_at_most_what_is_unpaid"
            ),
        ]

    def __str__(self) -> str:
        return f"late fee of {self.instalment_id}"
