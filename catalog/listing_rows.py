"""What the read model says about one product: pure functions of the truth. catalog.listings reads and writes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from catalog import facets
from catalog.models import FacetCount, Listing
from catalog.words import code_term, index_terms
from core.money import ratio

# A term counts as much as the best field that holds it.
NAME_WEIGHT, BRAND_WEIGHT, CATEGORY_WEIGHT, SPEC_WEIGHT, DESCRIPTION_WEIGHT = 16, 8, 6, 4, 1
DESCRIPTION_INDEXED = 2_000
SPEC_LINE_MAX = 200
# The facts that the illustrations are drawn from.
# fmt: off
DRAWN_FACTS = frozenset([
    "amount_g", "aspect_ratio", "bd", "bd_write", "capacity_gb", "capacity_va", "capacity_w", "cd", "cd_write",
    "channels", "configuration", "connection", "connection_type", "core_count", "ddr_generation", "drive_bays",
    "dvd", "dvd_write", "enclosure_type", "external_volume_l", "form", "form_factor", "interface", "length_mm",
    "memory_slots", "microphone", "module_count", "module_size_gb", "protocol", "rack_units", "radiator_size_mm",
    "resolution_h", "resolution_w", "screen_size_in", "side_panel", "size_mm", "socket", "style", "tenkeyless",
    "touch", "type", "wattage_w", "wireless",
])
# fmt: on
DOT = "\N{NO-BREAK SPACE}· "


@dataclass(frozen=True)
class Place:
    """A category as the rows need it."""

    id: int
    department_id: int
    name: str
    definitions: Sequence[Mapping[str, Any]]
    is_visible: bool


class FacetRow(NamedTuple):
    """A row of Facet. Plain tuples: a large import makes millions of these."""

    category_id: int
    code: int
    variant_id: int
    product_id: int
    buyable: bool


class TermRow(NamedTuple):
    """A row of SearchTerm."""

    product_id: int
    term: str
    weight: int


@dataclass(frozen=True)
class Goods:
    """A product with its offered variants, and what is known about each: plain values, no model instances."""

    product: Mapping[str, Any]
    place: Place
    brand: Mapping[str, Any] | None
    variants: Sequence[Mapping[str, Any]]
    available: Mapping[int, int]
    rent_from: Mapping[int, tuple[Decimal, int]]
    rating: Decimal | None = None
    reviews: int = 0
    photo: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The brand's name before the model's, unless the model's begins with it (as Product.full_name)."""
        name = self.product["name"]
        if self.brand is None or name.lower().startswith(self.brand["name"].lower()):
            return name
        return f"{self.brand['name']} {name}"

    def specs(self, variant: Mapping[str, Any]) -> dict[str, Any]:
        """The specs of one variant: the product's and its own options."""
        return {**self.product["specs"], **variant["options"]}


def listings_of(goods: Goods) -> list[Listing]:
    """Return the rows of the product's variants.

    The first is the cheapest that can be bought now; when none is in stock the cheapest that has a price; variants
    without a price come last. The first leads if it can be bought at all.
    """
    ordered = sorted(
        goods.variants,
        key=lambda row: (row["price"] is None, not goods.available.get(row["id"]), row["price"] or 0, row["id"]),
    )
    return [_listing(goods, variant, position) for position, variant in enumerate(ordered)]


def _listing(goods: Goods, variant: Mapping[str, Any], position: int) -> Listing:
    specs = goods.specs(variant)
    available = goods.available.get(variant["id"], 0)
    price = variant["price"]
    monthly, months = goods.rent_from.get(variant["id"], (None, None)) if price is not None else (None, None)
    return Listing(
        variant_id=variant["id"],
        product_id=goods.product["id"],
        category_id=goods.place.id,
        department_id=goods.place.department_id,
        brand_id=goods.product["brand_id"],
        grade=variant["grade"],
        price=price,
        list_price=variant["list_price"],
        monthly_from=monthly,
        rent_months=months,
        price_per_gb=price_per_gb(price, specs),
        available=available,
        in_stock=available > 0,
        position=position,
        lead=position == 0 and price is not None,
        name=goods.name,
        slug=goods.product["slug"],
        sku=variant["sku"],
        spec_line=spec_line(goods.place.definitions, specs),
        facts={key: specs[key] for key in sorted(DRAWN_FACTS & specs.keys())},
        rating=goods.rating,
        reviews=goods.reviews,
        photo=goods.photo,
    )


