"""What a shopper asked a list for, read from an address. Addresses are typed, cut and shared: nothing here fails."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from catalog import facets
from catalog.models import Category, Variant

EVERYTHING = "all"
# Parameters that are no filters and no mistakes either.
OTHER_PARAMETERS = frozenset({"q", "page", "page_size", "sort", "category"})
VALUES_MAX = 40
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?", re.ASCII)
_SLUG = re.compile(r"[-a-z0-9_]{1,80}")
Bounds = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True)
class Filters:
    """The filters of a list. All of them must hold for one and the same variant.

    `price` and `ranges` are inclusive bounds (least, most), None for open; prices in the shop's currency, other numbers
    in the unit of their spec. `values` holds, for each spec key, the values of which one must hold. `everything` also
    shows what cannot be bought now. `ignored` names the parts of the address that were dropped.
    """

    price: Bounds = (None, None)
    brands: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    in_stock: bool = False
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Bounds] = field(default_factory=dict)
    everything: bool = False
    ignored: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any([*self.price, self.brands, self.grades, self.in_stock, self.values, self.ranges])

    def names(self) -> list[str]:
        """Return the names of the filters that are on: "price", "brand", "grade", "in_stock" and spec keys."""
        on = {"price": any(bound is not None for bound in self.price)}
        on |= {facets.BRAND: self.brands, facets.GRADE: self.grades, facets.IN_STOCK: self.in_stock}
        on |= dict.fromkeys([*self.values, *self.ranges], True)
        return [name for name, is_on in on.items() if is_on]

    def without(self, name: str) -> "Filters":
        """Return the filters but for the one called `name`."""
        blank: dict[str, Any] = {
            "price": {"price": (None, None)},
            facets.BRAND: {"brands": ()},
            facets.GRADE: {"grades": ()},
            facets.IN_STOCK: {"in_stock": False},
        }.get(name) or {
            "values": {key: chosen for key, chosen in self.values.items() if key != name},
            "ranges": {key: bounds for key, bounds in self.ranges.items() if key != name},
        }
        return replace(self, **blank)

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Return the chosen values of each facet that is filtered by value."""
        general = {
            facets.BRAND: self.brands,
            facets.GRADE: self.grades,
            facets.IN_STOCK: (facets.IN_STOCK_VALUE,) if self.in_stock else (),
        }
        return {name: chosen for name, chosen in {**general, **self.values}.items() if chosen}

    def parameters(self) -> Iterator[tuple[str, str]]:
        """Yield the name and value pairs of the address that stands for these filters."""
        for name, bounds in {"price": self.price, **self.ranges}.items():
            for end, bound in zip(("min", "max"), bounds, strict=True):
                if bound is not None:
                    yield f"{name}_{end}", f"{bound.normalize():f}"
        for name, chosen in self.chosen().items():
            for value in chosen:
                yield name, value
        if self.everything:
            yield EVERYTHING, "1"


def read_filters(category: Category | None, params: Mapping[str, Sequence[str]]) -> Filters:
    """Read filters from the parameters of an address (a QueryDict's lists).

    What is malformed, unknown, said twice or contradicts itself is dropped and named in `ignored`. Only the facets of
    `category` itself are known; None (search, the whole shop) knows price, brand, grade and stock.
    """
    return _Reader(category, params).read()


class _Reader:
    def __init__(self, category: Category | None, params: Mapping[str, Sequence[str]]) -> None:
        self.params = params
        self.ignored: list[str] = []
        definitions = category.spec_definitions if category is not None else []
        self.specs = {entry["key"]: entry for entry in definitions if entry.get("facet")}
        self.read_names: set[str] = set()

    def read(self) -> Filters:
        price = self._bounds("price")
        brands = self._choices("brand", lambda value: _SLUG.fullmatch(value) is not None)
        grades = self._choices("grade", lambda value: value in Variant.Grade.values)
        in_stock, everything = self._switch("in_stock"), self._switch(EVERYTHING)
        values: dict[str, tuple[str, ...]] = {}
        ranges: dict[str, Bounds] = {}
        for key, definition in self.specs.items():
            chosen = self._choices(key, lambda value: 0 < len(value) <= facets.VALUE_MAX and value.isprintable())
            if chosen:
                values[key] = chosen
            if definition.get("kind") in {"integer", "decimal"}:
                bounds = self._bounds(key)
                if bounds != (None, None):
                    ranges[key] = bounds
        for name in self.params:
            if name not in self.read_names and name not in OTHER_PARAMETERS:
                self._ignore(name, "")
        return Filters(price, brands, grades, in_stock, values, ranges, everything, tuple(self.ignored))

    def _ignore(self, name: str, value: str) -> None:
        text = f"{name[:40]}={value[:40]}" if value else name[:40]
        if text not in self.ignored and len(self.ignored) < VALUES_MAX:
            self.ignored.append(text)

    def _given(self, name: str) -> list[str]:
        self.read_names.add(name)
        # An empty field of a form is not a mistake.
        return [value.strip() for value in self.params.get(name, ()) if value.strip()]

    def _choices(self, name: str, is_known: Any) -> tuple[str, ...]:
        chosen: list[str] = []
        for value in self._given(name):
            if not is_known(value) or len(chosen) >= VALUES_MAX:
                self._ignore(name, value)
            elif value not in chosen:
                chosen.append(value)
        return tuple(chosen)

    def _switch(self, name: str) -> bool:
        given = self._given(name)
        if given and set(given) != {"1"}:
            self._ignore(name, given[0])
            return False
        return bool(given)

    def _amount(self, name: str) -> Decimal | None:
        given = self._given(name)
        if len(set(given)) > 1 or (given and not _AMOUNT.fullmatch(given[0])):
            self._ignore(name, given[0])
            return None
        return Decimal(given[0]) if given else None

    def _bounds(self, name: str) -> Bounds:
        least, most = self._amount(f"{name}_min"), self._amount(f"{name}_max")
        if least is not None and most is not None and least > most:
            self._ignore(f"{name}_min", str(least))
            self._ignore(f"{name}_max", str(most))
            return None, None
        return least, most
