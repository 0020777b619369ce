"""A small department for tests of lists, and a slow oracle that answers from the truth alone."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from catalog import facets
from catalog.filters import Filters
from catalog.listings import rebuild
from catalog.models import Category, Product, Unit, Variant
from catalog.tests.factories import make_category

RAM = {
    "key": "ram_gb",
    "label": "Memory",
    "kind": "integer",
    "unit": "GB",
    "facet": True,
    "promoted": True,
    "card": True,
}
PANEL = {
    "key": "panel",
    "label": "Panel",
    "kind": "text",
    "unit": "",
    "hint": "IPS is bright.",
    "facet": True,
    "card": True,
}
PORTS = {"key": "ports", "label": "Ports", "kind": "list", "unit": "", "facet": True}
TOUCH = {"key": "touch", "label": "Touch screen", "kind": "boolean", "unit": "", "facet": True}
CPU = {"key": "cpu", "label": "Processor", "kind": "text", "unit": "", "card": True}
DEFINITIONS = [CPU, RAM, PANEL, PORTS, TOUCH]


def make_branch() -> tuple[Category, Category, Category]:
    """Return a department with two categories: computers, laptops and desktops."""
    computers = make_category("computers")
    return (
        computers,
        make_category("laptops", parent=computers, spec_definitions=DEFINITIONS, variant_axes=["ram_gb"]),
        make_category("desktops", parent=computers, spec_definitions=[CPU, RAM]),
    )


def rebuild_all() -> None:
    """Build the read model of every product."""
    rebuild(Product.objects.values_list("pk", flat=True))


class Oracle:
    """What lists must say, computed variant by variant from the truth."""

    def __init__(self, category: Category | None) -> None:
        rows = Variant.objects.select_related("product__category", "product__brand").filter(
            is_offered=True, product__status="active", product__category__is_visible=True
        )
        self.category = category
        self.variants = [row for row in rows if self._is_below(row.product.category)]
        self.available = {row.pk: Unit.objects.filter(variant=row, state="available").count() for row in self.variants}

    def _is_below(self, category: Category | None) -> bool:
        while category is not None and self.category is not None and category != self.category:
            category = category.parent
        return self.category is None or category is not None

    def values(self, variant: Variant, name: str) -> set[str]:
        """The values of one facet of one variant."""
        if name == facets.BRAND:
            return {variant.product.brand.slug} if variant.product.brand else set()
        if name == facets.GRADE:
            return {variant.grade}
        if name == facets.IN_STOCK:
            return {"1"} if self.available[variant.pk] else set()
        value = {**variant.product.specs, **variant.options}.get(name)
        plain = {True: "yes", False: "no"}
        items = value if isinstance(value, list) else [value]
        return {plain[item] if isinstance(item, bool) else str(item) for item in items if item not in (None, "")}

    def matches(self, variant: Variant, filters: Filters) -> bool:
        """Tell whether the variant satisfies every filter."""
        if variant.price is None and not filters.everything:
            return False
        least, most = filters.price
        if least is not None and (variant.price is None or variant.price < least):
            return False
        if most is not None and (variant.price is None or variant.price > most):
            return False
        if any(not self.values(variant, name) & set(chosen) for name, chosen in filters.chosen().items()):
            return False
        for name, (low, high) in filters.ranges.items():
            numbers = [Decimal(value) for value in self.values(variant, name)]
            if not any((low is None or n >= low) and (high is None or n <= high) for n in numbers):
                return False
        return True

    def matching(self, filters: Filters) -> list[Variant]:
        """The variants that satisfy every filter."""
        return [variant for variant in self.variants if self.matches(variant, filters)]

    def products(self, filters: Filters) -> set[int]:
        """The products of the list."""
        return {variant.product_id for variant in self.matching(filters)}

    def shown(self, filters: Filters) -> dict[int, int]:
        """The variant that shows each product: can be bought, in stock, cheapest, oldest."""
        shown: dict[int, tuple[Any, ...]] = {}
        for row in self.matching(filters):
            key = (row.price is None, not self.available[row.pk], row.price or 0, row.pk)
            shown[row.product_id] = min(shown.get(row.product_id, key), key)
        return {product: key[-1] for product, key in shown.items()}

    def orders(self, filters: Filters) -> dict[str, list[int]]:
        """The products of the list in each order: what cannot be bought last, then by what the shown variant says."""
        rows = {row.pk: row for row in self.variants}
        shown = [rows[pk] for pk in self.shown(filters).values()]

        def put(key: Callable[[Variant], tuple[Any, ...]]) -> list[int]:
            return [row.product_id for row in sorted(shown, key=lambda row: (row.price is None, *key(row)))]

        return {
            "best": put(lambda row: (row.price is None or not self.available[row.pk], -row.product_id)),
            "newest": put(lambda row: (-row.product_id,)),
            "price": put(lambda row: (row.price or 0, row.product_id)),
            "-price": put(lambda row: (-(row.price or 0), -row.product_id)),
        }

    def counts(self, filters: Filters, names: Iterable[str]) -> dict[tuple[str, str], int]:
        """The number of products of each facet value, the facet's own filter left out."""
        found: dict[tuple[str, str], set[int]] = {}
        for name in names:
            for variant in self.matching(filters.without(name)):
                for value in self.values(variant, name):
                    found.setdefault((name, value), set()).add(variant.product_id)
        return {key: len(products) for key, products in found.items()}
