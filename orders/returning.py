"""A unit comes back: announced, received, inspected. It goes to the test bench, never straight to the shelf."""

from datetime import date
from decimal import Decimal
from typing import Any

from catalog.flow import UnitState
from catalog.holding import announce_stock_change
from catalog.models import Hold, Unit
from catalog.receiving import normal_serial
from core import clock
from core.codes import public_code
from core.db import atomic_retry
from core.flows import move, move_all
from core.money import is_exact
from core.refusals import Conflict, Refusal
from orders.flow import ReturnState
from orders.models import Allocation, Order, Return
from orders.signals import return_inspected


@atomic_retry
def ask_return(allocation: Allocation, *, by: Any, reason: str = "") -> Return:
    """Announce that a unit comes back. Each unit comes back once for what it was promised for.

    Raises Conflict("not_with_customer") for one that has not left or is back, and Conflict("return_exists", code).
    """
    allocation = _locked(allocation)
    if allocation.live_unit_id is None or allocation.shipment_id is None:
        raise Conflict("not_with_customer", "This machine is not with the customer.")
    known = Return.objects.filter(live_allocation=allocation).first()
    if known is not None:
        raise Conflict("return_exists", f"This machine is on its way back already: {known.code}.", code=known.code)
    returned = Return.objects.create(
        code=public_code(),
        allocation=allocation,
        live_allocation=allocation,
        reason=reason.strip()[:300],
        asked_by=by if by is not None and by.is_authenticated else None,
    )
    returned.record(kind="asked", by=by, reason=returned.reason, unit=str(allocation.unit))
    return returned


@atomic_retry
def withdraw_return(returned: Return, *, by: Any, reason: str) -> Return:
    """The customer keeps the unit after all, or never sent it. Raises Conflict("wrong_state") once it is here."""
    returned = _again(returned)
    move(returned, ReturnState.WITHDRAWN, by=by, reason=reason, changes={"live_allocation": None})
    return returned


@atomic_retry
def receive_return(returned: Return, *, by: Any, taken_on: date | None = None) -> Return:
    """The unit is here. `taken_on` is the day (the shop's calendar) the carrier took it: today unless told otherwise.

    Raises Conflict("wrong_state") and Refusal("day_impossible").
    """
    returned = _again(returned)
    day = taken_on or clock.today()
    sent_on = clock.day_of(returned.allocation.shipment.dispatched_at)
    if not sent_on <= day <= clock.today():
        raise Refusal("day_impossible", "The carrier took it after we had sent it, and not in the future.")
    changes = {"taken_on": day, "received_at": clock.now()}
    move(returned, ReturnState.RECEIVED, by=by, changes=changes, taken_on=day)
    allocation = returned.allocation
    allocation.live_unit, allocation.released_at = None, clock.now()
    allocation.save(update_fields=["live_unit", "released_at"])
    _move_unit(returned, UnitState.RETURNED, by=by)
    return returned


@atomic_retry
def inspect_return(
    returned: Return,
    *,
    by: Any,
    findings: str,
    damage: Decimal | None = None,
    market_value: Decimal | None = None,
) -> Return:
    """Say what was found. `damage` is what damage beyond normal wear costs, `market_value` what the unit was worth.

    The unit goes to the test bench; the floors above settle with the customer. Raises Conflict("wrong_state"),
    Refusal("findings_missing"), Refusal("amount_impossible") and Refusal("market_value_missing").
    """
    returned = _again(returned)
    if not findings.strip():
        raise Refusal("findings_missing", "Say in a few words what you found.")
    currency = returned.allocation.line.order.currency
    if damage is not None and (damage <= 0 or not is_exact(damage, currency)):
        raise Refusal("amount_impossible", "A damage is above zero, in whole units of the currency.")
    if damage is not None and market_value is None:
        raise Refusal("market_value_missing", "Enter what the machine was worth: a damage never costs more.")
    if market_value is not None and (market_value < 0 or not is_exact(market_value, currency)):
        raise Refusal("amount_impossible", "A market value is zero or more, in whole units of the currency.")
    changes = {
        "findings": findings.strip()[:500],
        "damage": damage,
        "market_value": market_value,
        "inspected_at": clock.now(),
    }
    move(returned, ReturnState.INSPECTED, by=by, reason=findings, changes=changes)
    # Whoever settles locks what it books on before the unit is locked.
    return_inspected.send(sender=Return, returned=returned)
    _move_unit(returned, UnitState.TESTING, by=by)
    return returned


def _locked(allocation: Allocation) -> Allocation:
    """Lock the order that the allocation belongs to and read the allocation again."""
    Order.objects.select_for_update().get(lines__allocations=allocation)
    return Allocation.objects.select_related("line__order", "unit", "shipment").get(pk=allocation.pk)


def _again(returned: Return) -> Return:
    allocation = _locked(returned.allocation)
    returned = Return.objects.select_for_update().get(pk=returned.pk)
    returned.allocation = allocation
    return returned


def _move_unit(returned: Return, to: str, *, by: Any) -> None:
    unit = Unit.objects.select_for_update().get(pk=returned.allocation.unit_id)
    move_all([unit], to, by=by, reason=f"return {returned.code}")


@atomic_retry
def send_comparable(returned: Return, *, serial: str, by: Any) -> Allocation:
    """Hand out another unit of the same variant for one that came back: what it was rented for goes on.

    Raises Refusal "serial_unknown", "serial_wrong" (another variant) and "serial_foreign" (not free).
    """
    returned = _again(returned)
    before = returned.allocation
    unit = Unit.objects.select_for_update().filter(serial=normal_serial(serial)).first()
    if unit is None:
        raise Refusal("serial_unknown", f"No item with serial number {serial} is in stock records.", serial=serial)
    if unit.variant_id != before.line.variant_id:
        raise Refusal("serial_wrong", f"Serial number {serial} is a different article.", serial=serial)
    if unit.state != UnitState.AVAILABLE:
        raise Refusal("serial_foreign", f"Serial number {serial} is not free.", serial=serial, state=unit.state)
    reason = f"in the place of return {returned.code}"
    hold = Hold.objects.create(code=public_code())
    move_all([unit], UnitState.HELD, by=by, reason=reason, changes={"hold": hold})
    move_all([unit], UnitState.ON_RENT, by=by, reason=reason, changes={"hold": None})
    announce_stock_change([unit.variant_id])
    allocation = Allocation.objects.create(line=before.line, unit=unit, live_unit=unit, shipment=before.shipment)
    returned.record(kind="replaced", by=by, unit=str(unit))
    return allocation
