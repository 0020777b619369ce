"""Named reads of goods and units."""

from functools import cache

from django.apps import apps
from django.db import models
from django.db.models.functions import Coalesce


@cache
def available_units(variant: str) -> Coalesce:
    """Return how many units can be taken of the variant whose id the column `variant` holds.

    Counted in the index, variant by variant: a join that is grouped would carry whole rows through once for each unit.
    """
    units = apps.get_model("catalog", "Unit").objects.filter(variant=models.OuterRef(variant), state="available")
    counted = units.order_by().values("variant").annotate(number=models.Count("pk")).values("number")
    return Coalesce(models.Subquery(counted), 0)


class ProductQuerySet(models.QuerySet):
    """Products by who may see them."""

    def published(self) -> "ProductQuerySet":
        """Return products that a shopper can open."""
        return self.filter(status="active", category__is_visible=True)


class VariantQuerySet(models.QuerySet):
    """Variants by whether they can be bought."""

    def buyable(self) -> "VariantQuerySet":
        """Return variants with a price, on offer, of an active product."""
        return self.filter(is_offered=True, price__isnull=False, product__status="active")

    def published(self) -> "VariantQuerySet":
        """Return variants that a shopper can open, sold out or without a price perhaps."""
        return self.filter(is_offered=True, product__status="active", product__category__is_visible=True)

    def with_available(self) -> "VariantQuerySet":
        """Add `available`: how many units can be taken now."""
        return self.annotate(available=available_units("pk"))


class UnitQuerySet(models.QuerySet):
    """Units by state."""

    def available(self) -> "UnitQuerySet":
        """Return units that a sale or a rental may take."""
        return self.filter(state="available")

    def few_left(self, threshold: int) -> "UnitQuerySet":
        """Return the ids of the variants that have been stocked and have at most `threshold` units available."""
        return (
            self.order_by()
            .values("variant")
            .annotate(left=models.Count("pk", filter=models.Q(state="available")))
            .filter(left__lte=threshold)
            .values("variant")
        )

    def in_quality_control(self) -> "UnitQuerySet":
        """Return units on their way to the shelf."""
        return self.filter(state__in=["intake", "testing", "returned"])
