"""An order is confirmed: its units are kept for good and packing may begin."""

from typing import Any

from catalog.holding import keep_hold
from core import clock
from core.flows import move
from orders import letters
from orders.flow import OrderState
from orders.guest_access import order_link
from orders.models import Order
from orders.signals import order_confirmed


def confirm(order: Order, *, by: Any, reason: str) -> None:
    """Confirm a locked order, keep its hold and write the letter. The caller holds the order's lock."""
    move(order, OrderState.CONFIRMED, by=by, reason=reason, changes={"confirmed_at": clock.now(), "cancel_reason": ""})
    if order.hold is not None and order.hold.expires_at is not None:
        keep_hold(order.hold)
    order_confirmed.send(sender=Order, order=order)
    letters.order_confirmed(order, link=order_link(order))
