"""Named reads of bills, payments and breaks."""

from datetime import datetime

from django.db import models


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


class BreakQuerySet(models.QuerySet):
    """Breaks by whether somebody must still act."""

    def open(self) -> "BreakQuerySet":
        """Return differences that nobody has resolved."""
        return self.filter(resolved_at=None)
