"""Named reads of agreements and instalments, and tables that only grow."""

from datetime import date
from typing import Any, NoReturn

from django.db import models

from rentals.flow import ENDED, RUNNING


class WrittenOnce(models.QuerySet):
    """Rows that are written once: nothing changes or removes them in bulk."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse: the row is the record."""
        raise TypeError(f"{self.model._meta.verbose_name_plural} are written once")

    def delete(self) -> NoReturn:
        """Refuse: the row is the record."""
        raise TypeError(f"{self.model._meta.verbose_name_plural} are never removed")


class PolicyQuerySet(WrittenOnce):
    """Policies by version."""

    def current(self) -> models.Model | None:
        """Return the newest policy, under which new agreements are made; None before the first."""
        return self.order_by("-version").first()


class AgreementQuerySet(models.QuerySet):
    """Agreements by who may see them and by what must happen to them."""

    def visible_to(self, user: Any) -> "AgreementQuerySet":
        """Return the agreements of this account."""
        if user is None or not user.is_authenticated:
            return self.none()
        return self.filter(customer=user)

    def of_order(self, order: Any) -> "AgreementQuerySet":
        """Return the agreements of an order's lines, in the order's own order."""
        return self.filter(line__order=order).order_by("line__position", "position")

    def to_sign(self) -> "AgreementQuerySet":
        """Return agreements that wait for their signature."""
        return self.filter(state="draft")

    def running(self) -> "AgreementQuerySet":
        """Return agreements whose customer has the machine and pays rent."""
        return self.filter(state__in=RUNNING)

    def ended(self) -> "AgreementQuerySet":
        """Return agreements that nothing is charged for by itself any more."""
        return self.filter(state__in=ENDED)

    def to_inspect(self) -> "AgreementQuerySet":
        """Return agreements whose machine is on its way back."""
        return self.filter(state="return_pending")

    def with_due_by(self, day: date) -> "AgreementQuerySet":
        """Return running agreements with an instalment due on `day` or before that is not known to be settled."""
        return self.running().filter(instalments__due_on__lte=day, instalments__settled=False).distinct()


class InstalmentQuerySet(models.QuerySet):
    """Instalments by what must happen to them."""

    def unsettled(self) -> "InstalmentQuerySet":
        """Return instalments of which something is still to be paid."""
        return self.filter(settled=False)

    def due_by(self, day: date) -> "InstalmentQuerySet":
        """Return unsettled instalments due on `day` (the shop's calendar) or before."""
        return self.unsettled().filter(due_on__lte=day)


class CollectionQuerySet(models.QuerySet):
    """Collections by whether money may still come for them."""

    def open(self) -> "CollectionQuerySet":
        """Return collections whose bill can be paid."""
        return self.filter(bill__state="open")

    def being_paid(self) -> "CollectionQuerySet":
        """Return open collections that have a live attempt."""
        return self.open().filter(bill__live_payment__isnull=False)
