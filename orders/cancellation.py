"""Call an order off: units back on the shelf, nothing owed any more, money on its way back."""

from typing import Any

from catalog.holding import release_hold
from core.db import atomic_retry
from core.flows import move
from core.money import amount_text
from core.refusals import Conflict
from orders import letters
from orders.allocating import take_back_promises
from orders.flow import CancelReason, OrderState
from orders.guest_access import order_link
from orders.models import Order, OrderLine
from orders.refunding import give_back_everything
from orders.signals import lines_cancelled
from payments.billing import void_bill
from payments.models import Bill

CUSTOMER_MAY_CANCEL = (OrderState.PENDING, OrderState.CONFIRMED)
STAFF_MAY_CANCEL = (OrderState.PENDING, OrderState.CONFIRMED, OrderState.PACKING)


def can_be_cancelled(order: Order, *, reason: CancelReason) -> bool:
    """Tell whether the order may still be called off for `reason` (it has not left)."""
    allowed = CUSTOMER_MAY_CANCEL if reason == CancelReason.CUSTOMER else STAFF_MAY_CANCEL
    return order.state in allowed


@atomic_retry
def cancel_order(order: Order, *, by: Any, reason: CancelReason, note: str = "") -> Order:
    """Cancel an order that has not left the house. Raises Conflict("too_late_to_cancel").

    Cancelling a cancelled order again changes nothing. Money that had arrived is given back.
    """
    bills = lock_bills(order)
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.state == OrderState.CANCELLED:
        return order
    if not can_be_cancelled(order, reason=reason):
        raise Conflict(
            "too_late_to_cancel",
            f"This order is {order.get_state_display().lower()} and can no longer be cancelled here.",
            state=order.state,
        )
    move(order, OrderState.CANCELLED, by=by, reason=note or reason.label, changes={"cancel_reason": reason})
    take_back_promises(order.pk)
    if order.hold is not None:
        release_hold(order.hold, by=by, reason=f"order {order.code} cancelled")
    for bill in bills:
        void_bill(bill, by=by, reason=f"order {order.code} cancelled")
    lines_cancelled.send(sender=Order, order=order, lines=list(OrderLine.objects.filter(order=order)))
    owed = give_back_everything(order, bills, by=by, reason=f"Order {order.code} was cancelled after it was paid.")
    letters.order_cancelled(
        order, link=order_link(order), to_give_back=amount_text(owed, order.currency) if owed else ""
    )
    return order


def lock_bills(order: Order) -> list[Bill]:
    """Lock the order's bills before the order itself: bills come first in the lock order."""
    ids = Bill.objects.filter(order_bill__order_id=order.pk).values_list("pk", flat=True)
    return list(Bill.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk"))
