"""What agreements owe their customers goes back to the payments it came from; the ledger books the final word."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import structlog
from django.db.models import Sum

from core import clock
from core.db import atomic_retry
from core.money import ZERO
from core.refusals import Refusal
from orders.flow import OrderState
from orders.models import Order
from orders.refund_parts import amount_left
from orders.refunding import refund_lines
from payments.flow import RefundState
from payments.models import Bill, Break, Payment, Refund
from payments.refundable import refundable
from payments.refunding import request_refund, send_refund
from rentals.bookkeeping import locked, read_lease, today
from rentals.models import Agreement, LedgerRefund
from rentals.rules import ledger
from rentals.rules.lease import Lease
from rentals.steps import take_step

log = structlog.get_logger(__name__)


def return_what_is_due(*, limit: int = 200) -> int:
    """Book refunds that are done, and begin those that are due. Returns how many it began."""
    for row in LedgerRefund.objects.filter(booked_at=None, refund__state=RefundState.DONE).order_by("pk")[:limit]:
        _safely(row.agreement, lambda row=row: _book(row))
    begun = 0
    for agreement in Agreement.objects.filter(refund_due__gt=0).order_by("pk")[:limit]:
        purses = read_lease(agreement).account.purses
        for key in reversed([key for key, purse in purses.items() if purse.refund_due]):
            begun += bool(_safely(agreement, lambda key=key, agreement=agreement: _give_back(agreement, key)))
    return begun


def _give_back(agreement: Agreement, key: str) -> bool:
    """Begin the refund of what is due of one payment; tell whether there was something to begin."""
    payment = Payment.objects.filter(key=key).first()
    if payment is None:
        log.error("refund_without_payment", agreement=agreement.code, payment=key)
        return False
    order = Order.objects.filter(order_bills__bill=payment.bill_id).first()
    if order is not None and order.state == OrderState.CANCELLED:
        # The order gives back what was paid with it; here only its outcome is booked.
        _book_what_the_order_gave(agreement, payment)
        return False
    refund = _request(agreement, payment, order)
    if refund is not None:
        send_refund(refund)
    return refund is not None


@atomic_retry
def _request(agreement: Agreement, payment: Payment, order: Order | None) -> Refund | None:
    """Write the refund of what is due. What was paid with an `order` goes back through it."""
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if order is not None:
        order = Order.objects.select_for_update().get(pk=order.pk)
    row = locked(agreement)
    unbooked = row.refunds.filter(refund__payment=payment, booked_at=None).exclude(refund__state=RefundState.WITHDRAWN)
    on_its_way = sum(unbooked.values_list("amount", flat=True), ZERO)
    amount = min(read_lease(row).account.purses[payment.key].refund_due - on_its_way, refundable(payment))
    if amount <= 0:
        return None
    reason = f"Agreement {row.code}: more was paid than is owed."
    try:
        if order is None:
            refund = request_refund(
                payment, amount=amount, expected_remaining=refundable(payment), by=None, reason=reason
            )
        else:
            told = {"expected_remaining": amount_left(order), "by": None, "reason": reason}
            (refund,) = refund_lines(order, amount=amount, line=row.line_id, **told)
    except Refusal as refusal:
        # The bank holds it, or it is less than a note: it stays due, and the next round asks again.
        log.warning("refund_waits", agreement=row.code, payment=payment.key, code=refusal.code)
        return None
    LedgerRefund.objects.create(agreement=row, refund=refund, amount=amount)
    row.record(kind="refund_begun", by=None, refund=refund.key, amount=amount)
    return refund


@atomic_retry
def _book(row: LedgerRefund) -> None:
    """Tell the ledger that a refund has arrived."""
    agreement = locked(row.agreement)
    row = LedgerRefund.objects.select_for_update().select_related(None).get(pk=row.pk)
    if row.booked_at is not None:
        return
    key = row.refund.payment.key
    _refunded(agreement, key, row.amount)
    row.booked_at = clock.now()
    row.save(update_fields=["booked_at"])
    agreement.record(kind="refunded", by=None, refund=row.refund.key, amount=row.amount)


@atomic_retry
def _book_what_the_order_gave(agreement: Agreement, payment: Payment) -> None:
    """Book the first payment of a cancelled order once all that the order got has gone back."""
    row = locked(agreement)
    gone = payment.refunds.filter(state=RefundState.DONE).aggregate(sum=Sum("amount"))["sum"] or ZERO
    by_hand = payment.breaks.filter(kind=Break.Kind.TO_GIVE_BACK, resolved_at__isnull=False).exists()
    due = read_lease(row).account.purses[payment.key].refund_due
    if due and (by_hand or gone >= payment.applied_amount):
        _refunded(row, payment.key, due)
        row.record(kind="refunded", by=None, payment=payment.key, amount=due)


def _refunded(agreement: Agreement, key: str, amount: Decimal) -> None:
    def rule(lease: Lease) -> Lease:
        return replace(lease, account=ledger.refund(lease.account, payment=key, amount=amount, on=today(agreement)))

    take_step(agreement, rule, by=None, reason="refunded")


def _safely(agreement: Agreement, deed: Any) -> Any:
    """Run `deed`; an error with one agreement leaves the others' money to be sent."""
    try:
        return deed()
    except Exception:
        log.exception("refund_failed", agreement=agreement.code)
        return None
