"""Named reads of bills, payments, refunds and what lies on work lists."""

from datetime import datetime
from typing import Any

from django.db import models

# The provider's words for a dispute: an inquiry has moved no money yet; a lost one has, for good.
INQUIRY = "warning"
LOST = "lost"


class BillQuerySet(models.QuerySet):
    """Bills by state."""

    def open(self) -> "BillQuerySet":
        """Return bills that can be paid now."""
        return self.filter(state="open")

    def with_paid(self) -> "BillQuerySet":
        """Add `paid`: the money that settled it so far."""
        return self.annotate(
            paid=models.functions.Coalesce(
                models.Sum("payments__applied_amount"),
                models.Value(0),
                output_field=models.DecimalField(max_digits=12, decimal_places=2),
            )
        )


class PaymentQuerySet(models.QuerySet):
    """Payments by what must happen to them."""

    def unclaimed(self, before: datetime) -> "PaymentQuerySet":
        """Return captures older than `before` whose money has found no purpose yet."""
        return self.filter(state="captured", claimed_at=None, captured_at__lt=before)

    def to_poll(self, instant: datetime) -> "PaymentQuerySet":
        """Return attempts whose provider must be asked by `instant`, the longest waiting first."""
        return self.filter(next_poll_at__lte=instant).order_by("next_poll_at")


class SavedMethodQuerySet(models.QuerySet):
    """Saved cards by whether they can be charged."""

    def usable(self) -> "SavedMethodQuerySet":
        """Return cards that nobody has removed."""
        return self.filter(detached_at=None)

    def of(self, user: Any) -> "SavedMethodQuerySet":
        """Return the cards that `user` lets us keep, the default one first, then the newest."""
        return self.of_person(user.pk)

    def of_person(self, user_id: int) -> "SavedMethodQuerySet":
        """Return the cards that a person, by primary key, lets us keep: the default one first, then the newest."""
        first = models.F("default_of").asc(nulls_last=True)
        return self.usable().filter(user_id=user_id).order_by(first, "-id")


class RefundQuerySet(models.QuerySet):
    """Refunds by what must happen to them."""

    def to_poll(self, instant: datetime) -> "RefundQuerySet":
        """Return refunds whose provider must be asked by `instant`, the longest waiting first."""
        return self.filter(next_poll_at__lte=instant).order_by("next_poll_at")

    def standing(self) -> "RefundQuerySet":
        """Return refunds that use up what can be refunded. A failed one does: its money is still owed."""
        return self.exclude(state="withdrawn")

    def decided(self) -> "RefundQuerySet":
        """Return refunds that a customer may count on: nobody has to agree any more, and none was withdrawn."""
        return self.exclude(state__in=("proposed", "withdrawn"))

    def to_approve(self) -> "RefundQuerySet":
        """Return refunds that wait for a second person."""
        return self.filter(state="proposed")

    def to_send_by_hand(self) -> "RefundQuerySet":
        """Return refunds that staff must send by bank."""
        return self.filter(state="by_hand")

    def failed(self) -> "RefundQuerySet":
        """Return refunds that no provider could send, and about which staff must decide."""
        return self.filter(state="failed")


class ProviderEventQuerySet(models.QuerySet):
    """Messages of providers by whether they wait."""

    def waiting(self, instant: datetime) -> "ProviderEventQuerySet":
        """Return messages to be processed by `instant`, the longest waiting first."""
        return self.filter(processed_at=None, next_try_at__lte=instant).order_by("next_try_at")


class DisputeQuerySet(models.QuerySet):
    """Disputes by whether they are decided."""

    def open(self) -> "DisputeQuerySet":
        """Return disputes that the bank has not decided."""
        return self.filter(closed_at=None)

    def holding(self) -> "DisputeQuerySet":
        """Return open disputes for which the bank holds the money."""
        return self.open().exclude(status__startswith=INQUIRY)

    def lost(self) -> "DisputeQuerySet":
        """Return disputes whose money is gone."""
        return self.filter(status=LOST)


class BreakQuerySet(models.QuerySet):
    """Breaks by whether somebody must still act."""

    def open(self) -> "BreakQuerySet":
        """Return differences that nobody has resolved."""
        return self.filter(resolved_at=None)
