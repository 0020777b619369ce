"""What a facet is: the names and values that shoppers filter by, and the numbers that stand for them in storage."""

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from catalog.models import Variant
from catalog.wording import spec_text

ALL, BRAND, GRADE, IN_STOCK = "", "brand", "grade", "in_stock"
# Shown in every category and in search results. ALL is carried by every variant: it counts the products themselves.
GENERAL = (ALL, BRAND, GRADE, IN_STOCK)
IN_STOCK_VALUE = "1"
VALUE_MAX = 80
_VALUE_BITS = 38
# Numbers that say nothing without their word: "DDR5" rather than "5"; for one, and for any other number.
_WITH_WORD = {
    "ddr_generation": ("DDR{}", "DDR{}"),
    "core_count": ("{}\N{NO-BREAK SPACE}core", "{}\N{NO-BREAK SPACE}cores"),
    "cpu_cores": ("{}\N{NO-BREAK SPACE}core", "{}\N{NO-BREAK SPACE}cores"),
    "module_count": ("{}\N{NO-BREAK SPACE}module", "{}\N{NO-BREAK SPACE}modules"),
    "memory_slots": ("{}\N{NO-BREAK SPACE}slot", "{}\N{NO-BREAK SPACE}slots"),
}


def code_of(name: str, value: str) -> int:
    """Return the number of a facet value: 24 bits of a digest of the name, then 38 of the value; negative if general.

    So one range condition selects the general facets, and one all values of a facet (code_range).
    """
    number = (_digest(name, 24) << _VALUE_BITS) + _digest(value, _VALUE_BITS) + 1
    return -number if name in GENERAL else number


def code_range(name: str) -> tuple[int, int]:
    """Return the least and greatest code that a value of this facet can have."""
    least = (_digest(name, 24) << _VALUE_BITS) + 1
    most = least + (1 << _VALUE_BITS) - 1
    return (-most, -least) if name in GENERAL else (least, most)


def _digest(text: str, bits: int) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> (64 - bits)


ALL_CODE = code_of(ALL, "")
IN_STOCK_CODE = code_of(IN_STOCK, IN_STOCK_VALUE)


def grade_label(grade: str) -> str:
    """Return the word for a grade."""
    return str(Variant.Grade(grade).label)


def value_text(value: object) -> str:
    """Return one value as it stands in an address and in FacetCount: "16", "2.5", "yes", "IPS"; "" for no value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)).normalize():f}"
    return " ".join(str(value).split())[:VALUE_MAX] if value is not None else ""


def value_label(definition: Mapping[str, Any], value: object) -> str:
    """Return one value for people, with its unit or word: "16 GB", "DDR5", "1 module", "yes"."""
    patterns = _WITH_WORD.get(definition["key"])
    if patterns is None:
        return spec_text(definition, value)
    text = value_text(value)
    return patterns[text != "1"].format(text)


def values_of(value: object) -> Iterator[object]:
    """Yield the single values of a spec: several for a list, none for an empty one."""
    for item in value if isinstance(value, list) else [value]:
        if item is not None and value_text(item):
            yield item


def number_of(value: object) -> Decimal | None:
    """Return the number of a numeric value, None for words. Numbers that no column can hold count as words."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    return round(number, 4) if number.is_finite() and abs(number) < 10**10 else None
