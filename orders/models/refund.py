"""Which part of a refund belongs to which line of an order."""

from decimal import Decimal

from django.db import models

from core.money import MONEY_DIGITS
from orders.models.order import OrderLine
from orders.querysets import RefundLineQuerySet
from payments.models import Refund


class RefundLine(models.Model):
    """The share of one refund that one line has: of its goods, of their tax, and of the order's shipping.

    Shares are computed on running totals (orders.refund_shares): in whatever steps a line goes back, its shares add up
    to what was paid for it. `quantity` is how many pieces went back with the money; 0 when only money did.
    """

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveIntegerField(default=0)
    net = models.DecimalField(**MONEY_DIGITS, help_text="Of the goods, without tax.")
    tax = models.DecimalField(**MONEY_DIGITS, help_text="Of the goods.")
    shipping = models.DecimalField(**MONEY_DIGITS, help_text="Of the shipping, its tax included.")

    objects = RefundLineQuerySet.as_manager()

    class Meta:
        ordering = ["refund_id", "line_id"]
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="refund_line_once"),
            models.CheckConstraint(
                condition=models.Q(net__gte=0, tax__gte=0, shipping__gte=0), name="refund_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} of {self.line_id} in {self.refund_id}"

    @property
    def total(self) -> Decimal:
        """Return what goes back for the line, in the order's currency."""
        return self.net + self.tax + self.shipping
