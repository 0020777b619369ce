"""One cell of a file as a typed value. What cannot be believed is doubted and left out, never guessed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.departments import Kind, Spec
from catalog.identity import clean_text
from core import money

TEXT_MAX_LENGTH = 80
LIST_MAX_LENGTH = 30
# Nothing in a computer shop costs more; a dearer figure is an extra digit.
PRICE_MAX = Decimal(100_000)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_PRICE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Cell:
    """`fact` is what the file says, in one spelling (for identity); `value` what we believe (None: not known)."""

    fact: Any = None
    value: Any = None
    doubt: str = ""


EMPTY = Cell()


def read_cell(spec: Spec, text: str) -> Cell:
    """Read the text of a cell as a value of `spec`, in the spec's unit."""
    text = clean_text(text)
    return _READERS[spec.kind](spec, text) if text else EMPTY


def read_price(text: str, currency: str) -> Cell:
    """Read a price in `currency`, rounded half up to its quantum. Nothing, 0 and nonsense are no price, never 0."""
    text = clean_text(text)
    if not text:
        return EMPTY
    if not _PRICE.fullmatch(text):
        return Cell(doubt=f"the price {shown(text)} cannot be read; imported without a price")
    price = money.round_half_up(Decimal(text), currency)
    if price <= 0:
        return Cell(doubt="the price is 0, which means unknown; imported without a price")
    if price >= PRICE_MAX:
        return Cell(doubt=f"the price {shown(text)} is not plausible; imported without a price")
    return Cell(price, price)


def shown(text: str) -> str:
    """Return a piece of a file in quotation marks, short enough for a sentence."""
    return f'"{text if len(text) <= 40 else text[:37] + "..."}"'  # noqa: PLR2004  (a sentence's worth)


def _read_text(spec: Spec, text: str) -> Cell:
    text = spec.words.get(text, text)
    if len(text) > TEXT_MAX_LENGTH:
        return Cell(
            text, doubt=f"{spec.label} has {len(text)} characters, at most {TEXT_MAX_LENGTH} are kept; left out"
        )
    return Cell(text, text)


def _read_list(spec: Spec, text: str) -> Cell:
    items = [clean_text(item) for item in text.split(spec.separator)]
    items = list(dict.fromkeys(spec.words.get(item, item) for item in items if item))
    if len(items) > LIST_MAX_LENGTH or any(len(item) > TEXT_MAX_LENGTH for item in items):
        return Cell(items, doubt=f"{spec.label} has too many or too long entries; left out")
    return Cell(items, items or None)


def _read_boolean(spec: Spec, text: str) -> Cell:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        return Cell(text, doubt=f"{spec.label} is {shown(text)}, neither true nor false; left out")
    return Cell(value, value)


def _read_number(spec: Spec, text: str) -> Cell:
    if not _NUMBER.fullmatch(text):
        return Cell(text, doubt=f"{spec.label} is {shown(text)}, which is not a number; left out")
    number = Decimal(text)
    if number == 0 and spec.zero_is_unknown:
        return Cell(doubt=f"{spec.label} is 0, which means unknown; left out")
    value = int(number) if number == number.to_integral_value() else float(number)
    if spec.kind is Kind.INTEGER and not isinstance(value, int):
        return Cell(value, doubt=f"{spec.label} is {text}, which is not a whole number; left out")
    if (spec.low is not None and number < Decimal(str(spec.low))) or (
        spec.high is not None and number > Decimal(str(spec.high))
    ):
        plausible = f"{spec.low:g} to {spec.high:g} {spec.unit}".strip()
        return Cell(value, doubt=f"{spec.label} is {text}, not in the plausible range {plausible}; left out")
    return Cell(value, value)


_READERS: dict[Kind, Callable[[Spec, str], Cell]] = {
    Kind.TEXT: _read_text,
    Kind.LIST: _read_list,
    Kind.BOOLEAN: _read_boolean,
    Kind.INTEGER: _read_number,
    Kind.DECIMAL: _read_number,
}
