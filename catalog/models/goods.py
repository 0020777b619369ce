"""What the shop offers: categories, brands, products (models) and variants (what a customer chooses)."""

from django.db import models

from catalog.querysets import ProductQuerySet, VariantQuerySet
from core import clock
from core.money import MONEY_DIGITS


class Category(models.Model):
    """A department of the shop. `path` is the slugs from the root, joined by "/"."""

    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    path = models.CharField(max_length=200, unique=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0)
    description = models.TextField(blank=True)
    spec_definitions = models.JSONField(
        default=list,
        blank=True,
        help_text="One entry a spec: key, label, kind, unit, hint, facet, promoted, card.",
    )
    variant_axes = models.JSONField(
        default=list, blank=True, help_text="Spec keys that tell variants of one product apart."
    )
    is_visible = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/c/{self.path}/"


class Brand(models.Model):
    """A maker."""

    name = models.CharField(max_length=80)
    key = models.CharField(
        max_length=80, unique=True, editable=False, help_text="Lower-case name by which imports find it."
    )
    slug = models.SlugField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A model of machine or part: everything that its variants share."""

    class Status(models.TextChoices):
        ACTIVE = "active", "On sale"
        RETIRED = "retired", "Retired"

    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    brand = models.ForeignKey(Brand, models.PROTECT, null=True, blank=True, related_name="products")
    name = models.CharField(max_length=250)
    slug = models.SlugField(max_length=120, unique=True)
    identity = models.CharField(
        max_length=64, unique=True, editable=False, help_text="SHA-256 of what makes it this product."
    )
    description = models.TextField(blank=True)
    specs = models.JSONField(default=dict, blank=True, help_text="Spec key to value, in the category's units.")
    warranty_months = models.PositiveSmallIntegerField(default=12)
    box_contents = models.JSONField(default=list, blank=True, help_text="What lies in the box, one entry a thing.")
    not_in_box = models.JSONField(
        default=list, blank=True, help_text="What people may expect in the box and will not find there."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["category", "status", "-id"], name="product_in_category")]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The brand's name before the model's, unless the model's begins with it."""
        if self.brand is None or self.name.lower().startswith(self.brand.name.lower()):
            return self.name
        return f"{self.brand.name} {self.name}"

    def get_absolute_url(self) -> str:
        return f"/p/{self.slug}/"


class Variant(models.Model):
    """What a customer puts into the cart: one product in one grade and configuration, at one price."""

    class Grade(models.TextChoices):
        NEW = "N", "New"
        EXCELLENT = "A", "Excellent"
        GOOD = "B", "Good"
        FAIR = "C", "Fair"

    product = models.ForeignKey(Product, models.PROTECT, related_name="variants")
    sku = models.CharField("SKU", max_length=40, unique=True)
    grade = models.CharField(max_length=1, choices=Grade, default=Grade.NEW)
    options = models.JSONField(default=dict, blank=True, help_text="Variant axis to value.")
    option_key = models.CharField(max_length=64, editable=False, help_text="SHA-256 of grade and options.")
    price = models.DecimalField(
        **MONEY_DIGITS, null=True, blank=True, help_text="In the shop's currency. Empty: can be found but not bought."
    )
    list_price = models.DecimalField(
        **MONEY_DIGITS, null=True, blank=True, help_text="Former or new price, shown struck out."
    )
    max_per_order = models.PositiveSmallIntegerField(null=True, blank=True)
    is_offered = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = VariantQuerySet.as_manager()

    class Meta:
        ordering = ["product_id", "price", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "option_key"], name="variant_once"),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gt=0), name="variant_price_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(list_price__isnull=True) | models.Q(list_price__gt=0),
                name="variant_list_price_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.full_name} ({self.sku})"

    @property
    def can_be_bought(self) -> bool:
        """Tell whether it has a price and is on offer (stock is another question)."""
        return self.is_offered and self.price is not None and self.product.status == Product.Status.ACTIVE


class ExternalReference(models.Model):
    """Somebody else's id for one of our variants. Every id leads to exactly one variant."""

    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120)
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="external_references")
    price = models.DecimalField(
        **MONEY_DIGITS,
        null=True,
        blank=True,
        editable=False,
        help_text="What the source said last. The variant's price is the lowest of these, unless staff set another.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="external_id_once")]

    def __str__(self) -> str:
        return f"{self.source}: {self.external_id}"


class RentalPlan(models.Model):
    """A monthly price for renting a variant until it is owned. Published only by the deed in rentals."""

    class Months(models.IntegerChoices):
        THREE = 3, "3 months"
        SIX = 6, "6 months"
        TWELVE = 12, "12 months"

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="rental_plans")
    months = models.PositiveSmallIntegerField(choices=Months)
    monthly_price = models.DecimalField(**MONEY_DIGITS, help_text="In the shop's currency, tax included.")
    is_published = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["variant_id", "months"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "months"], name="rental_plan_once"),
            models.CheckConstraint(condition=models.Q(monthly_price__gt=0), name="rental_plan_price_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.months} months"
