"""The refurbished machines of the demo shop, from machines.json."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalog.departments import BY_SLUG
from catalog.identity import brand_key, brand_slug, option_key, product_identity, product_slug, sku_for
from catalog.listings import mark_dirty
from catalog.models import Brand, Category, Product, Unit, Variant
from catalog.price_history import record_prices
from catalog.receiving import receive_units
from core import clock

MACHINES = Path(__file__).parent / "machines.json"
# The file says monitors; the department of refurbished and new ones is called as in the parts files.
DEPARTMENT_OF = {"monitors": "monitor"}


def create_machines(categories: Mapping[str, Category], *, by: Any) -> list[Unit]:
    """Create the products and variants and receive their units; return the units, which are still in intake."""
    units: list[Unit] = []
    for machine in json.loads(MACHINES.read_text(encoding="utf-8"))["machines"]:
        product = _create_product(machine, categories)
        for offer in machine["variants"]:
            variant = _create_variant(product, offer)
            for item in offer["units"]:
                units += _receive(variant, item, by=by)
    return units


def _create_product(machine: Mapping[str, Any], categories: Mapping[str, Category]) -> Product:
    slug = DEPARTMENT_OF.get(machine["category"], machine["category"])
    key = brand_key(machine["brand"])
    brand, _ = Brand.objects.get_or_create(key=key, defaults={"name": machine["brand"], "slug": brand_slug(key)})
    identity = product_identity(slug, brand=machine["brand"], name=machine["name"], facts=machine["specs"])
    product = Product.objects.create(
        category=categories[slug],
        brand=brand,
        name=machine["name"],
        slug=product_slug(f"{machine['brand']} {machine['name']}", identity),
        identity=identity,
        description=machine["description"],
        specs=machine["specs"],
        warranty_months=machine["warranty_months"],
        box_contents=machine["box"],
    )
    mark_dirty([product.pk])
    return product


def _create_variant(product: Product, offer: Mapping[str, Any]) -> Variant:
    key = option_key(offer["grade"], offer["options"])
    variant = Variant.objects.create(
        product=product,
        sku=sku_for(BY_SLUG[product.category.slug].code, product.identity, key),
        grade=offer["grade"],
        options=offer["options"],
        option_key=key,
        price=Decimal(offer["price"]),
        list_price=Decimal(offer["list_price"]) if offer["list_price"] else None,
    )
    record_prices([variant], at=clock.now())
    return variant


def _receive(variant: Variant, item: Mapping[str, Any], *, by: Any) -> list[Unit]:
    return receive_units(
        variant,
        by=by,
        serials=[item["serial"]],
        bin=item["bin"],
        cost=Decimal(item["cost"]),
        condition={
            "battery_health_percent": item.get("battery_health_percent"),
            "disk_health_percent": item.get("disk_health_percent"),
            "grade_notes": item["grade_notes"],
            "test_report": item["test_report"],
            "tested_on": clock.today(),
        },
    )
