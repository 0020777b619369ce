"""How the table of departments is written: a department, its specs, and how a file's cell is read into each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The type of a spec's value."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    LIST = "list"


@dataclass(frozen=True)
class Spec:
    """One fact that a department records about its goods.

    `facet`: shoppers filter by it. `promoted`: its filter stands open above the others. `card`: printed on a card's
    line of facts. `low` and `high` bound what is plausible, in `unit`; a number outside is doubted and left out.
    """

    key: str
    label: str
    kind: Kind
    unit: str = ""
    hint: str = ""
    facet: bool = False
    promoted: bool = False
    card: bool = False
    low: float | None = None
    high: float | None = None
    # How a cell of a parts file is read: what parts a list, words that stand for others, and whether 0 means unknown.
    separator: str = "|"
    words: Mapping[str, str] = field(default_factory=dict)
    zero_is_unknown: bool = False

    def definition(self) -> dict[str, Any]:
        """Return the entry for Category.spec_definitions."""
        return {
            "key": self.key,
            "label": self.label,
            "kind": str(self.kind),
            "unit": self.unit,
            "hint": self.hint,
            "facet": self.facet,
            "promoted": self.promoted,
            "card": self.card,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class Department:
    """A category of the shop as the table states it.

    `code` begins the SKU of its goods. `axes` are the specs that tell variants of one product apart. `columns` are the
    spec columns of its parts file, by which a file is recognised; empty when no such file exists. A column without a
    spec (the price per gigabyte) is derived from others and is not kept.
    """

    slug: str
    name: str
    code: str = ""
    parent: str = ""
    description: str = ""
    specs: tuple[Spec, ...] = ()
    axes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def spec(self, key: str) -> Spec | None:
        """Return the spec called `key`, None when the department has no such spec."""
        return next((spec for spec in self.specs if spec.key == key), None)


def text(key: str, label: str, hint: str = "", **more: Any) -> Spec:
    """Words from a small vocabulary, such as a panel type."""
    return Spec(key, label, Kind.TEXT, hint=hint, **more)


def listing(key: str, label: str, hint: str = "", **more: Any) -> Spec:
    """Several words, such as ports."""
    return Spec(key, label, Kind.LIST, hint=hint, **more)


def yes_no(key: str, label: str, hint: str = "", **more: Any) -> Spec:
    """Yes or no."""
    return Spec(key, label, Kind.BOOLEAN, hint=hint, **more)


# Positional on purpose in the next two: each line of the table reads like a row.
def whole(key: str, label: str, unit: str, low: float, high: float, hint: str = "", **more: Any) -> Spec:  # noqa: PLR0917
    """A whole number in `unit`, plausible from `low` to `high`."""
    return Spec(key, label, Kind.INTEGER, unit=unit, low=low, high=high, hint=hint, **more)


def decimal(key: str, label: str, unit: str, low: float, high: float, hint: str = "", **more: Any) -> Spec:  # noqa: PLR0917
    """A number with a fraction in `unit`, plausible from `low` to `high`."""
    return Spec(key, label, Kind.DECIMAL, unit=unit, low=low, high=high, hint=hint, **more)


COLOR = text("color", "Colour", facet=True)