def average_rating(total: int, reviews: int) -> Decimal | None:
    """Return the average of so many reviews with `total` stars, to a tenth, halves up; None when there are none."""
    return Decimal((20 * total + reviews) // (2 * reviews)) / 10 if reviews else None


def price_per_gb(price: Decimal | None, specs: Mapping[str, Any]) -> Decimal | None:
    """Return what a gigabyte of memory or of a drive costs, for comparison; None where that makes no sense."""
    size = facets.number_of(specs.get("capacity_gb"))
    module_size, modules = facets.number_of(specs.get("module_size_gb")), facets.number_of(specs.get("module_count"))
    if size is None and module_size is not None:
        size = module_size * (modules or 1)
    return ratio(price, size) if price is not None and size is not None and size > 0 else None


def spec_line(definitions: Sequence[Mapping[str, Any]], specs: Mapping[str, Any]) -> str:
    """Return the facts on a card, "Core i5-1245U · 16 GB · 512 GB SSD"; lines break only after a dot."""
    line = ""
    for definition in definitions:
        key = definition["key"]
        values = [facets.value_label(definition, value) for value in facets.values_of(specs.get(key))]
        if not definition.get("card") or not values or values in (["yes"], ["no"]):
            continue
        text = ", ".join(values)
        if key == "storage_gb" and specs.get("storage_type"):
            text = f"{text} {specs['storage_type']}"
        longer = line + (DOT if line else "") + text.replace(" ", "\N{NO-BREAK SPACE}")
        if len(longer) > SPEC_LINE_MAX:
            break
        line = longer
    return line


def facets_of(goods: Goods) -> tuple[list[FacetRow], dict[int, FacetCount]]:
    """Return the facet rows of the product's variants, and the words of each code that occurs in them."""
    rows: list[FacetRow] = []
    words: dict[int, FacetCount] = {}
    for variant in goods.variants:
        named = {row.code: row for row in _named_facets(goods, variant)}
        words.update(named)
        buyable = variant["price"] is not None
        rows.extend(FacetRow(goods.place.id, code, variant["id"], goods.product["id"], buyable) for code in named)
    return rows, words


def _named_facets(goods: Goods, variant: Mapping[str, Any]) -> Iterator[FacetCount]:
    def row(name: str, value: str, label: str, number: Decimal | None = None) -> FacetCount:
        return FacetCount(
            category_id=goods.place.id,
            code=facets.code_of(name, value),
            name=name,
            value=value,
            label=label[:120],
            number=number,
        )

    yield row(facets.ALL, "", "")
    if goods.brand is not None:
        yield row(facets.BRAND, goods.brand["slug"], goods.brand["name"])
    yield row(facets.GRADE, variant["grade"], facets.grade_label(variant["grade"]))
    if goods.available.get(variant["id"]):
        yield row(facets.IN_STOCK, facets.IN_STOCK_VALUE, "In stock")
    specs = goods.specs(variant)
    for definition in goods.place.definitions:
        if definition.get("facet"):
            for value in facets.values_of(specs.get(definition["key"])):
                yield row(
                    definition["key"],
                    facets.value_text(value),
                    facets.value_label(definition, value),
                    facets.number_of(value),
                )


def terms_of(goods: Goods) -> list[TermRow]:
    """Return the search terms of the product and of all its variants, each with the weight of its best field."""
    weights: dict[str, int] = defaultdict(int)

    def add(text: str, weight: int) -> None:
        for term in index_terms(text):
            weights[term] = max(weights[term], weight)

    add(goods.name, NAME_WEIGHT)
    for variant in goods.variants:
        weights[code_term(variant["sku"])] = NAME_WEIGHT
    if goods.brand is not None:
        add(goods.brand["name"], BRAND_WEIGHT)
    add(goods.place.name, CATEGORY_WEIGHT)
    for text in sorted(set(_spec_texts(goods))):
        add(text, SPEC_WEIGHT)
    add(goods.product["description"][:DESCRIPTION_INDEXED], DESCRIPTION_WEIGHT)
    return [TermRow(goods.product["id"], term, weights[term]) for term in sorted(weights)]


def _spec_texts(goods: Goods) -> Iterator[str]:
    for variant in goods.variants:
        specs = goods.specs(variant)
        for definition in goods.place.definitions:
            for value in facets.values_of(specs.get(definition["key"])):
                if isinstance(value, bool):
                    # "touch screen" finds the machines that have one.
                    yield definition["label"] if value else ""
                else:
                    yield facets.value_label(definition, value)
