"""What a page tells programs in the words of schema.org: pure functions of facts that the page has read already.

The values are those of the page and of the API: the same price, condition, battery, warranty and days to return.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from catalog.models import Product, Unit, Variant
from catalog.promises import grade_meaning, return_promise, warranty_terms
from storefront import words
from storefront.heads import absolute

SCHEMA = "https://schema.org/"
# UN/CEFACT codes of units.
MONTH, DAY, PERCENT = "MON", "DAY", "P1"
Data = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """The usual way of shipping an offer at home: its price, the working days it takes, the country (ISO code)."""

    price: Decimal
    days_min: int
    days_max: int
    country: str


@dataclass(frozen=True)
class OfferFacts:
    """An offer of a product: `options` are (label, value in words), `unit` is the one that the next buyer gets.

    `leases` are the plans on which it is rented out, as schema.org knows them.
    """

    variant: Variant
    available: int
    options: Sequence[tuple[str, str]]
    delivery: Delivery | None
    unit: Unit | None = None
    leases: Sequence[Data] = ()


def breadcrumbs(steps: Sequence[tuple[str, str]]) -> Data:
    """Return the way from the front page to this page: (name, path) of each step, the page itself last."""
    return {
        "@context": SCHEMA,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
            for position, (name, path) in enumerate(steps, 1)
        ],
    }


def product_data(
    product: Product,
    offers: Sequence[OfferFacts],
    *,
    specs: Sequence[tuple[str, str]],
    axes: Sequence[str],
    currency: str,
    images: Sequence[str] = (),
) -> Data:
    """Return a product: one offer makes a Product, several a ProductGroup that varies by `axes` (labels).

    `specs` are (label, value in words); prices are in `currency`; `images` are absolute addresses. An offer without a
    price is not offered to programs.
    """
    shared: Data = {
        "@context": SCHEMA,
        "name": product.full_name,
        "url": absolute(product.get_absolute_url()),
        "category": product.category.name,
        "description": product.description or product.full_name,
    }
    if product.brand is not None:
        shared["brand"] = {"@type": "Brand", "name": product.brand.name}
    if images:
        shared["image"] = list(images)
    facts = [_fact(label, value) for label, value in specs]
    facts += [_fact(gettext("In the box"), thing) for thing in product.box_contents]
    facts += [_fact(gettext("Not in the box"), thing) for thing in product.not_in_box]
    articles = [_article(product, offer, currency) for offer in offers]
    if len(articles) == 1:
        only = articles[0]
        facts += only.pop("additionalProperty")
        return {**only, **shared, "@type": "Product", "additionalProperty": facts}
    group = {**shared, "@type": "ProductGroup", "productGroupID": product.slug, "additionalProperty": facts}
    if articles:
        group |= {"variesBy": list(axes), "hasVariant": articles}
    return group


def _article(product: Product, facts: OfferFacts, currency: str) -> Data:
    variant = facts.variant
    condition = words.grade_name(variant.grade)
    article: Data = {
        "@type": "Product",
        "sku": variant.sku,
        "name": ", ".join([product.full_name, condition, *(text for _, text in facts.options)]),
        "url": absolute(f"{product.get_absolute_url()}?offer={variant.sku}"),
        "additionalProperty": [
            {**_fact(gettext("Condition"), condition), "description": grade_meaning(variant.grade)},
            *(_fact(label, text) for label, text in facts.options),
            *_unit_facts(facts.unit),
        ],
    }
    if variant.price is not None:
        sale = _offer(product, facts, currency)
        shared = {name: sale[name] for name in ("url", "availability", "itemCondition")}
        article["offers"] = [sale, *({**shared, **lease} for lease in facts.leases)] if facts.leases else sale
    return article


def _offer(product: Product, facts: OfferFacts, currency: str) -> Data:
    variant = facts.variant
    offer: Data = {
        "@type": "Offer",
        "url": absolute(f"{product.get_absolute_url()}?offer={variant.sku}"),
        "price": str(variant.price),
        "priceCurrency": currency,
        "availability": SCHEMA + ("InStock" if facts.available else "OutOfStock"),
        "itemCondition": SCHEMA + ("NewCondition" if variant.grade == Variant.Grade.NEW else "RefurbishedCondition"),
    }
    if product.warranty_months:
        offer["warranty"] = {
            "@type": "WarrantyPromise",
            "durationOfWarranty": {
                "@type": "QuantitativeValue",
                "value": product.warranty_months,
                "unitCode": MONTH,
            },
            "description": warranty_terms(product.warranty_months),
        }
    if facts.delivery is not None:
        offer["shippingDetails"] = _shipping(facts.delivery, currency)
        offer["hasMerchantReturnPolicy"] = _returns(facts.delivery.country)
    return offer


def _shipping(delivery: Delivery, currency: str) -> Data:
    return {
        "@type": "OfferShippingDetails",
        "shippingRate": {"@type": "MonetaryAmount", "value": str(delivery.price), "currency": currency},
        "shippingDestination": {"@type": "DefinedRegion", "addressCountry": delivery.country},
        "deliveryTime": {
            "@type": "ShippingDeliveryTime",
            "transitTime": {
                "@type": "QuantitativeValue",
                "minValue": delivery.days_min,
                "maxValue": delivery.days_max,
                "unitCode": DAY,
            },
        },
    }


def _returns(country: str) -> Data:
    promise = return_promise()
    if not promise.days:
        return {
            "@type": "MerchantReturnPolicy",
            "applicableCountry": country,
            "returnPolicyCategory": SCHEMA + "MerchantReturnNotPermitted",
        }
    return {
        "@type": "MerchantReturnPolicy",
        "applicableCountry": country,
        "returnPolicyCategory": SCHEMA + "MerchantReturnFiniteReturnWindow",
        "merchantReturnDays": promise.days,
        "returnMethod": SCHEMA + "ReturnByMail",
        "customerRemorseReturnFees": SCHEMA + "ReturnFeesCustomerResponsibility",
        "itemDefectReturnFees": SCHEMA + "FreeReturn",
        "description": promise.terms,
    }


def _unit_facts(unit: Unit | None) -> list[Data]:
    """Return what was measured on the unit that the next buyer gets."""
    if unit is None:
        return []
    found = []
    for label, percent in (
        (gettext("Battery health"), unit.battery_health_percent),
        (gettext("Disk health"), unit.disk_health_percent),
    ):
        if percent is not None:
            found.append({**_fact(label, percent), "unitCode": PERCENT})
    if unit.tested_on is not None:
        found.append(_fact(gettext("Tested on"), unit.tested_on.isoformat()))
    if unit.replaced_parts:
        found.append(_fact(gettext("Replaced parts"), unit.replaced_parts))
    if unit.wipe_certificate:
        found.append(_fact(gettext("Wipe certificate"), unit.wipe_certificate))
    return found


def _fact(name: str, value: str | int) -> Data:
    return {"@type": "PropertyValue", "name": name, "value": value}
