"""What orders do when money moves on the floor below."""

from decimal import Decimal

from orders import letters
from orders.flow import OrderState
from orders.guest_access import order_link
from orders.models import Order
from orders.refund_news import follow_dispute, follow_refund
from orders.settlement import claim_for_order
from payments.models import Bill, Break, Dispute, Payment, Refund
from payments.signals import Claim


def claim_settled_bill(
    sender: object, bill: Bill, payment: Payment | None, amount: Decimal, **kwargs: object
) -> Claim | None:
    """Money for a bill: answer when the bill is an order's."""
    return claim_for_order(bill, payment, amount)


def write_about_failed_payment(sender: object, bill: Bill, payment: Payment, code: str, **kwargs: object) -> None:
    """A payment came to nothing, or money came that does not fit: tell the customer when the bill is an order's."""
    order = Order.objects.select_related("hold").filter(order_bills__bill=bill).first()
    if order is None:
        return
    if code == "mismatch":
        _write_about_mismatch(order, payment)
    elif order.state == OrderState.PENDING:
        letters.payment_failed(order, payment, code=code, link=order_link(order))


def _write_about_mismatch(order: Order, payment: Payment) -> None:
    difference = payment.breaks.filter(kind=Break.Kind.MISMATCH).latest("pk")
    letters.money_unmatched(
        order,
        payment,
        kind=difference.kind,
        amount=difference.amount,
        currency=difference.currency,
        reason=difference.reason,
        goes_back=False,
        link=order_link(order),
    )


def follow_refunded_bill(sender: object, bill: Bill, refund: Refund, **kwargs: object) -> None:
    """A refund was decided, is done, has failed or was withdrawn."""
    follow_refund(bill, refund)


def follow_disputed_bill(sender: object, bill: Bill, dispute: Dispute, **kwargs: object) -> None:
    """A customer disputes money at the bank, or the bank has decided."""
    follow_dispute(bill, dispute)
