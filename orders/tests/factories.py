"""Orders for tests, made the way customers make them."""

from decimal import Decimal
from itertools import count
from typing import Any

from carts.models import Cart, ShippingMethod
from carts.quoting import quote
from carts.tests.factories import make_cart, make_shipping_method
from catalog.models import Variant
from catalog.tests.factories import make_variant
from orders.checkout import place_order
from orders.fulfilment import confirm_delivery, dispatch
from orders.models import Order
from orders.payment_approval import mark_paid

_numbers = count(1)
ADDRESS = {
    "full_name": "Sok Dara",
    "line1": "12 Street 240",
    "city": "Phnom Penh",
    "region": "Phnom Penh",
    "postal_code": "120207",
    "country": "KH",
    "phone": "+855 12 345 678",
}


def place(cart: Cart, **overrides: Any) -> Order:
    """Place `cart` at today's price by bank transfer and courier, unless told otherwise."""
    shipping_method: ShippingMethod = overrides.pop("shipping_method", None) or make_shipping_method()
    address = overrides.pop("shipping_address", ADDRESS)
    values: dict[str, Any] = {
        "by": None,
        "email": "dara@example.com",
        "phone": "+855 12 345 678",
        "payment_method": "bank_transfer",
        "placement_key": f"test-{next(_numbers)}",
        **overrides,
    }
    if "expected_total" not in values:
        values["expected_total"] = quote(cart, address=address, shipping_method=shipping_method).total
    return place_order(cart, shipping_address=address, shipping_method=shipping_method, **values)


def make_order(*lines: tuple[Variant, int], user: Any = None, **overrides: Any) -> Order:
    """Return a pending order for these variants and quantities (one of a new variant when none is named)."""
    cart = make_cart(*(lines or [(make_variant(units=1), 1)]), user=user)
    return place(cart, by=user, **overrides)


def make_paid_order(*lines: tuple[Variant, int], by: Any = None, **overrides: Any) -> Order:
    """Return a confirmed order whose bank transfer has arrived."""
    order = make_order(*lines, **overrides)
    return mark_paid(order, by=by, amount=Decimal(order.total), reference=f"bank {order.code}")


def make_delivered_order(*lines: tuple[Variant, int], **overrides: Any) -> Order:
    """Return a paid order that has arrived. Its units have no serial numbers."""
    order = make_paid_order(*lines, **overrides)
    confirm_delivery(dispatch(order, by=None, serials={}), by=None)
    order.refresh_from_db()
    return order
