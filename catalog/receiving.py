"""Goods come in: every physical item gets a row, and reaches the shelf by way of testing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from catalog.flow import UnitState
from catalog.holding import announce_stock_change
from catalog.models import Unit, Variant
from core.db import atomic_retry
from core.flows import move_all
from core.refusals import Conflict, Refusal

MAX_UNITS_AT_ONCE = 1000
SERIAL_MAX_LENGTH = 60


def normal_serial(text: str) -> str:
    """Return a serial number as we keep it: upper case, without white space."""
    return "".join(text.split()).upper()


@atomic_retry
def receive_units(
    variant: Variant,
    *,
    by: Any,
    serials: Sequence[str] = (),
    quantity: int = 0,
    bin: str = "",  # noqa: A002  (the warehouse word)
    cost: Decimal | None = None,
    reason: str = "received",
    condition: Mapping[str, Any] | None = None,
) -> list[Unit]:
    """Create units of `variant` in state `intake`: one for each serial, or `quantity` without serials.

    `cost` is per unit in the shop's currency; `condition` holds further Unit columns (battery_health_percent …).
    Raises Refusal "quantity_impossible", "serial_empty" or "serial_too_long", and Conflict("serial_taken", row, serial)
    where `row` counts from 1.
    """
    cleaned = [normal_serial(serial) for serial in serials]
    count = len(cleaned) or quantity
    if not 1 <= count <= MAX_UNITS_AT_ONCE:
        raise Refusal(
            "quantity_impossible", f"Receive between 1 and {MAX_UNITS_AT_ONCE} units at a time.", wanted=count
        )
    _refuse_bad_serials(cleaned)
    units = [
        Unit(variant=variant, serial=serial, bin=bin.strip().upper(), cost=cost, **(condition or {}))
        for serial in (cleaned or [None] * count)
    ]
    try:
        with transaction.atomic():
            Unit.objects.bulk_create(units)
    except IntegrityError as error:
        raise Conflict(
            "serial_taken", "One of these serial numbers has just been received by somebody else."
        ) from error
    # MariaDB and SQLite both return the keys of inserted rows; MySQL does not, so the serials find them there.
    if units[0].pk is None:
        units = _find_created(units, variant)
    Unit.record_all(units, kind=UnitState.INTAKE, by=by, reason=reason, befores=[""] * len(units))
    return units


@atomic_retry
def start_testing(units: Sequence[Unit], *, by: Any, reason: str = "") -> None:
    """Send units to the test bench. Raises Conflict("wrong_state")."""
    move_all(_locked(units), UnitState.TESTING, by=by, reason=reason)


@atomic_retry
def put_on_sale(units: Sequence[Unit], *, by: Any, reason: str = "tested") -> None:
    """Shelve units; those still in intake pass testing first, so that the ledger tells it.

    Raises Conflict("wrong_state").

    Held units are on the shelf already: only their order's release frees them.
    """
    locked = _locked(units)
    if any(unit.state == UnitState.HELD for unit in locked):
        raise Conflict("wrong_state", "One of these units has just been held for an order.", state=UnitState.HELD)
    move_all([unit for unit in locked if unit.state == UnitState.INTAKE], UnitState.TESTING, by=by)
    move_all(locked, UnitState.AVAILABLE, by=by, reason=reason)
    announce_stock_change({unit.variant_id for unit in locked})


@atomic_retry
def take_off_sale(units: Sequence[Unit], *, to: str, by: Any, reason: str) -> None:
    """Move units from the shelf to testing, repair, scrap or loss. Raises Conflict("wrong_state") for held units."""
    locked = _locked(units)
    move_all(locked, to, by=by, reason=reason)
    announce_stock_change({unit.variant_id for unit in locked})


def _locked(units: Sequence[Unit]) -> list[Unit]:
    return list(Unit.objects.select_for_update().filter(pk__in=[unit.pk for unit in units]).order_by("pk"))


def _refuse_bad_serials(serials: Sequence[str]) -> None:
    seen: set[str] = set()
    for row, serial in enumerate(serials, start=1):
        if not serial:
            raise Refusal("serial_empty", f"Row {row} has no serial number.", row=row)
        if len(serial) > SERIAL_MAX_LENGTH or not serial.isprintable():
            raise Refusal(
                "serial_too_long",
                f"Row {row}: a serial number has at most {SERIAL_MAX_LENGTH} plain characters.",
                row=row,
            )
        if serial in seen:
            raise Conflict(
                "serial_taken", f"Row {row}: serial number {serial} is in this list twice.", row=row, serial=serial
            )
        seen.add(serial)
    taken = set(Unit.objects.filter(serial__in=serials).values_list("serial", flat=True))
    for row, serial in enumerate(serials, start=1):
        if serial in taken:
            raise Conflict(
                "serial_taken",
                f"Row {row}: serial number {serial} is already in stock records.",
                row=row,
                serial=serial,
            )


def _find_created(units: Sequence[Unit], variant: Variant) -> list[Unit]:
    serials = [unit.serial for unit in units if unit.serial]
    found = Unit.objects.filter(variant=variant)
    if serials:
        return list(found.filter(serial__in=serials).order_by("pk"))
    return list(reversed(found.filter(state=UnitState.INTAKE, events__isnull=True).order_by("-pk")[: len(units)]))
