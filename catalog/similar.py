"""Other products that somebody who looks at one may want instead: the same department, near its price and its specs."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.listing_rows import DOT, spec_line
from catalog.models import Listing, Product
from core.money import ZERO

# So many of the nearest by price are compared by their specs.
COMPARED = 24
CHEAPEST, DEAREST = Decimal("0.6"), Decimal("1.6")


def similar_to(product: Product, *, price: Decimal | None, specs: Mapping[str, Any], limit: int = 4) -> list[Listing]:
    """Return up to `limit` products of the same category that are in stock, by their leading offers.

    `price` (shop currency) and `specs` are those of the offer looked at; the most alike come first. Two queries, one
    without a price; each reads COMPARED rows in the order of an index, however large the category is.
    """
    rows = Listing.objects.filter(category=product.category, lead__in=[True], in_stock=True).exclude(product=product)
    if price is None:
        nearest = list(rows.order_by("-product_id")[:COMPARED])
    else:
        cheaper = rows.filter(price__gte=price * CHEAPEST, price__lt=price).order_by("-price", "-product_id")
        dearer = rows.filter(price__gte=price, price__lte=price * DEAREST).order_by("price", "product_id")
        found = [*cheaper[:COMPARED], *dearer[:COMPARED]]
        nearest = sorted(found, key=lambda row: (abs(price - (row.price or ZERO)), row.product_id))[:COMPARED]
    wanted = _said(spec_line(product.category.spec_definitions, specs))
    # A stable sort: among equally alike ones the nearer in price stays first.
    alike = sorted(nearest, key=lambda row: -len(wanted & _said(row.spec_line)))[:limit]
    for row in alike:
        row.category = product.category
    return alike


def _said(line: str) -> frozenset[str]:
    return frozenset(filter(None, line.split(DOT)))
