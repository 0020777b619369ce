"""Stock that arrives by a file: each row is one item with a serial number, or so many without."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalog.identity import clean_text
from catalog.importing.cells import shown
from catalog.importing.reports import ReportFile
from catalog.importing.tables import Table, WrongFile, open_table
from catalog.models import ExternalReference, Unit, Variant
from catalog.receiving import MAX_UNITS_AT_ONCE, SERIAL_MAX_LENGTH, normal_serial, put_on_sale, receive_units
from core.db import atomic_retry
from core.refusals import Refusal

COLUMNS = (
    "sku",
    "external_id",
    "serial",
    "quantity",
    "bin",
    "cost",
    "battery_health_percent",
    "disk_health_percent",
    "grade_notes",
)
BIN_MAX_LENGTH = 20
NOTES_MAX_LENGTH = 300
PERCENT_MAX = 100
LOOKUP_ROWS = 500
_COST = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One good row: what arrived, and in what condition. `serial` is "" for items without one."""

    line: int
    variant: Variant
    serial: str
    quantity: int
    bin: str
    cost: Decimal | None
    condition: dict[str, Any]


@dataclass
class DeliveryResult:
    """What came of a delivery file. With `strict`, one refused row means that nothing was received."""

    rows: int = 0
    units: int = 0
    refused: list[str] = field(default_factory=list)


def receive_delivery(path: Path, *, by: Any, report: ReportFile, strict: bool = False) -> DeliveryResult:
    """Receive the rows of the file at `path` and put them on sale. `by` is the acting user, None for the shop itself.

    A bad row is refused with its line number and stops no other row; with `strict` it stops all of them.
    Raises WrongFile when the file as a whole cannot be used.
    """
    delivery = _Delivery(_open(path), report)
    arrivals = delivery.read()
    result = delivery.result
    if strict:
        if not result.refused:
            try:
                result.units = _receive_all(arrivals, by=by)
            except Refusal as refusal:
                delivery.refuse(None, "", refusal.message)
        return result
    for arrival in arrivals:
        try:
            result.units += _receive_all([arrival], by=by)
        except Refusal as refusal:
            delivery.refuse(arrival.line, arrival.serial or arrival.variant.sku, refusal.message)
    return result


@atomic_retry
def receive_variant(variant: Variant, *, by: Any, quantity: int, bin: str = "", cost: Decimal | None = None) -> None:  # noqa: A002
    """Receive `quantity` items of `variant` without serial numbers and put them on sale, `cost` each.

    Raises Refusal("quantity_impossible").
    """
    put_on_sale(receive_units(variant, by=by, quantity=quantity, bin=bin, cost=cost), by=by)


@atomic_retry
def _receive_all(arrivals: list[Arrival], *, by: Any) -> int:
    units: list[Unit] = []
    for arrival in arrivals:
        units += receive_units(
            arrival.variant,
            by=by,
            serials=[arrival.serial] if arrival.serial else [],
            quantity=arrival.quantity,
            bin=arrival.bin,
            cost=arrival.cost,
            condition=arrival.condition,
        )
    put_on_sale(units, by=by)
    return len(units)


def _open(path: Path) -> Table:
    table = open_table(path)
    unknown = [shown(name) for name in table.header if name not in COLUMNS]
    if unknown:
        raise WrongFile(path, f"its header has the unknown {', '.join(unknown[:5])}; known are {', '.join(COLUMNS)}.")
    if not {"sku", "external_id"}.intersection(table.header):
        raise WrongFile(path, "its header has neither sku nor external_id, so nobody can tell what arrived.")
    return table


