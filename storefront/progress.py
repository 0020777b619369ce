"""Where an order is: the steps behind it, the one it is at and those ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from orders.flow import CancelReason, OrderState
from orders.models import Order, OrderEvent
from orders.paying import CONFIRMED_WHEN_PLACED
from payments.flow import BillState
from payments.models import Bill


@dataclass(frozen=True)
class Step:
    """One step; `at` is when it happened, None for what is still ahead. `kind`: done, now or ahead."""

    name: str
    at: datetime | None
    kind: str


PATH = (OrderState.CONFIRMED, OrderState.PACKING, OrderState.SHIPPED, OrderState.DELIVERED)


def progress(order: Order, events: Sequence[OrderEvent], bills: Sequence[Bill]) -> list[Step]:
    """Return the order's steps in the order of the way. A cancelled order ends with that."""
    times = {event.kind: event.at for event in events}
    reached = [("placed", order.placed_at), *((str(state), times.get(str(state))) for state in PATH)]
    names = _names(order, bills)
    if order.state == OrderState.CANCELLED:
        done = [Step(names[kind], at, "done") for kind, at in reached if at is not None]
        return [*done, Step(_cancelled(order), times.get(str(OrderState.CANCELLED)), "now")]
    last_done = "placed" if order.state == OrderState.PENDING else order.state
    at_index = [kind for kind, _at in reached].index(last_done)
    steps = []
    for index, (kind, at) in enumerate(reached):
        state = (
            "done"
            if index < at_index or order.state == OrderState.DELIVERED
            else "now"
            if index == at_index
            else "ahead"
        )
        steps.append(Step(names[kind], at if index <= at_index else None, state))
    return steps


def _names(order: Order, bills: Sequence[Bill]) -> dict[str, str]:
    paid = bool(bills) and all(bill.state == BillState.SETTLED for bill in bills)
    waits_for_money = order.payment_method not in CONFIRMED_WHEN_PLACED
    return {
        "placed": _("Ordered"),
        "confirmed": _("Paid and confirmed") if paid or waits_for_money else _("Confirmed"),
        "packing": _("Packed"),
        "shipped": _("Ready at the counter") if order.is_pickup else _("On its way"),
        "delivered": _("Picked up") if order.is_pickup else _("Delivered"),
    }


def _cancelled(order: Order) -> str:
    if order.cancel_reason == CancelReason.EXPIRED:
        return _("Cancelled: it was not paid in time")
    if order.cancel_reason == CancelReason.REFUSED:
        return _("Cancelled: the parcel came back")
    return _("Cancelled")
