"""The buttons of orders and parcels: which deed, when offered, for which permission."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.admin_deeds import Deed
from core.money import amount_text
from orders.admin.forms import DispatchForm, MarkPaidForm, ReasonForm, amount_owed
from orders.admin.refunds import REFUND
from orders.cancellation import STAFF_MAY_CANCEL, cancel_order
from orders.flow import CancelReason, OrderState, ShipmentState
from orders.fulfilment import confirm_delivery, dispatch, return_refused_shipment, start_packing
from orders.models import Order, Shipment
from orders.payment_approval import mark_paid
from payments.models import Break


def _waits_for_money(order: Order) -> bool:
    """Money may arrive while a bill is open, and all the same after the order has been cancelled."""
    return order.state == OrderState.CANCELLED or amount_owed(order) > 0


def _mark_paid(order: Order, *, by: Any, amount: Decimal, reference: str, differs: bool) -> str:
    order = mark_paid(order, by=by, amount=amount, reference=reference)
    words = f"{amount_text(amount, order.currency)} recorded. The order is {order.get_state_display().lower()}."
    unresolved = Break.objects.open().filter(payment__bill__order_bill__order=order)
    if unresolved.exists():
        words += " Some of this money is not used by the order: it stands on the list of open breaks."
    return words


def _start_packing(order: Order, *, by: Any) -> str:
    start_packing([order], by=by)
    return "Packing has begun."


def _dispatch(order: Order, *, by: Any, serials: Mapping[int, Sequence[str]], **parcel: str) -> str:
    shipment = dispatch(order, by=by, serials=serials, **parcel)
    return f"Sent as {shipment.code}. The customer gets a letter."


def _deliver_order(order: Order, *, by: Any) -> str:
    for shipment in order.shipments.filter(state=ShipmentState.DISPATCHED).order_by("pk"):
        confirm_delivery(shipment, by=by)
    return "Delivered. The customer gets a letter."


def _take_back_order(order: Order, *, by: Any, reason: str) -> str:
    for shipment in order.shipments.filter(state=ShipmentState.DISPATCHED).order_by("pk"):
        return_refused_shipment(shipment, by=by, reason=reason)
    return "Taken back. Its units wait for inspection."


def _cancel(order: Order, *, by: Any, reason: str) -> str:
    cancel_order(order, by=by, reason=CancelReason.STAFF, note=reason)
    return "Cancelled. The units are back on the shelf and the customer gets a letter."


def _deliver(shipment: Shipment, *, by: Any) -> str:
    confirm_delivery(shipment, by=by)
    return "Delivered. The customer gets a letter."


def _take_back(shipment: Shipment, *, by: Any, reason: str) -> str:
    return_refused_shipment(shipment, by=by, reason=reason)
    return "Taken back. Its units wait for inspection."


TAKE_BACK = (
    "The parcel has come back unopened. Its units go to inspection, the order is cancelled, and money that has arrived "
    "is given back: by the provider, or by hand from the list of refunds."
)

ORDER_DEEDS = (
    Deed(
        name="mark_paid",
        label="Mark as paid",
        permission="orders.mark_paid_order",
        run=_mark_paid,
        offered=_waits_for_money,
        form=MarkPaidForm,
    ),
    Deed(
        name="start_packing",
        label="Start packing",
        permission="orders.pack_order",
        run=_start_packing,
        offered=lambda order: order.state == OrderState.CONFIRMED,
        bulk=True,
        is_main=True,
    ),
    Deed(
        name="dispatch",
        label="Send",
        permission="orders.dispatch_order",
        run=_dispatch,
        offered=lambda order: order.state in (OrderState.CONFIRMED, OrderState.PACKING),
        form=DispatchForm,
        template="admin/orders/order/dispatch.html",
        is_main=True,
    ),
    Deed(
        name="confirm_delivery",
        label="Confirm delivery",
        permission="orders.deliver_shipment",
        run=_deliver_order,
        offered=lambda order: order.state == OrderState.SHIPPED,
        bulk=True,
        is_main=True,
    ),
    Deed(
        name="take_back",
        label="Take back a refused parcel",
        permission="orders.return_shipment",
        run=_take_back_order,
        offered=lambda order: order.state == OrderState.SHIPPED,
        form=ReasonForm,
        question=TAKE_BACK,
        is_danger=True,
    ),
    REFUND,
    Deed(
        name="cancel",
        label="Cancel the order",
        permission="orders.cancel_order",
        run=_cancel,
        offered=lambda order: order.state in STAFF_MAY_CANCEL,
        form=ReasonForm,
        question=(
            "The units go back on the shelf, the bill becomes void, and money that has arrived is given back: by the "
            "provider, or by hand from the list of refunds. The customer gets a letter."
        ),
        bulk=True,
        is_danger=True,
    ),
)

SHIPMENT_DEEDS = (
    Deed(
        name="confirm_delivery",
        label="Confirm delivery",
        permission="orders.deliver_shipment",
        run=_deliver,
        offered=lambda shipment: shipment.state == ShipmentState.DISPATCHED,
        bulk=True,
        is_main=True,
    ),
    Deed(
        name="take_back",
        label="Take back a refused parcel",
        permission="orders.return_shipment",
        run=_take_back,
        offered=lambda shipment: shipment.state == ShipmentState.DISPATCHED,
        form=ReasonForm,
        question=TAKE_BACK,
        is_danger=True,
    ),
)
