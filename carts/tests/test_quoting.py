"""The one pricing function."""

from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carts.models import CartItem, ShippingMethod
from carts.quoting import quote, shipping_methods_for, tax_at
from carts.tests.factories import make_cart, make_pickup, make_shipping_method, make_tax_rate
from catalog.models import RentalPlan, Unit, Variant
from catalog.tests.factories import make_variant

pytestmark = pytest.mark.django_db


def test_an_empty_cart_costs_nothing_whatever_the_shipping():
    priced = quote(make_cart(), address=None, shipping_method=make_shipping_method())
    assert (priced.total, priced.shipping_total, priced.lines) == (D(0), D(0), [])
    assert quote(None, address=None, shipping_method=None).total == D(0)


def test_prices_include_the_tax_of_the_place():
    make_tax_rate("KH", "10")
    cart = make_cart((make_variant(price="110.00", units=2), 2))
    priced = quote(cart, address={"country": "KH"}, shipping_method=make_shipping_method(price="5.50"))
    assert priced.goods_total == D("220.00")
    assert priced.lines[0].tax == D("20.00")
    assert (priced.shipping_total, priced.shipping_tax) == (D("5.50"), D("0.50"))
    assert (priced.tax_total, priced.total) == (D("20.50"), D("225.50"))


def test_exclusive_prices_add_the_tax(settings):
    settings.PRICES_INCLUDE_TAX = False
    make_tax_rate("US", "7.25", region="CA")
    cart = make_cart((make_variant(price="99.99", units=1), 1))
    address = {"country": "US", "region": "ca"}
    priced = quote(cart, address=address, shipping_method=make_shipping_method(price="10.00"))
    assert (priced.lines[0].tax, priced.shipping_tax) == (D("7.25"), D("0.73"))
    assert priced.total == D("99.99") + D("10.00") + D("7.98")


def test_a_regions_rate_is_stronger_than_the_countrys():
    make_tax_rate("US", "0")
    make_tax_rate("US", "7.25", region="CA")
    assert tax_at({"country": "US", "region": " ca "}).percent == D("7.25")
    assert tax_at({"country": "US", "region": "TX"}).percent == D(0)
    assert tax_at({"country": "FR"}).percent == D(0)


def test_without_an_address_the_shops_own_country_counts():
    make_tax_rate("KH", "10")
    assert tax_at(None).percent == D(10)


@pytest.mark.parametrize(("goods", "shipping"), [("299.99", "5.00"), ("300.00", "0"), ("300.01", "0")])
def test_shipping_is_free_from_the_named_sum(goods, shipping):
    method = make_shipping_method("provinces", price="5.00", kind=ShippingMethod.Kind.FREE_OVER, free_over=D(300))
    cart = make_cart((make_variant(price=goods, units=1), 1))
    assert quote(cart, address=None, shipping_method=method).shipping_total == D(shipping)


def test_picking_up_costs_nothing():
    cart = make_cart((make_variant(units=1), 1))
    assert quote(cart, address=None, shipping_method=make_pickup()).shipping_total == D(0)


def test_methods_by_country():
    local = make_shipping_method("local", countries=["KH"], position=1)
    anywhere = make_shipping_method("world", position=2)
    make_shipping_method("off", is_active=False)
    assert shipping_methods_for("KH") == [local, anywhere]
    assert shipping_methods_for("FR") == [anywhere]


def test_lines_tell_what_stands_in_the_way():
    fine, short, unpriced = (make_variant(units=2) for _ in range(3))
    cart = make_cart((fine, 1), (short, 2), (unpriced, 1))
    Unit.objects.filter(variant=short).update(state="repair")
    Variant.objects.filter(pk=unpriced.pk).update(price=None)
    priced = quote(cart, address=None, shipping_method=None)
    assert [line.problem for line in priced.lines] == ["", "sold_out", "not_for_sale"]
    assert priced.has_problems
    assert priced.item_count == 4


def test_rent_asks_for_one_month_now_and_shares_the_pool():
    variant = make_variant(price="600.00", units=2)
    plan = RentalPlan.objects.create(variant=variant, months=12, monthly_price="65.00", is_published=True)
    cart = make_cart((variant, 2))
    CartItem.objects.create(cart=cart, variant=variant, rental_plan=plan, choice_key="r", quantity=1)
    bought, rented = quote(cart, address=None, shipping_method=None).lines
    assert (rented.due_now, rented.total) == (D("65.00"), D("780.00"))
    assert (bought.problem, rented.problem) == ("", "sold_out")


@pytest.mark.parametrize("lines", [1, 3])
def test_a_quote_costs_two_queries(django_assert_num_queries, lines):
    make_tax_rate()
    method = make_shipping_method()
    cart = make_cart(*[(make_variant(units=1), 1) for _ in range(lines)])
    with django_assert_num_queries(2):
        quote(cart, address={"country": "KH"}, shipping_method=method)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.lists(
        st.tuples(st.decimals(min_value="0.01", max_value="9999.99", places=2), st.integers(1, 9)),
        min_size=1,
        max_size=5,
    ),
    percent=st.decimals(min_value=0, max_value=30, places=3),
    shipping=st.decimals(min_value=0, max_value=100, places=2),
    include=st.booleans(),
)
def test_the_sum_of_what_is_printed_is_the_total(settings, prices, percent, shipping, include):
    settings.PRICES_INCLUDE_TAX = include
    make_tax_rate("KH", str(percent))
    method = make_shipping_method(price=str(shipping))
    cart = make_cart(*[(make_variant(price=price, units=quantity), quantity) for price, quantity in prices])
    priced = quote(cart, address={"country": "KH"}, shipping_method=method)
    assert priced.goods_total == sum(price * quantity for price, quantity in prices)
    assert priced.tax_total == sum(line.tax for line in priced.lines) + priced.shipping_tax
    added = D(0) if include else priced.tax_total
    assert priced.total == priced.goods_total + priced.shipping_total - priced.discount_total + added
    assert all(line.tax >= 0 for line in priced.lines)
