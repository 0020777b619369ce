"""What orders do when money moves on the floor below."""

from decimal import Decimal

from orders.refund_news import follow_dispute, follow_refund
from orders.settlement import claim_for_order
from payments.models import Bill, Dispute, Payment, Refund
from payments.signals import Claim


def claim_settled_bill(
    sender: object, bill: Bill, payment: Payment | None, amount: Decimal, **kwargs: object
) -> Claim | None:
    """Money for a bill: answer when the bill is an order's."""
    return claim_for_order(bill, amount)


def follow_refunded_bill(sender: object, bill: Bill, refund: Refund, **kwargs: object) -> None:
    """A refund was decided, is done, has failed or was withdrawn."""
    follow_refund(bill, refund)


def follow_disputed_bill(sender: object, bill: Bill, dispute: Dispute, **kwargs: object) -> None:
    """A customer disputes money at the bank, or the bank has decided."""
    follow_dispute(bill, dispute)
