"""Money of agreements: every movement, prices that were promised, and what is being collected."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round

from core import clock
from core.money import MONEY_DIGITS
from payments.models import Bill, Refund
from rentals.models.agreement import Agreement, Instalment
from rentals.querysets import CollectionQuerySet, WrittenOnce
from rentals.rules.ledger import Kind


class LedgerEntry(models.Model):
    """One movement on an agreement's account, numbered without gaps. Written once; a mistake gets its own entry."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    on = models.DateField(help_text="The shop's calendar day that the movement counts for.")
    at = models.DateTimeField(default=clock.now, editable=False)
    kind = models.CharField(max_length=15, choices=[(kind.value, kind.value.replace("_", " ")) for kind in Kind])
    amount = models.DecimalField(**MONEY_DIGITS)
    target = models.CharField(max_length=40, blank=True, help_text='The debt it moves: "rent:3", "late_fee:3", …')
    payment = models.CharField(max_length=60, blank=True, help_text="Key of the payment whose money it moves.")
    reason = models.CharField(max_length=300, blank=True)

    objects = WrittenOnce.as_manager()

    class Meta:
        ordering = ["agreement_id", "seq"]
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["payment"], name="ledger_of_payment")]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "seq"], name="ledger_seq_once"),
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in Kind]), name="ledger_kind_known"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(kind=Kind.RESCHEDULED.value, amount=0), name="ledger_amount_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id}: {self.seq}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new entry. An entry that exists is never changed."""
        if not self._state.adding:
            raise TypeError("Ledger entries are written once.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the entry is the record."""
        raise TypeError("Ledger entries are never removed.")


class BuyoutQuote(models.Model):
    """The price of owning a machine as it was promised. It holds until it expires or the ledger moves on."""

    code = models.CharField(max_length=12, unique=True)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="quotes")
    ledger_seq = models.PositiveIntegerField()
    basis = models.CharField(max_length=20)
    due_unpaid = models.DecimalField(**MONEY_DIGITS)
    future_unpaid = models.DecimalField(**MONEY_DIGITS)
    rent_part = models.DecimalField(**MONEY_DIGITS)
    charges = models.DecimalField(**MONEY_DIGITS)
    amount = models.DecimalField(**MONEY_DIGITS)
    waived = models.DecimalField(**MONEY_DIGITS, help_text="Rent that buying now saves.")
    made_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(help_text="UTC; at this instant it no longer holds.")
    bill = models.OneToOneField(Bill, models.PROTECT, null=True, blank=True, related_name="buyout_quote")

    class Meta:
        ordering = ["-id"]
        constraints = [
            # SQLite reckons with floats; rounded, its sums are those of the other engines.
            models.CheckConstraint(condition=Q(amount=Round(F("rent_part") + F("charges"), 2)), name="quote_adds_up"),
            models.CheckConstraint(
                condition=Q(due_unpaid__gte=0, rent_part__gte=0, waived__gte=0)
                & Q(waived=Round(F("due_unpaid") + F("future_unpaid") - F("rent_part"), 2)),
                name="quote_within_what_is_owed",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="quote_holds_for_a_while"),
        ]

    def __str__(self) -> str:
        return self.code


class Collection(models.Model):
    """A bill for rent after the first, a buy-out or a charge: what it is for is in its parts.

    Days are those of the clock that asked (the shop's calendar), not of the machine that wrote the row.
    """

    class Purpose(models.TextChoices):
        RENT = "rent", "Rent"
        BUYOUT = "buyout", "Buy-out"
        CHARGE = "charge", "Damage or loss"

    bill = models.OneToOneField(Bill, models.PROTECT, related_name="collection")
    purpose = models.CharField(max_length=10, choices=Purpose)
    is_automatic = models.BooleanField(default=False, help_text="Begun by the clock, not by a person.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    begun_on = models.DateField(default=clock.today, editable=False, help_text="When the customer was first asked.")
    looked_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The last day whose charge or link is done."
    )
    waits_for_answer = models.BooleanField(
        default=False,
        db_index=True,
        editable=False,
        help_text="The card is being charged; nobody has acted on the answer.",
    )
    stopped_by = models.CharField(
        max_length=60, blank=True, editable=False, help_text="Why the card is not charged again: the bank's answer."
    )

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.bill_id}"


class CollectionPart(models.Model):
    """How much of a collection is for which agreement. Money reaches instalments by the ledger's allocation."""

    collection = models.ForeignKey(Collection, models.PROTECT, related_name="parts")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="collection_parts")
    instalment = models.ForeignKey(Instalment, models.PROTECT, null=True, blank=True, related_name="collection_parts")
    amount = models.DecimalField(**MONEY_DIGITS)
    # "<agreement>:<period>:<purpose>" of an automatic part: the clock collects each period once. Empty for all others.
    once_key = models.CharField(max_length=60, null=True, blank=True, unique=True, editable=False)

    class Meta:
        ordering = ["collection_id", "id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="collection_part_positive")]

    def __str__(self) -> str:
        return f"{self.collection_id}: {self.agreement_id}"


class LedgerRefund(models.Model):
    """Money that an agreement owes back, on its way: which refund carries how much of it.

    `booked_at` is when the ledger heard the provider's final word; a refund that failed leaves the money due.
    """

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="refunds")
    refund = models.OneToOneField(Refund, models.PROTECT, related_name="ledger_refund")
    amount = models.DecimalField(**MONEY_DIGITS)
    booked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["booked_at"], name="ledger_refund_open")]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_refund_positive")]

    def __str__(self) -> str:
        return f"{self.agreement_id}: {self.refund_id}"
