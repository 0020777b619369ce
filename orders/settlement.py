"""What an order does with money for its bills."""

from decimal import Decimal

from django.db import transaction

from catalog.holding import hold_again
from core.money import ZERO
from core.refusals import Conflict, Refusal
from orders import letters
from orders.allocating import demand_of, promise_units
from orders.confirming import confirm
from orders.flow import CancelReason, OrderState
from orders.guest_access import order_link
from orders.models import Order
from payments.billing import reopen_bill
from payments.flow import BillState
from payments.models import Bill, Break, Payment, Refund
from payments.refundable import can_send_back
from payments.settling import amount_outstanding
from payments.signals import Claim


def claim_for_order(bill: Bill, payment: Payment | None, amount: Decimal) -> Claim | None:
    """Answer what an order does with `amount` that arrived for `bill`. None: the bill belongs to no order.

    The caller holds the locks of bill and payment. The last missing cent confirms a pending order; money for an expired
    order revives it whole or not at all. The customer hears of every cent. A bill over nothing has no `payment`.
    """
    order = Order.objects.select_for_update().filter(order_bills__bill=bill).first()
    if order is None:
        return None
    if order.state == OrderState.CANCELLED:
        claim = _claim_late(order, bill, amount)
    else:
        claim = _claim(order, bill, payment, amount)
    if payment is not None and claim.surplus:
        write_about_surplus(order, payment, claim)
    return claim


def write_about_surplus(order: Order, payment: Payment, claim: Claim) -> None:
    """Tell the customer about money that the order cannot use, and staff unless it goes back by itself."""
    letters.money_unmatched(
        order,
        payment,
        kind=Break.Kind.SURPLUS,
        amount=claim.surplus,
        currency=payment.currency,
        reason=claim.reason,
        goes_back=can_send_back(payment),
        link=order_link(order),
    )


def _claim(order: Order, bill: Bill, payment: Payment | None, amount: Decimal) -> Claim:
    outstanding = amount_outstanding(bill)
    applied = min(amount, outstanding) if bill.state == BillState.OPEN else ZERO
    surplus = amount - applied
    if order.state == OrderState.PENDING and applied == outstanding:
        confirm(order, by=None, reason=f"bill {bill.code} paid")
    elif payment is not None and applied:
        letters.payment_received(order, payment, left=outstanding - applied, link=order_link(order))
    return Claim(applied, surplus, f"More arrived for order {order.code} than was owed." if surplus else "")


def _claim_late(order: Order, bill: Bill, amount: Decimal) -> Claim:
    """Late money revives an expired order only whole: every unit held again, the whole sum there."""
    outstanding = amount_outstanding(bill)
    # A part that came in time and is on its way back does not pay any more.
    is_whole = (
        amount >= outstanding and not Refund.objects.standing().filter(payment__bill=bill, from_surplus=False).exists()
    )
    if order.cancel_reason == CancelReason.EXPIRED and is_whole and bill.state == BillState.VOID:
        try:
            with transaction.atomic():
                _revive(order, bill)
        except Conflict:
            return Claim(
                ZERO, amount, f"Money for order {order.code} came after it had expired, and its goods are gone."
            )
        except Refusal as refusal:
            return Claim(ZERO, amount, f"Money for order {order.code} came after it had expired. {refusal.message}")
        surplus = amount - outstanding
        return Claim(outstanding, surplus, f"More arrived for order {order.code} than was owed." if surplus else "")
    return Claim(ZERO, amount, f"Money for order {order.code} came after it was cancelled.")


def _revive(order: Order, bill: Bill) -> None:
    reopen_bill(bill, by=None, reason="late payment")
    lines = list(order.lines.order_by("position"))
    units = hold_again(order.hold, demand_of(lines), by=None, reason=f"late payment for order {order.code}")
    order.hold.refresh_from_db()
    promise_units(lines, units)
    confirm(order, by=None, reason="late payment")
