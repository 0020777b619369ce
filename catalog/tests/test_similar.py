"""What is shown beside a product: the same department, near its price, the most alike first."""

from decimal import Decimal

import pytest

from catalog.listings import rebuild
from catalog.models import Listing, Product
from catalog.similar import CHEAPEST, COMPARED, DEAREST, similar_to
from catalog.tests.factories import make_category, make_product, make_variant

pytestmark = pytest.mark.django_db
SPECS = [
    {"key": "cpu", "label": "CPU", "kind": "text", "card": True},
    {"key": "ram_gb", "label": "RAM", "kind": "integer", "card": True},
]


def stock(category, prices):
    for number, price in enumerate(prices):
        product = make_product(f"P{number}", category=category, specs={})
        make_variant(product, price=str(price), units=number % 5 != 0)
    rebuild(Product.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("price", ["50.00", "100.00", "260.00", "1.00", None])
def test_the_nearest_by_price_equal_a_slow_search(price):
    category = make_category("laptops", spec_definitions=SPECS)
    stock(category, [40 + 3 * number for number in range(90)])
    wanted = None if price is None else Decimal(price)
    looked_at = make_variant(make_product("Looked at", category=category), price="100.00", units=1).product
    rows = [
        row
        for row in Listing.objects.filter(category=category, lead=True, in_stock=True)
        if row.product_id != looked_at.pk
    ]
    if wanted is None:
        slow = sorted(rows, key=lambda row: -row.product_id)[:COMPARED]
    else:
        rows = [row for row in rows if wanted * CHEAPEST <= row.price <= wanted * DEAREST]
        slow = sorted(rows, key=lambda row: (abs(row.price - wanted), row.product_id))[:COMPARED]
    found = similar_to(looked_at, price=wanted, specs={}, limit=COMPARED)
    assert bool(found) == (price != "1.00")
    assert [row.product_id for row in found] == [row.product_id for row in slow]


@pytest.mark.parametrize("products", [1, 3])
def test_two_queries_for_any_number(django_assert_num_queries, products):
    category = make_category("laptops", spec_definitions=SPECS)
    stock(category, [0.5, *[100 + number for number in range(products)]])
    looked_at = make_product("Looked at", category=category)
    with django_assert_num_queries(2):
        assert len(similar_to(looked_at, price=Decimal(100), specs={})) == products
