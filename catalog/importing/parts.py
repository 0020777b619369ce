"""Lines of a parts file as parts: what department, which product, which variant, at what price."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalog.departments import DEPARTMENTS, Department
from catalog.identity import (
    brand_key,
    clean_text,
    model_name,
    option_key,
    product_identity,
    product_slug,
    sku_for,
)
from catalog.importing.cells import EMPTY, Cell, read_cell, read_price, shown
from catalog.importing.tables import Line, Table, WrongFile, open_table
from catalog.models import Variant

SOURCE = "pc-part-dataset"
# The currency of the column price_usd.
CURRENCY = "USD"
COMMON_COLUMNS = ("external_id", "name", "category", "brand", "price_usd")
NAME_MAX_LENGTH = 250
BRAND_MAX_LENGTH = 80
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}")
_BY_COLUMNS = {frozenset(department.columns): department for department in DEPARTMENTS if department.columns}
# Files that lie beside the parts files and are something else: a telling column, and what to say.
_OTHER_FILES = {
    "snapshot_date": "this is the price history; only parts files are imported.",
    "status": "this is the list of laptops; only parts files are imported.",
}


@dataclass(slots=True)
class Part:
    """One row: a variant of a product under an external id. `doubts` are sentences about what was left out."""

    line: int
    external_id: str
    department: Department
    brand: str
    name: str
    specs: dict[str, Any]
    options: dict[str, Any]
    price: Decimal | None
    identity: str
    option_key: str
    fingerprint: bytes
    doubts: list[str] = field(default_factory=list)

    @property
    def brand_key(self) -> str:
        """The key of the maker; "" for none."""
        return brand_key(self.brand)

    @property
    def sku(self) -> str:
        """The SKU of the variant, the same in every import."""
        return sku_for(self.department.code, self.identity, self.option_key)

    @property
    def slug(self) -> str:
        """The slug of the product, the same in every import."""
        return product_slug(self.name, self.identity)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no part, and why."""

    line: int
    external_id: str
    reason: str


@dataclass(frozen=True)
class PartsFile:
    """A file whose header is that of one department."""

    table: Table
    department: Department

    def rows(self) -> Iterator[Part | Skipped]:
        """Read the rows one by one. A bad row never stops the next one."""
        for line in self.table.lines():
            yield _skip(line, {}, f"{line.broken}.") if line.broken else self._part(line)

    def _part(self, line: Line) -> Part | Skipped:
        cells = dict(zip(self.table.header, line.cells, strict=True))
        department = self.department
        external_id = clean_text(cells["external_id"])
        brand, name = clean_text(cells["brand"]), clean_text(cells["name"])
        why_not = _why_not(external_id, name, clean_text(cells["category"]), department)
        if why_not:
            return _skip(line, cells, why_not)
        doubts: list[str] = []
        if len(brand) > BRAND_MAX_LENGTH or (brand and not brand_key(brand)):
            doubts.append(f"the brand {shown(brand)} cannot be a brand; imported without one")
            brand = ""
        price = read_price(cells["price_usd"], CURRENCY)
        read = {column: self._cell(column, cells[column]) for column in department.columns}
        doubts += [cell.doubt for cell in (price, *read.values()) if cell.doubt]
        # A doubted axis tells no variants apart; it stays part of the identity, so that nothing unlike is merged.
        options = {axis: read[axis].value for axis in department.axes if axis in read and read[axis].value is not None}
        facts = {column: cell.fact for column, cell in read.items() if column not in options}
        name = model_name(name, brand)
        return Part(
            line=line.number,
            external_id=external_id,
            department=department,
            brand=brand,
            name=name,
            specs={
                spec.key: read[spec.key].value
                for spec in department.specs
                if spec.key in read and spec.key not in options and read[spec.key].value is not None
            },
            options=options,
            price=price.value,
            identity=product_identity(department.slug, brand=brand, name=name, facts=facts),
            option_key=option_key(Variant.Grade.NEW, options),
            fingerprint=_fingerprint(cells),
            doubts=doubts,
        )

    def _cell(self, column: str, text: str) -> Cell:
        spec = self.department.spec(column)
        return read_cell(spec, text) if spec else EMPTY


def open_parts_file(path: Path) -> PartsFile:
    """Open a parts file and find its department by its header. Raises WrongFile."""
    table = open_table(path)
    names = set(table.header)
    department = _BY_COLUMNS.get(frozenset(names - set(COMMON_COLUMNS)))
    if department is not None and names.issuperset(COMMON_COLUMNS):
        return PartsFile(table, department)
    for column, what in _OTHER_FILES.items():
        if column in names:
            raise WrongFile(path, what)
    missing = [column for column in COMMON_COLUMNS if column not in names]
    if missing:
        raise WrongFile(path, f"this is not a parts file: its header lacks {', '.join(missing)}.")
    likeliest = max(_BY_COLUMNS.values(), key=lambda known: len(names.intersection(known.columns)))
    lacks = [column for column in likeliest.columns if column not in names]
    extra = [shown(name) for name in table.header if name not in {*COMMON_COLUMNS, *likeliest.columns}]
    wrong = [f"lacks {', '.join(lacks)}"] if lacks else []
    wrong += [f"has the unknown {', '.join(extra[:5])}"] if extra else []
    raise WrongFile(
        path, f"its header is that of no department; compared with {likeliest.slug} it {' and '.join(wrong)}."
    )


def _why_not(external_id: str, name: str, category: str, department: Department) -> str:
    """Return why a row cannot be a part of `department`; "" when it can."""
    if not external_id:
        return "it has no external id."
    if not _EXTERNAL_ID.fullmatch(external_id):
        return "its external id is longer than 120 characters or has others than letters, digits and . _ : / -"
    if not name:
        return "it has no name."
    if len(name) > NAME_MAX_LENGTH:
        return f"its name has {len(name)} characters; at most {NAME_MAX_LENGTH} fit."
    if category != department.slug:
        return f"its category is {shown(category)} in a file of {department.slug}."
    return ""


def _skip(line: Line, cells: Mapping[str, str], reason: str) -> Skipped:
    return Skipped(line.number, clean_text(cells.get("external_id", ""))[:120], reason)


def _fingerprint(cells: Mapping[str, str]) -> bytes:
    return hashlib.blake2b(repr(sorted(cells.items())).encode(), digest_size=8).digest()
