"""The read model of lists, facets and search. Rebuilt from the truth; product page, cart and checkout never read it.

Its foreign keys carry no database constraint: writing a copy must not lock the rows of the truth that it copies.
"""

from decimal import Decimal
from typing import Any

from django.db import models

from catalog.models.goods import Brand, Category, Product, Variant
from core import clock
from core.money import MONEY_DIGITS


def _copied(to: type[models.Model], **options: Any) -> models.ForeignKey:
    return models.ForeignKey(to, models.CASCADE, related_name="+", db_constraint=False, db_index=False, **options)


class Listing(models.Model):
    """One row for each variant that can be found. `price` is empty for variants that cannot be bought now."""

    variant = models.OneToOneField(
        Variant, models.CASCADE, primary_key=True, related_name="listing", db_constraint=False
    )
    product = models.ForeignKey(Product, models.CASCADE, related_name="listings", db_constraint=False, db_index=False)
    category = _copied(Category)
    department = _copied(Category, help_text="The root of the category's branch.")
    brand = _copied(Brand, null=True)
    grade = models.CharField(max_length=1)
    price = models.DecimalField(**MONEY_DIGITS, null=True)
    list_price = models.DecimalField(**MONEY_DIGITS, null=True)
    monthly_from = models.DecimalField(
        **MONEY_DIGITS, null=True, help_text="The lowest monthly price it is rented for."
    )
    rent_months = models.PositiveSmallIntegerField(null=True, help_text="How often that is paid until it is owned.")
    price_per_gb = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, help_text="For memory and drives; to compare, never to charge."
    )
    available = models.PositiveIntegerField(default=0, help_text="Units in state available when the row was built.")
    in_stock = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(
        help_text="Place among the product's variants: can be bought, in stock, cheapest; 0 is the first."
    )
    lead = models.BooleanField(
        default=False, help_text="The row that shows the product in an unfiltered list: first and can be bought."
    )
    name = models.CharField(max_length=330, help_text="Brand and model.")
    slug = models.SlugField(max_length=120, db_index=False)
    sku = models.CharField("SKU", max_length=40, default="", help_text="By which a card keeps and compares the offer.")
    spec_line = models.CharField(max_length=200, blank=True, help_text="The few facts printed on a card.")
    facts = models.JSONField(default=dict, help_text="The specs that the card's illustration is drawn from.")
    photo = models.JSONField(
        null=True, help_text="The first photo of the product for a card: alt, width, height, renditions."
    )
    rating = models.DecimalField(
        max_digits=2, decimal_places=1, null=True, help_text="Average of the published reviews, 1.0 to 5.0."
    )
    reviews = models.PositiveIntegerField(default=0, help_text="How many published reviews that average rests on.")

    class Meta:
        # Scope (a category, a department, the shop) and then the order of the list, so that a page is read in order.
        indexes = [
            models.Index(fields=["product", "position"], name="listing_of_product"),
            # These two hold all that filters read, so that a filtered list does not touch the rows themselves.
            models.Index(
                fields=["category", "brand", "grade", "in_stock", "price", "product"], name="listing_filtering"
            ),
            models.Index(
                fields=["department", "brand", "grade", "in_stock", "price", "category", "product"],
                name="listing_dep_filtering",
            ),
            models.Index(fields=["category", "lead", "in_stock", "product"], name="listing_best"),
            models.Index(fields=["category", "lead", "price", "product"], name="listing_by_price"),
            models.Index(fields=["category", "lead", "product"], name="listing_newest"),
            models.Index(fields=["department", "lead", "in_stock", "product"], name="listing_dep_best"),
            models.Index(fields=["department", "lead", "price", "product"], name="listing_dep_by_price"),
            models.Index(fields=["department", "lead", "product"], name="listing_dep_newest"),
            models.Index(fields=["lead", "in_stock", "product"], name="listing_all_best"),
            models.Index(fields=["lead", "price", "product"], name="listing_all_by_price"),
            models.Index(fields=["lead", "product"], name="listing_all_newest"),
        ]

    @property
    def total_to_own(self) -> Decimal | None:
        """Return what the plan with the lowest monthly price comes to; a monthly price never stands alone."""
        if self.monthly_from is None or self.rent_months is None:
            return None
        return self.monthly_from * self.rent_months

    def __str__(self) -> str:
        return self.name


class Facet(models.Model):
    """One filterable value of one variant.

    `code` stands for name and value (catalog.facets.code_of): a number, so that both engines agree on what is equal.
    The words are in FacetCount.
    """

    category = _copied(Category)
    code = models.BigIntegerField()
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="facets", db_constraint=False, db_index=False)
    product = _copied(Product)
    buyable = models.BooleanField(help_text="The variant can be bought, so default lists and counts include it.")

    class Meta:
        indexes = [
            models.Index(fields=["category", "code", "buyable", "product", "variant"], name="facet_counting"),
            models.Index(fields=["variant", "code", "product"], name="facet_of_variant"),
            models.Index(fields=["product"], name="facet_of_product"),
        ]

    def __str__(self) -> str:
        return f"{self.code} of variant {self.variant_id}"


class FacetCount(models.Model):
    """A filterable value in words, and how many products of a category show it when nothing is filtered."""

    category = _copied(Category)
    code = models.BigIntegerField()
    name = models.CharField(max_length=40)
    value = models.CharField(max_length=80)
    label = models.CharField(max_length=120, help_text="The value for people, with its unit.")
    number = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    products = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "code"], name="facet_count_once")]
        indexes = [models.Index(fields=["code", "category", "products"], name="facet_count_of_code")]

    def __str__(self) -> str:
        return f"{self.name}={self.value}: {self.products}"


class SearchTerm(models.Model):
    """A word of a product in the ASCII form of catalog.words, and how much it says about the product."""

    product = _copied(Product)
    term = models.CharField(max_length=40)
    weight = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["term", "weight", "product"], name="search_term"),
            models.Index(fields=["product", "term", "weight"], name="search_term_of_product"),
        ]

    def __str__(self) -> str:
        return self.term


class ListingDirty(models.Model):
    """A note that a product's read model is older than its truth, written in the transaction of the change.

    Every change adds a row of its own: a unique row per product would make the buyers of one product wait in line.
    """

    product = _copied(Product)
    marked_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "dirty listings"

    def __str__(self) -> str:
        return str(self.product_id)
