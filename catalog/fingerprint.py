"""What the answers about a product depend on, read in one or two queries: less than the answers themselves need.

An answer whose fingerprint is the same is the same: a tag for clients is made of it, and the key of a kept page.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Aggregate,
    Case,
    CharField,
    Count,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import MD5, Cast, Concat, RowNumber

from catalog.flow import ReviewState, UnitState
from catalog.models import PriceChange, Product, ProductPhoto, RentalPlan, Review, Unit, UnitPhoto, Variant
from catalog.price_history import WINDOW
from catalog.promises import return_promise
from catalog.reviewing import Rating, average_rating
from core import clock
from core.compiled import CompiledQuery, slot
from core.models import DataVersion
from core.versions import CATEGORIES, EVERY_LIST, SHOP, list_of

# The units that a product page shows of an offer: those that an order would take first.
UNITS_SHOWN = 12
VARIANT_FACTS = ("pk", "sku", "grade", "options", "price", "list_price", "max_per_order", "is_offered")
PRODUCT_FACTS = ("pk", "updated_at", "status", "name", "brand__name", "category__slug", "category__is_visible")
COUNTED = ("prices", "reviews", "photos", "rent")
FACTS = (*VARIANT_FACTS, *(f"product__{name}" for name in PRODUCT_FACTS), *COUNTED)
# What the API tells of a unit, and what a page shows of it.
TOLD_OF_UNITS = (
    *("grade_notes", "battery_health_percent", "disk_health_percent", "tested_on", "test_report"),
    *("replaced_parts", "wipe_certificate"),
)
SHOWN_OF_UNITS = ("pk", "variant_id", "serial", *TOLD_OF_UNITS)


class Joined(Aggregate):
    """All values of a group as one text, as MariaDB and SQLite both write it."""

    function = "GROUP_CONCAT"
    output_field = TextField()


# A digest: MariaDB makes a table on disk for texts without a limit that are joined, even where there are none.
_PHOTO = MD5(
    Concat(
        *("photo__code", Value(" "), "photo__state", Value(" "), "photo__alt", Value(" ")),
        *(Cast("position", CharField()), Value(" "), Cast("photo__renditions", TextField())),
        output_field=TextField(),
    )
)

_PLAN = Concat(Cast("months", CharField()), Value(" "), Cast("monthly_price", CharField()), output_field=TextField())


def _each(rows: QuerySet[Any], key: str, found: Any, *, outer: str = "pk") -> Subquery:
    own = rows.filter(**{key: OuterRef(outer)}).order_by().values(key).annotate(found=found)
    return Subquery(own.values("found"))


def _in_words(*found: Aggregate) -> Concat:
    """Join what was found about a group: each subquery of its own costs the engine more to plan than to run."""
    words = [part for one in found for part in (Cast(one, CharField()), Value(" "))]
    return Concat(*words, output_field=TextField())


def _version(name: Any) -> Subquery:
    return Subquery(DataVersion.objects.filter(name=name).values("number"))


def _of_variants(**chosen: Any) -> QuerySet[Variant]:
    """Return the variants chosen by a slot with FACTS, and with the version of the tree of categories."""
    published = Review.objects.filter(state=ReviewState.PUBLISHED)
    # A price cut is told for 30 days: when it leaves them, the answer changes by itself.
    is_new = Case(When(at__gt=slot("since"), then=1), default=0)
    rows = Variant.objects.filter(**chosen).order_by()
    return rows.annotate(
        tree=_version(Value(CATEGORIES)),
        prices=_each(PriceChange.objects.all(), "variant", _in_words(Max("pk"), Sum(is_new))),
        reviews=_each(published, "product", _in_words(Count("pk"), Sum("rating"), Max("decided_at")), outer="product"),
        photos=_each(ProductPhoto.objects.all(), "product", Joined(_PHOTO), outer="product"),
        rent=_each(RentalPlan.objects.filter(is_published=True), "variant", Joined(_PLAN)),
    )


def _with_told_units(**chosen: Any) -> Callable[[], QuerySet[Variant, tuple[Any, ...]]]:
    """Add the number of units on the shelf and, one row each, those about which something is on record."""
    described = Q(units__battery_health_percent__isnull=False) | Q(units__tested_on__isnull=False)
    described |= ~Q(units__grade_notes="") | ~Q(units__replaced_parts="")

    def build() -> QuerySet[Variant, tuple[Any, ...]]:
        rows = _of_variants(**chosen).annotate(
            stock=_each(Unit.objects.available(), "variant", Count("pk")),
            told=FilteredRelation("units", condition=Q(units__state=UnitState.AVAILABLE) & described),
        )
        return rows.values_list(*FACTS, "tree", "stock", *(f"told__{name}" for name in ("pk", *TOLD_OF_UNITS)))

    return build


_PRODUCT = CompiledQuery(_with_told_units(product__slug=slot("slug")))
_VARIANT = CompiledQuery(_with_told_units(sku=slot("sku")))


@dataclass(frozen=True)
class AnswerFacts:
    """What the API's answer about a product or a variant depends on; `stock` is what is on sale, by SKU.

    What the reviews come to and whether there are photos is told, so that nobody asks for it again.
    """

    key: object
    stock: dict[str, int]
    rating: Rating
    has_photos: bool


def product_facts(slug: str) -> AnswerFacts | None:
    """Return what the API's answer about a product depends on; None for a product without variants. One query."""
    return _facts(_PRODUCT.rows(slug=slug, since=clock.now() - WINDOW))


