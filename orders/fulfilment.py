"""From the shelf to the door: pick lists, dispatch by serial, delivery, and parcels that come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.flow import UnitState
from catalog.holding import announce_stock_change
from catalog.models import Unit
from catalog.receiving import normal_serial
from core import clock
from core.codes import public_code
from core.db import atomic_retry
from core.flows import move, move_all
from core.refusals import Conflict, Refusal
from orders import letters
from orders.cancellation import lock_bills
from orders.flow import CancelReason, OrderState, ShipmentState
from orders.guest_access import order_link
from orders.models import Allocation, Order, OrderLine, Shipment
from orders.refunding import give_back_everything
from orders.signals import shipment_delivered, shipment_dispatched, shipment_returned
from payments.billing import void_bill


@dataclass(frozen=True)
class Pick:
    """One item to fetch: from which bin, for which order."""

    bin: str
    sku: str
    name: str
    serial: str
    order_code: str
    line_id: int


def pick_list(orders: Sequence[Order]) -> list[Pick]:
    """Return what to fetch for `orders`, in the order of the shelves."""
    allocations = (
        Allocation.objects.filter(line__order__in=orders, live_unit__isnull=False, shipment=None)
        .select_related("unit", "line__order")
        .order_by("unit__bin", "line__sku", "pk")
    )
    return [
        Pick(
            bin=allocation.unit.bin,
            sku=allocation.line.sku,
            name=allocation.line.name,
            serial=allocation.unit.serial or "",
            order_code=allocation.line.order.code,
            line_id=allocation.line_id,
        )
        for allocation in allocations
    ]


@atomic_retry
def start_packing(orders: Sequence[Order], *, by: Any) -> None:
    """Take confirmed orders to the packing table. Raises Conflict("wrong_state") and then changes none."""
    for order in Order.objects.select_for_update().filter(pk__in=[order.pk for order in orders]).order_by("pk"):
        move(order, OrderState.PACKING, by=by)


@atomic_retry
def dispatch(
    order: Order,
    *,
    by: Any,
    serials: Mapping[int, Sequence[str]],
    carrier: str = "",
    tracking_number: str = "",
    tracking_url: str = "",
) -> Shipment:
    """Send everything the order still waits for. `serials` are the scanned numbers by line id.

    A scanned unit may be another available one of the same variant: it then takes the promised unit's place. Units
    without a serial go as promised. Raises Conflict("wrong_state"), Refusal "serial_missing", "serial_unknown",
    "serial_wrong" (another variant), "serial_foreign" (promised to somebody else, or gone), "serial_twice", each naming
    line and serial; nothing is changed then.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.state == OrderState.CONFIRMED:
        move(order, OrderState.PACKING, by=by)
    if order.state != OrderState.PACKING:
        raise Conflict(
            "wrong_state",
            f"This order is {order.get_state_display().lower()}; only confirmed orders can be sent.",
            state=order.state,
        )
    lines = list(order.lines.order_by("position"))
    _refuse_foreign_lines(lines, serials)
    scanned = {line.pk: [normal_serial(serial) for serial in serials.get(line.pk, ())] for line in lines}
    _refuse_doubles(scanned)
    shipment = Shipment.objects.create(
        code=public_code(),
        order=order,
        carrier=carrier.strip(),
        tracking_number=tracking_number.strip(),
        tracking_url=tracking_url.strip(),
    )
    leaving: dict[str, list[Unit]] = {UnitState.ON_RENT: [], UnitState.SOLD: []}
    for line in lines:
        becomes = UnitState.ON_RENT if line.rental_months else UnitState.SOLD
        leaving[becomes] += _units_to_send(order, line, scanned[line.pk], shipment, by=by)
    for becomes, units in leaving.items():
        move_all(
            sorted(units, key=lambda unit: unit.pk),
            becomes,
            by=by,
            reason=f"order {order.code}",
            changes={"hold": None},
        )
    move(order, OrderState.SHIPPED, by=by, carrier=shipment.carrier, tracking_number=shipment.tracking_number)
    shipment_dispatched.send(sender=Shipment, shipment=shipment)
    letters.order_shipped(order, shipment, link=order_link(order))
    return shipment


@atomic_retry
def confirm_delivery(shipment: Shipment, *, by: Any) -> Shipment:
    """The parcel has arrived, or was handed over. The order is delivered with its last parcel.

    Raises Conflict("wrong_state").
    """
    order = Order.objects.select_for_update().get(pk=shipment.order_id)
    shipment = Shipment.objects.select_for_update().get(pk=shipment.pk)
    move(shipment, ShipmentState.DELIVERED, by=by, changes={"delivered_at": clock.now()})
    if not order.shipments.filter(state=ShipmentState.DISPATCHED).exists():
        move(order, OrderState.DELIVERED, by=by)
    shipment_delivered.send(sender=Shipment, shipment=shipment)
    letters.order_delivered(order, shipment, link=order_link(order))
    return shipment


