"""Carts, ways of shipping and taxes for tests."""

from decimal import Decimal
from typing import Any

from carts.baskets import add_item, open_cart
from carts.models import Cart, ShippingMethod, TaxRate, Wishlist
from carts.wishlists import add_wish, open_wishlist
from catalog.models import Variant


def make_cart(*lines: tuple[Variant, int], user: Any = None) -> Cart:
    """Return an active cart of `user` (or a guest's) with these variants and quantities."""
    cart, _ = open_cart(user=user, code=None)
    for variant, quantity in lines:
        add_item(cart, variant, quantity=quantity)
    return cart


def make_wishlist(*variants: Variant, user: Any = None) -> Wishlist:
    """Return the list of `user` (or a guest's) with these variants, the last one on top."""
    wishlist, _ = open_wishlist(user=user, code=None)
    for variant in variants:
        add_wish(wishlist, variant)
    return wishlist


def make_shipping_method(code: str = "courier", *, price: str = "2.50", **fields: Any) -> ShippingMethod:
    """Return a flat-price courier that takes cash on delivery, unless told otherwise."""
    fields.setdefault("kind", ShippingMethod.Kind.FLAT)
    fields.setdefault("allows_cash_on_delivery", True)
    method, _ = ShippingMethod.objects.update_or_create(
        code=code, defaults={"name": code.capitalize(), "price": Decimal(price), **fields}
    )
    return method


def make_pickup() -> ShippingMethod:
    """Return picking up at the counter."""
    return make_shipping_method("pickup", price="0.00", kind=ShippingMethod.Kind.PICKUP, allows_cash_on_delivery=False)


def make_tax_rate(country: str = "KH", percent: str = "10", region: str = "") -> TaxRate:
    """Return the tax of a place."""
    rate, _ = TaxRate.objects.update_or_create(
        country=country, region=region, defaults={"name": "VAT", "percent": Decimal(percent)}
    )
    return rate