def variant_facts(sku: str) -> AnswerFacts | None:
    """Return what the API's answer about a variant depends on; None when there is none. One query."""
    return _facts(_VARIANT.rows(sku=sku, since=clock.now() - WINDOW))


def _facts(rows: list[tuple[Any, ...]]) -> AnswerFacts | None:
    if not rows:
        return None
    facts = [dict(zip((*FACTS, "tree", "stock"), row, strict=False)) for row in rows]
    count, stars = map(int, (facts[0]["reviews"] or "0 0").split()[:2])
    return AnswerFacts(
        key=(sorted(map(repr, rows)), return_promise()),
        stock={one["sku"]: one["stock"] or 0 for one in facts},
        rating=Rating(average_rating(stars, count), count, {}),
        has_photos=facts[0]["photos"] is not None,
    )


@dataclass(frozen=True)
class PageFacts:
    """What the page of a product depends on for a visitor without an account.

    `versions` are those of what stands around it, `shelves` the units on sale by the SKU of their offer.
    """

    key: object
    versions: dict[str, int]
    shelves: dict[str, list[int]]
    unit_rows: Sequence[tuple[Any, ...]]

    def units_of(self, offer: Variant) -> list[Unit]:
        """Return the first units of an offer as they were read, with what the page shows of them. No query.

        `photos` tells what is known of a unit's photos, None when it has none.
        """
        return [unit for unit in _PAGE_UNITS.objects_of(self.unit_rows) if unit.variant_id == offer.pk]

    def agree(self, offers: Iterable[Variant], current: Variant | None, units: Sequence[Unit]) -> bool:
        """Tell whether a page that was made later still shows the shelves that these facts speak of.

        Units leave the shelf and come back: what was made while one was away must not be kept as if it were there.
        """
        if {offer.sku: offer.available for offer in offers} != {sku: len(pks) for sku, pks in self.shelves.items()}:
            return False
        shown = self.shelves[current.sku][:UNITS_SHOWN] if current is not None else []
        return [unit.pk for unit in units] == shown


def _offers_of_page() -> QuerySet[Variant, tuple[Any, ...]]:
    rows = _of_variants(
        product__slug=slot("slug"),
        product__status=Product.Status.ACTIVE,
        product__category__is_visible=True,
        is_offered=True,
    ).annotate(
        shelf=_each(Unit.objects.available(), "variant", Joined("pk")),
        shop=_version(Value(SHOP)),
        every_list=_version(Value(EVERY_LIST)),
        list=_version(Concat(Value(f"{EVERY_LIST}:"), OuterRef("product__category__slug"))),
    )
    return rows.values_list("product__slug", "shelf", "shop", "tree", "every_list", "list", *FACTS)


def _units_of_page() -> QuerySet[Unit]:
    place = Window(RowNumber(), partition_by=F("variant"), order_by="pk")
    first = Unit.objects.available().filter(variant__product__slug=slot("slug"), variant__is_offered=True)
    first = first.order_by().annotate(place=place).filter(place__lte=UNITS_SHOWN)
    photos = _each(UnitPhoto.objects.all(), "unit", Joined(_PHOTO))
    shown = Unit.objects.filter(pk__in=first.values("pk")).order_by("pk").annotate(photos=photos)
    return shown.only(*SHOWN_OF_UNITS)


_PAGE_OFFERS = CompiledQuery(_offers_of_page)
_PAGE_UNITS = CompiledQuery(_units_of_page)


def page_facts(slug: str) -> PageFacts | None:
    """Return what the page of this product depends on; None when it has no page or nothing is offered. Two queries.

    The versions are read along, so whoever reads the data afterwards gets data as new as they, or newer.
    """
    rows = _PAGE_OFFERS.rows(slug=slug, since=clock.now() - WINDOW)
    # MariaDB takes another spelling of the slug for the same; its page is a redirect.
    if not rows or rows[0][0] != slug:
        return None
    numbers, facts = rows[0][2:6], [dict(zip(FACTS, row[6:], strict=True)) for row in rows]
    shelves = {
        one["sku"]: sorted(map(int, row[1].split(","))) if row[1] else [] for one, row in zip(facts, rows, strict=True)
    }
    counts = {sku: len(pks) for sku, pks in shelves.items()}
    unit_rows = _PAGE_UNITS.rows(slug=slug)
    names = (SHOP, CATEGORIES, EVERY_LIST, list_of(facts[0]["product__category__slug"]))
    return PageFacts(
        key=(sorted(map(repr, facts)), sorted(counts.items()), unit_rows, return_promise()),
        versions={name: number or 0 for name, number in zip(names, numbers, strict=True)},
        shelves=shelves,
        unit_rows=unit_rows,
    )
