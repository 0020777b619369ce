"""What the answer about a product depends on, read in one query: less than the answer itself needs."""

from typing import Any

from django.db.models import (
    Aggregate,
    CharField,
    Count,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Concat

from catalog.api.serializers import UnitSerializer
from catalog.flow import UnitState
from catalog.models import PriceChange, Product, ProductPhoto, Review, Unit, Variant
from catalog.price_history import WINDOW
from catalog.promises import return_promise
from catalog.reviewing import Rating, average_rating
from core import clock
from core.models import DataVersion
from core.versions import CATEGORIES

VARIANT_FACTS = ("pk", "sku", "grade", "options", "price", "list_price", "max_per_order", "is_offered")
PRODUCT_FACTS = ("pk", "updated_at", "status", "name", "brand__name", "category__slug", "category__is_visible")


class Joined(Aggregate):
    """All texts of a group in one, as MariaDB and SQLite both write it."""

    function = "GROUP_CONCAT"
    output_field = TextField()


_PHOTO = Concat(
    *("photo__code", Value(" "), "photo__state", Value(" "), "photo__alt", Value(" ")),
    *(Cast("position", CharField()), Value(" "), Cast("photo__renditions", TextField())),
    output_field=TextField(),
)


def _each(rows: QuerySet[Any], key: str, number: Any, *, outer: str = "pk") -> Subquery:
    own = rows.filter(**{key: OuterRef(outer)}).order_by().values(key).annotate(number=number)
    return Subquery(own.values("number"))


_published = Review.objects.filter(state=Review.State.PUBLISHED)
# What the published reviews of a product come to, read along with the product itself.
STARS = {
    "reviews_count": _each(_published, "product", Count("pk")),
    "stars": _each(_published, "product", Sum("rating")),
}


def rating_from(product: Product) -> Rating | None:
    """Return the rating of a product that was read with STARS; None for one that was read without."""
    if not hasattr(product, "reviews_count"):
        return None
    count = product.reviews_count or 0
    return Rating(average_rating(product.stars or 0, count), count, {})


def facts_of(variants: QuerySet[Variant]) -> object:
    """Return what an answer about these variants of one product depends on; None when there are none. One query."""
    described = Q(units__battery_health_percent__isnull=False) | Q(units__tested_on__isnull=False)
    described |= ~Q(units__grade_notes="") | ~Q(units__replaced_parts="")
    # A price cut is told for 30 days: when it leaves them, the answer changes by itself.
    new_prices = PriceChange.objects.filter(at__gt=clock.now() - WINDOW)
    rows = (
        variants.order_by()
        .annotate(
            tree=Subquery(DataVersion.objects.filter(name=CATEGORIES).values("number")),
            stock=_each(Unit.objects.available(), "variant", Count("pk")),
            last_price=_each(PriceChange.objects.all(), "variant", Max("pk")),
            new_prices=_each(new_prices, "variant", Count("pk")),
            reviews=_each(_published, "product", Count("pk"), outer="product"),
            stars=_each(_published, "product", Sum("rating"), outer="product"),
            photos=_each(ProductPhoto.objects.all(), "product", Joined(_PHOTO), outer="product"),
            told=FilteredRelation("units", condition=Q(units__state=UnitState.AVAILABLE) & described),
        )
        .values_list(
            *VARIANT_FACTS,
            *(f"product__{name}" for name in PRODUCT_FACTS),
            *(f"told__{name}" for name in ("pk", *UnitSerializer().fields)),
            *("tree", "stock", "last_price", "new_prices", "reviews", "stars", "photos"),
        )
    )
    found = sorted(map(repr, rows))
    return (found, return_promise()) if found else None
