"""Staff say that money has arrived: by bank transfer, at the door or at the counter."""

from decimal import Decimal
from typing import Any

from core.db import atomic_retry
from core.refusals import Conflict, Refusal
from orders.models import Order
from orders.paying import ONLINE
from payments.billing import being_checked, may_still_take_money, start_late_payment, start_payment
from payments.collecting import give_up, live_attempt
from payments.flow import BillState
from payments.models import Bill, Payment
from payments.providers.registry import is_remote
from payments.settling import record_capture, settle


def mark_paid(order: Order, *, by: Any, amount: Decimal, reference: str) -> Order:
    """Record that `amount` (in the order's currency) has arrived for the order, then book it.

    Two transactions: the fact stands even when nothing can use the money. `reference` is the bank's or the receipt's
    number. A payment that the customer has begun at a provider is ended there first. Raises
    Refusal("reference_missing"), Refusal("amount_impossible"), Conflict("nothing_to_pay") and
    Conflict("payment_is_checked").
    """
    reference = reference.strip()[:100]
    if not reference:
        raise Refusal("reference_missing", "Enter the bank's reference or the receipt number.")
    _end_online_payment(order, by=by)
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
    payments = [payment for payment in bill.payments.order_by("-pk") if not is_remote(payment.provider)]
    recorded = next((payment for payment in payments if payment.reference == reference), None)
    if recorded is not None:
        return recorded
    if bill.state == BillState.OPEN:
        return start_payment(bill, method=_method_by_hand(order), by=by)
    if bill.state == BillState.SETTLED:
        raise Conflict("nothing_to_pay", "This order is paid.")
    # The order has expired or was cancelled, and money came all the same: the last attempt takes it.
    closed = next((payment for payment in payments if not payment.captured_amount), None)
    return closed or start_late_payment(bill, method=_method_by_hand(order), by=by)


def _method_by_hand(order: Order) -> str:
    """Return the way this money has come: an order to be paid online was paid by transfer all the same."""
    return Payment.Method.BANK_TRANSFER if order.payment_method in ONLINE else order.payment_method


def _end_online_payment(order: Order, *, by: Any) -> None:
    """No provider may take the money a second time. Raises Conflict("payment_is_checked")."""
    for bill in Bill.objects.filter(order_bill__order=order):
        live = live_attempt(bill)
        if live is None or not may_still_take_money(live):
            continue
        live = give_up(live, by=by, reason="the money came another way")
        if may_still_take_money(live):
            raise being_checked(live)
