"""What visitors send, for tests."""

import re
from http import HTTPStatus
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Variant
from storefront.models import Promotion, TextPage
from storefront.publishing import save_promotion, save_text_page

SPECS = [
    {"key": "cpu", "label": "Processor", "kind": "text", "facet": True, "promoted": True, "card": True},
    {
        "key": "ram_gb",
        "label": "Memory",
        "kind": "integer",
        "unit": "GB",
        "hint": "How much the computer can keep at hand at once.",
        "facet": True,
        "promoted": True,
        "card": True,
    },
    {"key": "screen_size_in", "label": "Screen size", "kind": "decimal", "unit": "″", "facet": True},
    {"key": "weight_kg", "label": "Weight", "kind": "decimal", "unit": "kg"},
]
AXES = ["ram_gb"]


def fill_cart(client: Client, *lines: tuple[Variant, int]) -> None:
    """Put things into the visitor's cart through the page."""
    for variant, quantity in lines:
        response = client.post("/cart/add/", {"sku": variant.sku, "quantity": quantity})
        assert response["Location"] == "/cart/", response["Location"]


def keep(client: Client, *variants: Variant) -> None:
    """Put things on the visitor's list through the buttons."""
    for variant in variants:
        assert client.post("/wishlist/keep/", {"sku": variant.sku}).status_code == HTTPStatus.FOUND


def queries_of(client: Client, address: str) -> int:
    """Return how often a page asks the database."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == HTTPStatus.OK
    return len(asked)


def share_address(client: Client) -> str:
    """Let the visitor's list have a link; return its path."""
    client.post("/wishlist/share/")
    page = client.get("/wishlist/").content.decode()
    found = re.search(r'value="http://testserver(/wishlist/shared/[\w-]{32}/)"', page)
    assert found, "no link to the list"
    return found[1]


def hidden(html: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'<input type="hidden" name="{name}"[^>]* value="([^"]*)"', html)
    assert found, f"no hidden field {name}"
    return found[1]


def checkout_form(client: Client, **changes: Any) -> dict[str, Any]:
    """Open the checkout and return its form as a guest in Phnom Penh fills it in."""
    html = client.get("/checkout/").content.decode()
    values = {
        "email": "sokha@example.com",
        "full_name": "Sokha Chan",
        "phone": "012 345 678",
        "line1": "No. 14, Street 310",
        "city": "BKK1",
        "region": "Phnom Penh",
        "postal_code": "",
        "country": "KH",
        "shipping_method": "courier",
        "payment_method": "bank_transfer",
        "placement_key": hidden(html, "placement_key"),
        "expected_total": hidden(html, "expected_total"),
    }
    return {**values, **changes}


def make_text_page(slug: str = "grades", **values: Any) -> TextPage:
    """Write a published page of text."""
    facts = {"slug": slug, "title": slug.capitalize(), "body": "Plain words.", **values}
    return save_text_page(None, by=None, values=facts)


def make_promotion(heading: str = "Students, look here", **values: Any) -> Promotion:
    """Plan a promotion: a panel from now on, unless `values` say otherwise."""
    return save_promotion(None, by=None, values={"heading": heading, **values})
