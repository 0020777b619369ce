"""Which offer a product page opens, and where its tiles lead."""

from decimal import Decimal

import pytest

from catalog.models import Category, Product, Variant
from storefront.choices import axes_of, choose_offer, short_line, spec_rows

CATEGORY = Category(
    spec_definitions=[
        {"key": "ram_gb", "label": "Memory", "unit": "GB", "kind": "integer", "card": True},
        {"key": "color", "label": "Colour", "kind": "text"},
        {"key": "ports", "label": "Ports", "kind": "list", "hint": "Sockets"},
    ],
    variant_axes=["ram_gb", "color"],
)
PRODUCT = Product(category=CATEGORY, status="active")


def offer(sku, price, *, grade="B", available=1, **options):
    variant = Variant(
        product=PRODUCT, sku=sku, price=None if price is None else Decimal(price), grade=grade, options=options
    )
    variant.available = available
    return variant


@pytest.mark.parametrize(
    ("offers", "wanted", "chosen"),
    [
        ([offer("A", "5"), offer("B", "4")], "", "B"),
        ([offer("A", "5"), offer("B", "4", available=0)], "", "A"),
        ([offer("A", None), offer("B", "9", available=0)], "", "B"),
        ([offer("A", None)], "", "A"),
        ([offer("A", "5"), offer("B", "4")], "A", "A"),
        ([offer("A", "5"), offer("B", "4")], "Z", "B"),
        ([offer("A", "5"), offer("B", "5")], "", "A"),
    ],
)
def test_the_cheapest_that_can_be_bought_now_opens(offers, wanted, chosen):
    assert choose_offer(offers, wanted).sku == chosen


def test_no_offers_no_choice():
    assert choose_offer([], "A") is None


def test_a_tile_leads_to_the_offer_that_shares_most_of_the_rest():
    offers = [
        offer("B-8-black", "100", ram_gb=8, color="black"),
        offer("B-16-black", "120", ram_gb=16, color="black"),
        offer("B-16-white", "90", ram_gb=16, color="white"),
        offer("A-8-white", "150", grade="A", ram_gb=8, color="white"),
        offer("A-8-black", "170", grade="A", ram_gb=8, color="black"),
    ]
    grades, memory, colour = axes_of(offers, offers[0], CATEGORY)
    assert [(choice.label, choice.offer.sku, choice.is_current) for choice in grades.choices] == [
        ("A", "A-8-black", False),
        ("B", "B-8-black", True),
    ]
    # Black stays black although the white one is cheaper.
    assert [(choice.label, choice.offer.sku, choice.difference) for choice in memory.choices] == [
        ("8\N{NO-BREAK SPACE}GB", "B-8-black", Decimal(0)),
        ("16\N{NO-BREAK SPACE}GB", "B-16-black", Decimal(20)),
    ]
    assert [choice.offer.sku for choice in colour.choices] == ["B-8-black", "B-16-white"]
    assert (memory.label, colour.label) == ("Memory", "Colour")


def test_an_axis_with_one_value_is_no_choice_and_sold_out_stays_visible():
    offers = [offer("A", "100", ram_gb=8), offer("B", "90", grade="C", ram_gb=8, available=0)]
    axes = axes_of(offers, offers[0], CATEGORY)
    assert len(axes) == 1
    assert [(choice.label, choice.is_sold_out) for choice in axes[0].choices] == [("B", False), ("C", True)]


def test_values_of_mixed_kinds_are_sorted_without_an_error():
    offers = [offer(str(n), "1", ram_gb=value) for n, value in enumerate([16, None, "many", 8, 2.5, True])]
    _, memory = axes_of(offers, offers[0], CATEGORY)
    assert [choice.offer.sku for choice in memory.choices][:3] == ["4", "3", "0"]
    assert len(memory.choices) == 6


def test_specs_are_listed_in_the_categorys_order_with_gaps_named():
    rows = spec_rows(CATEGORY, {"ports": ["HDMI", "USB-C"], "other": 1}, {"ram_gb": 16})
    assert rows == [
        ("Memory", "16\N{NO-BREAK SPACE}GB", ""),
        ("Colour", "", ""),
        ("Ports", "HDMI, USB-C", "Sockets"),
    ]
    assert short_line(CATEGORY, {}, {"ram_gb": 16, "color": "black"}) == "16\N{NO-BREAK SPACE}GB"
    assert short_line(CATEGORY, {}, {}) == ""
