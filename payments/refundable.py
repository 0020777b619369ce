"""How much of a payment can go back, in which currency, and when a second person must agree."""

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from core.money import ZERO, round_up
from payments.models import Bill, Payment, Refund
from payments.providers.registry import is_remote, provider_named


def refundable(payment: Payment) -> Decimal:
    """Return how much of a payment has not gone back and is not on its way, in the payment's currency.

    A lost dispute has taken its part; a failed refund is still owed and keeps its part.
    """
    gone = _sum(payment.refunds.standing(), "amount") + _lost(payment)
    return max(payment.captured_amount - gone, ZERO)


def settled_left(payment: Payment) -> Decimal:
    """Return how much of what a payment settled has not gone back, in the payment's currency."""
    gone = _sum(payment.refunds.standing().filter(from_surplus=False), "amount") + _lost(payment)
    return max(payment.applied_amount - gone, ZERO)


def surplus_left(payment: Payment) -> Decimal:
    """Return how much of what nobody asked for has not gone back, in the payment's currency."""
    surplus = payment.captured_amount - payment.applied_amount
    gone = _sum(payment.refunds.standing().filter(from_surplus=True), "amount")
    return max(min(surplus - gone, refundable(payment)), ZERO)


def can_send_back(payment: Payment) -> bool:
    """Tell whether the payment's provider sends money back by itself, in the currency of the bill."""
    return (
        is_remote(payment.provider)
        and provider_named(payment.provider).can_refund
        and payment.charge_currency in {"", payment.currency}
    )


def charge_for(payment: Payment, amount: Decimal) -> Decimal:
    """Return what must be moved to give `amount` back, in the currency and at the rate of the payment itself.

    Computed on running totals, so that all refunds of a payment together move exactly what it moved.
    """
    if payment.charge_amount is None or not payment.charge_currency or payment.rate is None:
        return amount
    standing = payment.refunds.standing()
    before, moved = _sum(standing, "amount"), _sum(standing, "charge_amount")
    if before + amount >= payment.captured_amount:
        upto = payment.charge_amount
    else:
        upto = min(round_up((before + amount) * payment.rate, payment.charge_currency), payment.charge_amount)
    return max(upto - moved, ZERO)


def needs_second_person(bills: Iterable[Bill], amount: Decimal) -> bool:
    """Tell whether a refund of `amount` for these bills is for two people to decide.

    What staff have already given back alone for the same bills counts, so that no sum is split below the limit.
    """
    alone = Refund.objects.standing().filter(
        payment__bill__in=[bill.pk for bill in bills], requested_by__is_staff=True, approved_by=None
    )
    return _sum(alone, "amount") + amount > settings.REFUND_APPROVAL_ABOVE


def _lost(payment: Payment) -> Decimal:
    """Return what the bank took back for good. A dispute is in the currency that moved, cards in the bill's own."""
    return _sum(payment.disputes.lost().filter(currency=payment.currency), "amount")


def _sum(rows: QuerySet, column: str) -> Decimal:
    """Add up here: SQLite adds decimals as floating point numbers."""
    return sum(rows.values_list(column, flat=True), ZERO)
