"""The stars of a product, read along with it."""

from typing import Any

from django.db.models import (
    Count,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
)

from catalog.models import Product, Review
from catalog.reviewing import Rating, average_rating


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
