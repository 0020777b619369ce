"""Unpaid orders give their units back when their time is over."""

import structlog

from core import clock
from core.db import atomic_retry
from core.refusals import Refusal
from orders.cancellation import cancel_order, lock_bills
from orders.flow import CancelReason, OrderState
from orders.models import Order
from payments.billing import may_still_take_money
from payments.collecting import give_up, live_attempt
from payments.flow import PaymentState
from payments.models import Bill, Payment

log = structlog.get_logger(__name__)


def expire_unpaid_orders(*, limit: int = 100) -> int:
    """Cancel pending orders whose hold has run out, each in its own transaction. Returns how many."""
    expired = 0
    for order in Order.objects.expired_by(clock.now()).order_by("pk")[:limit]:
        try:
            end_online_payments(order)
            expired += _expire(order)
        except Refusal as refusal:
            log.warning("order_not_expired", order=order.code, code=refusal.code)
        except Exception:
            # One order that cannot be ended must not keep the units of all others.
            log.exception("order_not_expired", order=order.code)
    return expired


def end_online_payments(order: Order) -> None:
    """End the order's live payments at their providers; money that was faster settles the order. No transaction."""
    for bill in Bill.objects.filter(order_bill__order=order):
        live = live_attempt(bill)
        if live is not None and may_still_take_money(live):
            give_up(live, by=None, reason="the order was not paid in time")


@atomic_retry
def _expire(order: Order) -> int:
    """Look again under lock: money on record and not yet booked, or perhaps on its way, keeps the order alive."""
    bills = lock_bills(order)
    order = Order.objects.select_for_update().select_related("hold").get(pk=order.pk)
    still_expired = (
        order.state == OrderState.PENDING
        and order.hold is not None
        and order.hold.expires_at is not None
        and order.hold.expires_at <= clock.now()
    )
    unbooked = Payment.objects.filter(bill__in=bills, state=PaymentState.CAPTURED, claimed_at=None).exists()
    unknown = any(may_still_take_money(live) for live in Payment.objects.filter(live_bill__in=bills))
    if not still_expired or unbooked or unknown:
        return 0
    cancel_order(order, by=None, reason=CancelReason.EXPIRED)
    return 1
