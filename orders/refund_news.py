"""What happens to money that an order gave back, or that a bank took: on the order's timeline, and in letters."""

from core.money import amount_text
from orders import letters
from orders.guest_access import order_link
from orders.models import Order, RefundLine
from orders.signals import lines_refunded
from payments.flow import RefundState
from payments.models import Bill, Dispute, Refund

DECIDED = (RefundState.REQUESTED, RefundState.BY_HAND)


def follow_refund(bill: Bill, refund: Refund) -> None:
    """Write down how a refund of an order's bill stands now, and tell who must know. Other bills are no news here.

    The caller holds the locks of bill, payment and refund.
    """
    order = Order.objects.filter(order_bills__bill=bill).first()
    if order is None:
        return
    words = amount_text(refund.amount, refund.currency)
    order.record(kind=f"refund_{refund.state}", by=None, reason=refund.reason, refund=refund.key, amount=words)
    if refund.state in DECIDED:
        _announce(order, refund)
        letters.refund_started(order, refund, link=order_link(order))
    elif refund.state == RefundState.DONE:
        letters.refund_done(order, refund, link=order_link(order))
    elif refund.state == RefundState.FAILED:
        letters.refund_failed(order, refund)


def _announce(order: Order, refund: Refund) -> None:
    """Tell the floors above once which lines go back. One that failed and is now sent by hand was told before."""
    lines = list(RefundLine.objects.filter(refund=refund).select_related("line").order_by("line_id"))
    was_told = refund.by_hand and bool(refund.failure_reason)
    if lines and not was_told:
        lines_refunded.send(sender=Order, order=order, refund=refund, lines=lines)


def follow_dispute(bill: Bill, dispute: Dispute) -> None:
    """Write down that the bank holds, took or gave back money of an order."""
    order = Order.objects.filter(order_bills__bill=bill).first()
    if order is not None:
        words = amount_text(dispute.amount, dispute.currency)
        order.record(
            kind=f"dispute_{dispute.standing}", by=None, reason=dispute.reason, dispute=dispute.dispute_id, amount=words
        )
