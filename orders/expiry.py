"""Unpaid orders give their units back when their time is over."""

import structlog

from core import clock
from core.db import atomic_retry
from core.refusals import Refusal
from orders.cancellation import cancel_order, lock_bills
from orders.flow import CancelReason, OrderState
from orders.models import Order
from payments.flow import PaymentState
from payments.models import Payment

log = structlog.get_logger(__name__)


def expire_unpaid_orders(*, limit: int = 100) -> int:
    """Cancel pending orders whose hold has run out, each in its own transaction. Returns how many."""
    expired = 0
    for order in Order.objects.expired_by(clock.now()).order_by("pk")[:limit]:
        try:
            expired += _expire(order)
        except Refusal as refusal:
            log.warning("order_not_expired", order=order.code, code=refusal.code)
    return expired


@atomic_retry
def _expire(order: Order) -> int:
    """Look again under lock: money that is on record but not yet booked keeps the order alive."""
    bills = lock_bills(order)
    order = Order.objects.select_for_update().select_related("hold").get(pk=order.pk)
    still_expired = (
        order.state == OrderState.PENDING
        and order.hold is not None
        and order.hold.expires_at is not None
        and order.hold.expires_at <= clock.now()
    )
    unbooked = Payment.objects.filter(bill__in=bills, state=PaymentState.CAPTURED, claimed_at=None).exists()
    if not still_expired or unbooked:
        return 0
    cancel_order(order, by=None, reason=CancelReason.EXPIRED)
    return 1