@atomic_retry
def return_refused_shipment(shipment: Shipment, *, by: Any, reason: str) -> Shipment:
    """The parcel came back unopened: its units go to inspection, the order is off, money goes back.

    Raises Conflict("wrong_state").
    """
    bills = lock_bills(shipment.order)
    order = Order.objects.select_for_update().get(pk=shipment.order_id)
    shipment = Shipment.objects.select_for_update().get(pk=shipment.pk)
    move(shipment, ShipmentState.RETURNED, by=by, reason=reason)
    allocations = Allocation.objects.filter(shipment=shipment, live_unit__isnull=False)
    units = (
        Unit.objects.select_for_update()
        .filter(pk__in=list(allocations.values_list("unit_id", flat=True)))
        .order_by("pk")
    )
    move_all(list(units), UnitState.RETURNED, by=by, reason=f"order {order.code} refused")
    allocations.update(live_unit=None, released_at=clock.now())
    if not order.shipments.exclude(state=ShipmentState.RETURNED).exists():
        move(order, OrderState.CANCELLED, by=by, reason=reason, changes={"cancel_reason": CancelReason.REFUSED})
        for bill in bills:
            void_bill(bill, by=by, reason=f"order {order.code} refused")
    shipment_returned.send(sender=Shipment, shipment=shipment)
    if order.state == OrderState.CANCELLED:
        give_back_everything(order, bills, by=by, reason=f"Order {order.code} was refused at the door.")
    return shipment


def _refuse_foreign_lines(lines: Sequence[OrderLine], serials: Mapping[int, Sequence[str]]) -> None:
    foreign = sorted(set(serials) - {line.pk for line in lines})
    if foreign:
        raise Refusal("line_unknown", "A scanned serial is for a line that is not in this order.", line=foreign[0])


def _refuse_doubles(scanned: Mapping[int, Sequence[str]]) -> None:
    seen: set[str] = set()
    for line_id, serials in scanned.items():
        for serial in serials:
            if serial in seen:
                raise Refusal("serial_twice", f"Serial number {serial} was scanned twice.", line=line_id, serial=serial)
            seen.add(serial)


def _units_to_send(order: Order, line: OrderLine, scanned: Sequence[str], shipment: Shipment, *, by: Any) -> list[Unit]:
    """Match the scanned serials of one line with its promised units, swapping where another unit was packed."""
    promises = list(
        Allocation.objects.filter(line=line, live_unit__isnull=False, shipment=None)
        .select_related("unit")
        .order_by("pk")
    )
    with_serial = {promise.unit.serial: promise for promise in promises if promise.unit.serial}
    if len(scanned) != len(with_serial):
        raise Refusal(
            "serial_missing",
            f"{line.name}: scan {len(with_serial)} serial numbers; {len(scanned)} were scanned.",
            line=line.pk,
            wanted=len(with_serial),
            scanned=len(scanned),
        )
    strangers = [serial for serial in scanned if serial not in with_serial]
    spare = [promise for serial, promise in with_serial.items() if serial not in scanned]
    for serial, promise in zip(strangers, spare, strict=True):
        _swap(order, line, promise, serial, by=by)
    Allocation.objects.filter(pk__in=[promise.pk for promise in promises]).update(shipment=shipment)
    return list(Unit.objects.select_for_update().filter(live_allocation__in=promises).order_by("pk"))


def _swap(order: Order, line: OrderLine, promise: Allocation, serial: str, *, by: Any) -> None:
    """Put the packed unit in the promised one's place; the promised one goes back on the shelf."""
    packed = Unit.objects.select_for_update().filter(serial=serial).first()
    if packed is None:
        raise Refusal(
            "serial_unknown", f"No item with serial number {serial} is in stock records.", line=line.pk, serial=serial
        )
    if packed.variant_id != line.variant_id:
        raise Refusal(
            "serial_wrong",
            f"Serial number {serial} is a different article than {line.name}.",
            line=line.pk,
            serial=serial,
        )
    if packed.state != UnitState.AVAILABLE:
        raise Refusal(
            "serial_foreign",
            f"Serial number {serial} is not free: {packed.get_state_display().lower()}.",
            line=line.pk,
            serial=serial,
            state=packed.state,
        )
    promised = Unit.objects.select_for_update().get(pk=promise.unit_id)
    reason = f"order {order.code}: {serial} packed instead of {promised.serial}"
    move_all([packed], UnitState.HELD, by=by, reason=reason, changes={"hold": promised.hold})
    move_all([promised], UnitState.AVAILABLE, by=by, reason=reason, changes={"hold": None})
    promise.unit = packed
    promise.live_unit = packed
    promise.save(update_fields=["unit", "live_unit"])
    announce_stock_change([line.variant_id])
