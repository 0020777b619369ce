"""Other products that somebody who looks at one may want instead: the same department, near its price and its specs."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Abs

from catalog.listing_rows import DOT, spec_line
from catalog.models import Listing, Product

# So many of the nearest by price are compared by their specs.
COMPARED = 24
CHEAPEST, DEAREST = Decimal("0.6"), Decimal("1.6")


def similar_to(product: Product, *, price: Decimal | None, specs: Mapping[str, Any], limit: int = 4) -> list[Listing]:
    """Return up to `limit` products of the same category that are in stock, by their leading offers. One query.

    `price` (shop currency) and `specs` are those of the offer looked at; the most alike come first.
    """
    rows = Listing.objects.filter(category=product.category, lead__in=[True], in_stock=True).exclude(product=product)
    if price is None:
        rows = rows.order_by("-product_id")
    else:
        rows = rows.filter(price__range=(price * CHEAPEST, price * DEAREST))
        rows = rows.order_by(
            Abs(Value(price, output_field=Listing._meta.get_field("price")) - F("price")), "product_id"
        )
    wanted = _said(spec_line(product.category.spec_definitions, specs))
    # A stable sort: among equally alike ones the nearer in price stays first.
    found = sorted(rows[:COMPARED], key=lambda row: -len(wanted & _said(row.spec_line)))[:limit]
    for row in found:
        row.category = product.category
    return found


def _said(line: str) -> frozenset[str]:
    return frozenset(filter(None, line.split(DOT)))
