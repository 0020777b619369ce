"""Ways of shipping and taxes in the admin: only what makes sense can be saved."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from carts.models import ShippingMethod, TaxRate
from carts.tests.factories import make_cart, make_shipping_method, make_tax_rate, make_wishlist
from carts.wishlists import share
from catalog.tests.factories import make_variant
from core.versions import SHOP, current_versions

METHOD = {
    "name": "Courier",
    "code": "courier",
    "kind": "flat",
    "price": "2.50",
    "free_over": "",
    "countries": "kh, TH kh",
    "days_min": "1",
    "days_max": "3",
    "allows_cash_on_delivery": "on",
    "position": "0",
    "is_active": "on",
}


@pytest.fixture(autouse=True)
def boss(db, client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


def test_a_new_way_of_shipping(client):
    assert client.post(reverse("admin:carts_shippingmethod_add"), METHOD).status_code == 302
    method = ShippingMethod.objects.get()
    assert (method.price, method.countries, method.allows_cash_on_delivery) == (Decimal("2.50"), ["KH", "TH"], True)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"price": "-1"}, "Enter zero or more."),
        ({"price": "12345678901"}, "no more than 10 digits before the decimal point"),
        ({"kind": "free_over"}, "Say from which sum of goods shipping is free."),
        ({"kind": "free_over", "free_over": "-5"}, "Enter zero or more."),
        ({"kind": "pickup"}, "At the counter people pay when they pick it up; untick this."),
        ({"countries": "KH, XX"}, "XX: no such country."),
        ({"countries": "<b>"}, "&lt;B&gt;: no such country."),
        ({"days_min": "9"}, "This is less than the least number of days."),
        ({"days_max": "-1"}, "greater than or equal to 0"),
        ({"code": "not a slug"}, "valid “slug”"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_what_makes_no_sense_is_refused(client, told, words):
    answer = client.post(reverse("admin:carts_shippingmethod_add"), METHOD | told)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not ShippingMethod.objects.exists()


def test_the_code_of_a_method_stays(client):
    method = make_shipping_method("courier")
    client.post(
        reverse("admin:carts_shippingmethod_change", args=[method.pk]), METHOD | {"code": "other", "price": "3"}
    )
    method.refresh_from_db()
    assert (method.code, method.price) == ("courier", Decimal("3.00"))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"percent": "-1"}, "greater than or equal to 0"),
        ({"percent": "100.5"}, "less than or equal to 100"),
        ({"percent": "ten"}, "Enter a number."),
        ({"country": "XX"}, "Select a valid choice."),
        ({"country": ""}, "This field is required."),
        ({"country": "KH"}, "already exists"),
    ],
)
def test_a_tax_must_be_possible(client, told, words):
    make_tax_rate("KH", "10")
    answer = client.post(
        reverse("admin:carts_taxrate_add"), {"country": "TH", "region": "", "name": "VAT", "percent": "7"} | told
    )
    assert words in answer.content.decode()
    assert TaxRate.objects.count() == 1


def test_a_tax_may_be_taken_out(client):
    rate = make_tax_rate("TH", "7")
    assert client.post(reverse("admin:carts_taxrate_delete", args=[rate.pk]), {"post": "yes"}).status_code == 302
    assert not TaxRate.objects.exists()
    assert current_versions([SHOP]) == {SHOP: 1}, "product pages show the delivery of now"


def test_carts_are_looked_at_only(client):
    cart = make_cart((make_variant(units=2), 2))
    page = reverse("admin:carts_cart_change", args=[cart.pk])
    assert "ThinkPad" in client.get(page).content.decode()
    assert client.post(page, {"state": "ordered"}).status_code == 403


def test_lists_are_looked_at_only_and_the_code_of_a_shared_one_is_not_told(client):
    wishlist = make_wishlist(make_variant(price="12.34"), user=make_user("dara@example.com"))
    code = share(wishlist)
    page = reverse("admin:carts_wishlist_change", args=[wishlist.pk])
    for address in (page, reverse("admin:carts_wishlist_changelist")):
        html = client.get(address).content.decode()
        assert "dara@example.com" in html
        assert code not in html
    assert "$12.34" in client.get(page).content.decode()
    assert client.post(page, {"share_code": "x"}).status_code == 403
    assert client.get(reverse("admin:carts_wishlist_add")).status_code == 403