class _Delivery:
    """Reads a file into arrivals and refuses what cannot arrive, each with its line."""

    def __init__(self, table: Table, report: ReportFile) -> None:
        self.path = table.path
        self.report = report
        self.result = DeliveryResult()
        self.rows: list[tuple[int, dict[str, str]]] = []
        for line in table.lines():
            self.result.rows += 1
            if line.broken:
                self.refuse(line.number, "", f"{line.broken}.")
            else:
                cells = dict.fromkeys(COLUMNS, "") | {
                    name: clean_text(cell) for name, cell in zip(table.header, line.cells, strict=True)
                }
                self.rows.append((line.number, cells))

    def refuse(self, line: int | None, row_id: str, reason: str) -> None:
        """Keep a sentence about a row that was not received."""
        self.result.refused.append(reason if line is None else f"line {line}: {reason}")
        self.report.add("refused", file=self.path, line=line, row_id=row_id, reason=reason)

    def read(self) -> list[Arrival]:
        """Return the rows that can be received."""
        by_sku = self._by_sku()
        by_external_id = self._by_external_id()
        taken = self._taken_serials()
        seen: dict[str, int] = {}
        arrivals: list[Arrival] = []
        for line, cells in self.rows:
            try:
                variant = _variant(cells, by_sku, by_external_id)
                arrival = _arrival(line, cells, variant)
                if arrival.serial in taken:
                    raise Refusal("serial_taken", f"serial number {arrival.serial} is already in stock records.")
                if arrival.serial and arrival.serial in seen:
                    first = seen[arrival.serial]
                    raise Refusal("serial_taken", f"serial number {arrival.serial} stands in line {first} already.")
            except Refusal as refusal:
                self.refuse(line, cells["serial"] or cells["sku"] or cells["external_id"], refusal.message)
                continue
            if arrival.serial:
                seen[arrival.serial] = line
            arrivals.append(arrival)
        return arrivals

    def _cells(self, column: str) -> list[list[str]]:
        texts = sorted({cells[column] for _, cells in self.rows if cells[column]})
        return [texts[start : start + LOOKUP_ROWS] for start in range(0, len(texts), LOOKUP_ROWS)]

    def _by_sku(self) -> dict[str, Variant]:
        found: dict[str, Variant] = {}
        for skus in self._cells("sku"):
            wanted = {*skus, *(sku.upper() for sku in skus)}
            found |= {variant.sku.casefold(): variant for variant in Variant.objects.filter(sku__in=wanted)}
        return found

    def _by_external_id(self) -> dict[str, set[Variant]]:
        found: dict[str, set[Variant]] = {}
        for ids in self._cells("external_id"):
            for reference in ExternalReference.objects.filter(external_id__in=ids).select_related("variant"):
                found.setdefault(reference.external_id.casefold(), set()).add(reference.variant)
        return found

    def _taken_serials(self) -> set[str]:
        taken: set[str] = set()
        for serials in self._cells("serial"):
            normal = [normal_serial(serial) for serial in serials]
            taken.update(Unit.objects.filter(serial__in=normal).values_list("serial", flat=True))
        return taken


def _variant(
    cells: Mapping[str, str], by_sku: Mapping[str, Variant], by_external_id: Mapping[str, set[Variant]]
) -> Variant:
    sku, external_id = cells["sku"], cells["external_id"]
    if not sku and not external_id:
        raise Refusal("variant_missing", "it has neither sku nor external_id.")
    variants = set(by_external_id.get(external_id.casefold(), ()))
    if external_id and not variants:
        raise Refusal("variant_unknown", f"nothing in the catalogue has the external id {shown(external_id)}.")
    if sku:
        variant = by_sku.get(sku.casefold())
        if variant is None:
            raise Refusal("variant_unknown", f"nothing in the catalogue has the SKU {shown(sku)}.")
        if external_id and variant not in variants:
            raise Refusal("variant_unclear", "its sku and its external_id are two different articles.")
        return variant
    if len(variants) > 1:
        raise Refusal("variant_unclear", f"{shown(external_id)} is the id of several articles; write the SKU.")
    return variants.pop()


def _arrival(line: int, cells: Mapping[str, str], variant: Variant) -> Arrival:
    serial = normal_serial(cells["serial"])
    if len(serial) > SERIAL_MAX_LENGTH or not serial.isprintable():
        raise Refusal("serial_too_long", f"a serial number has at most {SERIAL_MAX_LENGTH} plain characters.")
    quantity = _whole("quantity", cells["quantity"], 1, MAX_UNITS_AT_ONCE)
    if serial and quantity not in {None, 1}:
        raise Refusal("quantity_impossible", f"a serial number is one item, and the quantity is {quantity}.")
    if not serial and quantity is None:
        raise Refusal("quantity_missing", "it has neither a serial number nor a quantity.")
    if cells["cost"] and not _COST.fullmatch(cells["cost"]):
        raise Refusal("cost_unreadable", f"the cost {shown(cells['cost'])} is not an amount such as 120.50.")
    for column, most in (("bin", BIN_MAX_LENGTH), ("grade_notes", NOTES_MAX_LENGTH)):
        if len(cells[column]) > most:
            raise Refusal("text_too_long", f"{column} has {len(cells[column])} characters; at most {most} fit.")
    percents = {
        column: _whole(column, cells[column], 0, PERCENT_MAX)
        for column in ("battery_health_percent", "disk_health_percent")
    }
    return Arrival(
        line=line,
        variant=variant,
        serial=serial,
        quantity=quantity or 1,
        bin=cells["bin"],
        cost=Decimal(cells["cost"]) if cells["cost"] else None,
        condition={**percents, "grade_notes": cells["grade_notes"]},
    )


def _whole(column: str, text: str, low: int, high: int) -> int | None:
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise Refusal(
            "number_impossible", f"{column} is {shown(text)}; it must be a whole number from {low} to {high}."
        )
    return int(text)
