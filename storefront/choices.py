"""What a shopper can choose on a product page: its grades, and a value for each axis of its configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.facets import value_label, values_of
from catalog.listing_rows import spec_line
from catalog.models import Category, Variant
from core.money import ZERO

GRADES = tuple(Variant.Grade.values)
GRADE = "grade"


@dataclass(frozen=True)
class Choice:
    """One tile: what it stands for and the offer it leads to (the one nearest to the offer on the page)."""

    label: str
    offer: Variant
    is_current: bool
    difference: Decimal

    @property
    def is_sold_out(self) -> bool:
        """Tell whether nothing of it is on the shelf; it stays visible, so that the choice is the whole choice."""
        return self.offer.available == 0 or not self.offer.can_be_bought


@dataclass(frozen=True)
class Axis:
    """A row of tiles."""

    key: str
    label: str
    choices: Sequence[Choice]


def choose_offer(offers: Sequence[Variant], wanted_sku: str) -> Variant | None:
    """Return the offer called `wanted_sku`, else the cheapest that can be bought now, else the cheapest, else None.

    Each offer carries `available`, the number of its units on the shelf.
    """
    named = next((offer for offer in offers if offer.sku == wanted_sku), None)
    return named or min(offers, key=_eagerness, default=None)


def axes_of(offers: Sequence[Variant], current: Variant, category: Category) -> list[Axis]:
    """Return the grades, and each axis of the category on which the offers differ."""
    definitions = {definition["key"]: definition for definition in category.spec_definitions}
    axes = [Axis(GRADE, "", [_choice(offers, current, GRADE, grade, grade) for grade in _grades_of(offers)])]
    for key in category.variant_axes:
        values = {str(offer.options.get(key)): offer.options.get(key) for offer in offers}
        if len(values) < 2:  # noqa: PLR2004  (one value is no choice)
            continue
        definition = definitions.get(key, {"key": key})
        choices = [
            _choice(offers, current, key, value, _words(definition, value) or "–")
            for value in sorted(values.values(), key=_sort_key)
        ]
        axes.append(Axis(key, definition.get("label", key), choices))
    return axes


def spec_rows(
    category: Category, specs: Mapping[str, object], options: Mapping[str, object]
) -> list[tuple[str, str, str]]:
    """Return (label, value in words, hint) for each spec that the category knows; a missing value is ""."""
    facts = {**specs, **options}
    return [
        (definition["label"], _words(definition, facts.get(definition["key"])), definition.get("hint", ""))
        for definition in category.spec_definitions
    ]


def short_line(category: Category, specs: Mapping[str, object], options: Mapping[str, object]) -> str:
    """Return the few facts that a card prints, such as "Core i5-1245U · 16 GB · 512 GB"."""
    return spec_line(category.spec_definitions, {**specs, **options})


def _words(definition: Mapping[str, Any], value: object) -> str:
    """Return a value as filters and cards say it: "DDR4" rather than "4", a list with commas."""
    return ", ".join(value_label(definition, item) for item in values_of(value))


def _grades_of(offers: Sequence[Variant]) -> list[str]:
    return sorted({offer.grade for offer in offers}, key=GRADES.index)


def _choice(offers: Sequence[Variant], current: Variant, axis: str, value: object, label: str) -> Choice:
    offer = _nearest(offers, current, axis, value)
    return Choice(
        label=label,
        offer=offer,
        is_current=_value(current, axis) == value,
        difference=(offer.price or ZERO) - (current.price or ZERO),
    )


def _nearest(offers: Sequence[Variant], current: Variant, axis: str, value: object) -> Variant:
    """Return the offer with `value` on `axis` that shares most of the rest with the current one."""
    fitting = [offer for offer in offers if _value(offer, axis) == value]
    others = [name for name in {GRADE, *current.options} if name != axis]

    def strangeness(offer: Variant) -> tuple[int, bool, Decimal]:
        return sum(_value(offer, name) != _value(current, name) for name in others), *_eagerness(offer)

    return current if current in fitting else min(fitting, key=strangeness)


def _value(offer: Variant, axis: str) -> object:
    return offer.grade if axis == GRADE else offer.options.get(axis)


def _eagerness(offer: Variant) -> tuple[bool, Decimal]:
    """What can be bought now comes first, then the cheaper; what has no price comes last."""
    for_sale = offer.can_be_bought and offer.available > 0
    return not for_sale, offer.price if offer.price is not None else Decimal("Infinity")


def _sort_key(value: object) -> tuple[bool, float, str]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return not number, float(value) if number else 0.0, str(value)  # type: ignore[arg-type]
