"""Goods and units for tests, ready to be sold."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from accounts.tests.factories import make_user
from catalog.models import Brand, Category, Product, Review, Unit, Variant

_numbers = count(1)


def make_category(slug: str = "", **fields: Any) -> Category:
    """Return a department; the same slug gives the same row."""
    slug = slug or f"department-{next(_numbers)}"
    category, _ = Category.objects.get_or_create(
        slug=slug, defaults={"name": slug.replace("-", " ").capitalize(), "path": slug, **fields}
    )
    return category


def make_brand(name: str = "Lenovo") -> Brand:
    """Return a maker; the same name gives the same row."""
    brand, _ = Brand.objects.get_or_create(key=name.lower(), defaults={"name": name, "slug": name.lower()})
    return brand


def make_product(
    name: str = "", *, category: Category | None = None, brand: Brand | None = None, **fields: Any
) -> Product:
    """Return an active product."""
    number = next(_numbers)
    name = name or f"ThinkPad T{number}"
    return Product.objects.create(
        category=category or make_category("laptops"),
        brand=brand or make_brand(),
        name=name,
        slug=fields.pop("slug", f"product-{number}"),
        identity=hashlib.sha256(f"{name}{number}".encode()).hexdigest(),
        **fields,
    )


def make_variant(
    product: Product | None = None,
    *,
    price: str | Decimal | None = "100.00",
    grade: str = Variant.Grade.GOOD,
    options: Mapping[str, Any] | None = None,
    units: int = 0,
    **fields: Any,
) -> Variant:
    """Return a variant at `price` in the shop's currency with `units` available units without serial numbers."""
    number = next(_numbers)
    variant = Variant.objects.create(
        product=product or make_product(),
        sku=fields.pop("sku", f"SKU-{number}"),
        grade=grade,
        options=dict(options or {}),
        option_key=hashlib.sha256(f"{grade}{options}{number}".encode()).hexdigest(),
        price=None if price is None else Decimal(price),
        **fields,
    )
    if units:
        make_units(variant, quantity=units)
    return variant


def make_units(variant: Variant, *, quantity: int = 0, serials: Sequence[str] = (), **fields: Any) -> list[Unit]:
    """Return available units of `variant`: one for each serial number, or `quantity` without."""
    fields.setdefault("state", "available")
    rows = [Unit(variant=variant, serial=serial, **fields) for serial in (serials or [None] * quantity)]
    Unit.objects.bulk_create(rows)
    return list(Unit.objects.filter(variant=variant).order_by("-pk")[: len(rows)])[::-1]


def make_review(product: Product | None = None, *, author: Any = None, **fields: Any) -> Review:
    """Return a published review by somebody who bought the product."""
    values = {"rating": 5, "title": "Good", "body": "As described.", "author_name": "Dara", "state": "published"}
    return Review.objects.create(
        product=product or make_product(),
        author=author or make_user(),
        bought_on=fields.pop("bought_on", date(2026, 10, 3)),
        **{**values, **fields},
    )
