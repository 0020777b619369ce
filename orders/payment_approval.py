"""Staff say that money has arrived: by bank transfer, at the door or at the counter."""

from decimal import Decimal
from typing import Any

from core.db import atomic_retry
from core.refusals import Conflict, Refusal
from orders.models import Order
from payments.billing import start_payment
from payments.flow import BillState
from payments.models import Bill, Payment
from payments.settling import record_capture, settle


def mark_paid(order: Order, *, by: Any, amount: Decimal, reference: str) -> Order:
    """Record that `amount` (in the order's currency) has arrived for the order, then book it.

    Two transactions: the fact stands even when nothing can use the money. `reference` is the bank's or the receipt's
    number. Raises Refusal("reference_missing"), Refusal("amount_impossible"), Conflict("nothing_to_pay").
    """
    reference = reference.strip()[:100]
    if not reference:
        raise Refusal("reference_missing", "Enter the bank's reference or the receipt number.")
    payment = _attempt_for(order, reference=reference, by=by)
    payment = record_capture(payment, amount=amount, reference=reference, by=by)
    settle(payment, by=by)
    order.refresh_from_db()
    return order


@atomic_retry
def _attempt_for(order: Order, *, reference: str, by: Any) -> Payment:
    """Return the attempt this money belongs to: the one on record under `reference`, the live one, or a new one."""
    bill = Bill.objects.filter(order_bill__order=order).order_by("-pk").first()
    if bill is None:
        raise Conflict("nothing_to_pay", "This order has no bill.")
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    payments = list(Payment.objects.filter(bill=bill).order_by("-pk"))
    recorded = next((payment for payment in payments if payment.reference == reference), None)
    if recorded is not None:
        return recorded
    if bill.state == BillState.OPEN:
        return start_payment(bill, method=order.payment_method, by=by)
    if bill.state == BillState.SETTLED:
        raise Conflict("nothing_to_pay", "This order is paid.")
    # The order has expired or was cancelled, and money came all the same: the last attempt takes it.
    closed = next((payment for payment in payments if not payment.captured_amount), None)
    if closed is None:
        raise Conflict("nothing_to_pay", "Nothing is to be paid for this order.")
    return closed
