"""What orders do when money moves on the floor below."""

from decimal import Decimal

from orders.settlement import claim_for_order
from payments.models import Bill, Payment
from payments.signals import Claim


def claim_settled_bill(
    sender: object, bill: Bill, payment: Payment | None, amount: Decimal, **kwargs: object
) -> Claim | None:
    """Money for a bill: answer when the bill is an order's."""
    return claim_for_order(bill, amount)
