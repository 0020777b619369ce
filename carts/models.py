"""Baskets, ways of shipping and taxes."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from carts.flow import CART_FLOW, CartState
from catalog.models import RentalPlan, Variant
from core import clock
from core.codes import public_code
from core.money import MONEY_DIGITS


def item_code() -> str:
    """Return a new public code of a cart's line."""
    return public_code(10)


class Cart(models.Model):
    """What somebody means to order. Guests find theirs by a secret code of which only the hash is kept."""

    flow = CART_FLOW

    # One active cart per person: empty once the cart is ordered or merged, so a plain unique key serves every engine.
    active_user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="active_cart"
    )
    code_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=CartState, default=CartState.ACTIVE)
    notices = models.JSONField(default=list, blank=True, help_text="What a merge had to change; shown once.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    touched_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["state", "touched_at"], name="cart_idle")]

    def __str__(self) -> str:
        return f"cart {self.pk}"

    def record(self, **event: object) -> None:
        """A cart keeps no timeline: what matters about it stands on its order."""


class CartItem(models.Model):
    """So many of one variant, to buy or on one rental plan."""

    code = models.CharField(max_length=10, unique=True, default=item_code, editable=False)
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    rental_plan = models.ForeignKey(RentalPlan, models.CASCADE, null=True, blank=True, related_name="+")
    choice_key = models.CharField(
        max_length=40, editable=False, help_text="variant, or variant:plan; a line is never doubled."
    )
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    added_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "choice_key"], name="cart_line_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="cart_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant_id}"


def choice_key(variant_id: int, rental_plan_id: int | None) -> str:
    """Return the key that makes a cart line unique (a NULL plan would not)."""
    return str(variant_id) if rental_plan_id is None else f"{variant_id}:{rental_plan_id}"


class Wishlist(models.Model):
    """What somebody would like to have. Guests find theirs by a secret code of which only the hash is kept."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="wishlist"
    )
    code_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    share_code = models.CharField(
        max_length=40, unique=True, null=True, blank=True, editable=False, help_text="Empty: it is not shared."
    )
    notices = models.JSONField(default=list, blank=True, help_text="What a merge had to leave out; shown once.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    touched_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["touched_at"], name="wishlist_idle")]

    def __str__(self) -> str:
        return f"wishlist {self.pk}"


class WishlistItem(models.Model):
    """One offer on a wish list."""

    wishlist = models.ForeignKey(Wishlist, models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    price_seen = models.DecimalField(**MONEY_DIGITS, null=True, blank=True, help_text="Its price when it was added.")
    added_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["wishlist", "variant"], name="wish_once")]

    def __str__(self) -> str:
        return str(self.variant_id)


class ShippingMethod(models.Model):
    """A way for an order to reach the customer. Charged once an order, tax included like every price."""

    class Kind(models.TextChoices):
        FLAT = "flat", "Flat price"
        FREE_OVER = "free_over", "Free over an amount"
        PICKUP = "pickup", "Pick up in the shop"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind)
    price = models.DecimalField(**MONEY_DIGITS, default=0)
    free_over = models.DecimalField(**MONEY_DIGITS, null=True, blank=True, help_text="Free from this sum of goods on.")
    countries = models.JSONField(default=list, blank=True, help_text="ISO codes; empty: everywhere.")
    days_min = models.PositiveSmallIntegerField(default=1, help_text="Working days, at least.")
    days_max = models.PositiveSmallIntegerField(default=3, help_text="Working days, at most.")
    allows_cash_on_delivery = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.CheckConstraint(condition=models.Q(price__gte=0), name="shipping_price_not_negative")]

    def __str__(self) -> str:
        return self.name


class TaxRate(models.Model):
    """The tax on goods and shipping to a place. A row for a region is stronger than the country's own."""

    country = models.CharField(max_length=2, help_text="ISO 3166 code.")
    region = models.CharField(max_length=100, blank=True, help_text="Empty: the whole country.")
    name = models.CharField(max_length=40, default="VAT")
    percent = models.DecimalField(
        max_digits=6, decimal_places=3, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )

    class Meta:
        ordering = ["country", "region"]
        constraints = [
            models.UniqueConstraint(fields=["country", "region"], name="tax_rate_once"),
            models.CheckConstraint(condition=models.Q(percent__gte=0, percent__lte=100), name="tax_percent_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.country} {self.region} {self.percent} %".replace("  ", " ")
