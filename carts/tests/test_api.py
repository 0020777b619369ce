"""The cart over the API."""

from decimal import Decimal

import pytest

from accounts.tests.factories import make_user
from carts.models import Cart, CartItem
from carts.tests.factories import make_cart, make_shipping_method, make_tax_rate
from catalog.models import Category
from catalog.tests.factories import make_variant
from core.tests.api import client_of, places_of, problem_of

pytestmark = pytest.mark.django_db
CART = "/api/v1/cart/"
ITEMS = "/api/v1/cart/items/"


def guest_with(*lines):
    """Return a client with a guest's cart that holds these lines, and the secret code."""
    code = client_of().post(ITEMS, {"sku": lines[0][0].sku, "quantity": lines[0][1]}, format="json").json()["code"]
    client = client_of(**{"X-Cart-Code": code})
    for variant, quantity in lines[1:]:
        assert client.post(ITEMS, {"sku": variant.sku, "quantity": quantity}, format="json").status_code == 201
    return client, code


def test_a_guest_gets_the_secret_once_and_finds_the_cart_by_it():
    variant = make_variant(price="585.00", units=3)
    added = client_of().post(ITEMS, {"sku": variant.sku, "quantity": 2}, format="json")
    assert added.status_code == 201
    code = added.json()["code"]
    assert added["X-Cart-Code"] == code
    assert len(code) == 32
    seen = client_of(**{"X-Cart-Code": code}).get(CART)
    body = seen.json()
    assert "X-Cart-Code" not in seen
    assert body["code"] is None
    assert (body["currency"], body["total"], body["goods_total"]) == ("USD", "1170.00", "1170.00")
    line = body["items"][0]
    assert (line["sku"], line["quantity"], line["available"], line["unit_price"], line["total"], line["problem"]) == (
        variant.sku,
        2,
        3,
        "585.00",
        "1170.00",
        "",
    )


def test_an_account_needs_no_code_and_a_foreign_code_changes_nothing():
    mine, theirs = make_variant(units=1), make_variant(units=1)
    _, code = guest_with((theirs, 1))
    client = client_of(make_user(), **{"X-Cart-Code": code})
    body = client.post(ITEMS, {"sku": mine.sku}, format="json").json()
    assert [line["sku"] for line in body["items"]] == [mine.sku]
    assert body["code"] is None


def test_nobody_has_a_cart_before_adding():
    for client in (client_of(), client_of(make_user())):
        body = client.get(CART).json()
        assert (body["items"], body["total"], body["item_count"]) == ([], "0.00", 0)
    assert Cart.objects.count() == 0


def test_a_code_that_opens_nothing_is_404_and_opens_nothing_new():
    variant = make_variant(units=1)
    client = client_of(**{"X-Cart-Code": "guessed-guessed-guessed"})
    problem_of(client.get(CART), 404, "cart_not_found")
    problem_of(client.post(ITEMS, {"sku": variant.sku}, format="json"), 404, "cart_not_found")
    assert Cart.objects.count() == 0


@pytest.mark.parametrize("code", ["x" * 65, "ឡាន", "a b" * 30])
def test_a_code_that_cannot_be_ours_is_refused_or_unknown(code):
    response = client_of(**{"X-Cart-Code": code}).get(CART)
    assert response.status_code in (400, 404)
    assert response["Content-Type"] == "application/problem+json"


def test_the_quote_counts_shipping_and_tax_of_the_place():
    make_tax_rate("KH", "10")
    method = make_shipping_method(price="2.50")
    client, _ = guest_with((make_variant(price="110.00", units=1), 1))
    body = client.get(CART, {"country": "kh", "region": "Kampot", "shipping_method": method.code}).json()
    assert (body["shipping_method"], body["shipping_total"], body["total"]) == ("courier", "2.50", "112.50")
    assert (body["tax_name"], body["tax_percent"], body["tax_total"]) == ("VAT", "10.000", "10.23")


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"country": "XX"}, [("country", "unknown_country")]),
        ({"shipping_method": "balloon"}, [("shipping_method", "does_not_exist")]),
        ({"colour": "red", "a": "b"}, [("a", "unknown_parameter"), ("colour", "unknown_parameter")]),
        ({"region": "x\x00"}, [("region", "null_characters_not_allowed")]),
        ({"country": ["KH", "VN"]}, [("country", "repeated")]),
    ],
)
def test_wrong_parameters_are_named(query, places):
    assert places_of(problem_of(client_of().get(CART, query), 400, "invalid")) == places


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, [("/sku", "required")]),
        ({"sku": ""}, [("/sku", "blank")]),
        ({"sku": "x" * 41}, [("/sku", "max_length")]),
        ({"sku": 3.5, "quantity": "many"}, [("/quantity", "invalid")]),
        ({"sku": "A", "quantity": 0}, [("/quantity", "min_value")]),
        ({"sku": "A", "quantity": -1}, [("/quantity", "min_value")]),
        ({"sku": "A", "quantity": 100}, [("/quantity", "max_value")]),
        ({"sku": "A", "quantity": 10**30}, [("/quantity", "max_value")]),
        ({"sku": "A", "quantity": 1.5}, [("/quantity", "invalid")]),
        ({"sku": "A", "quantity": True}, [("/quantity", "invalid")]),
        ({"sku": "A", "quantity": None}, [("/quantity", "null")]),
        ({"sku": ["A"]}, [("/sku", "invalid")]),
        ({"sku": "A", "price": "0.01", "x/y": 1}, [("/price", "unknown_field"), ("/x~1y", "unknown_field")]),
        ({"sku": "A\x00"}, [("/sku", "bad_text")]),
        ([], [("", "invalid")]),
        ("sku", [("", "invalid")]),
    ],
)
def test_wrong_bodies_are_refused_with_pointers(body, places):
    response = client_of().post(ITEMS, body, format="json")
    assert places_of(problem_of(response, 400, "invalid")) == places
    assert Cart.objects.count() == 0


def test_unknown_and_hidden_articles_are_404():
    problem_of(client_of().post(ITEMS, {"sku": "NOPE"}, format="json"), 404, "sku_unknown")
    hidden = make_variant(units=1)
    Category.objects.update(is_visible=False)
    problem_of(client_of().post(ITEMS, {"sku": hidden.sku}, format="json"), 404, "sku_unknown")
    assert Cart.objects.count() == 0


def test_more_than_there_are_is_a_conflict_that_names_sku_and_number():
    variant = make_variant(units=2)
    client, _ = guest_with((variant, 1))
    body = problem_of(client.post(ITEMS, {"sku": variant.sku, "quantity": 2}, format="json"), 409, "sold_out")
    assert body["facts"] == {"available": 2, "sku": variant.sku}
    assert CartItem.objects.get().quantity == 1


def test_what_has_no_price_cannot_be_added():
    unpriced = make_variant(price=None, units=1)
    body = problem_of(client_of().post(ITEMS, {"sku": unpriced.sku}, format="json"), 422, "not_for_sale")
    assert body["facts"] == {"sku": unpriced.sku}


def test_quantities_change_and_lines_go():
    variant = make_variant(price="10.00", units=5)
    client, _ = guest_with((variant, 1))
    item = f"{ITEMS}{CartItem.objects.get().code}/"
    assert client.patch(item, {"quantity": 3}, format="json").json()["total"] == "30.00"
    problem_of(client.patch(item, {"quantity": 6}, format="json"), 409, "sold_out")
    assert client.patch(item, {"quantity": 0}, format="json").json()["items"] == []
    problem_of(client.delete(item), 404, "line_unknown")


def test_a_line_can_be_removed():
    client, _ = guest_with((make_variant(units=1), 1))
    body = client.delete(f"{ITEMS}{CartItem.objects.get().code}/").json()
    assert (body["items"], body["total"]) == ([], "0.00")


def test_a_foreign_line_is_404_and_stays():
    guest_with((make_variant(units=3), 1))
    foreign = CartItem.objects.get()
    mine, _ = guest_with((make_variant(units=1), 1))
    for client in (mine, client_of(make_user())):
        assert client.patch(f"{ITEMS}{foreign.code}/", {"quantity": 2}, format="json").status_code == 404
        assert client.delete(f"{ITEMS}{foreign.code}/").status_code == 404
    problem_of(mine.delete(f"{ITEMS}{10**30}/"), 404, "line_unknown")
    foreign.refresh_from_db()
    assert foreign.quantity == 1


def test_carts_merge_by_an_explicit_call_and_the_code_is_spent():
    user = make_user()
    both, only_guest = make_variant(units=3), make_variant(units=1)
    make_cart((both, 2), user=user)
    _, code = guest_with((both, 2), (only_guest, 1))
    client = client_of(user, **{"X-Cart-Code": code})
    body = client.post("/api/v1/cart/merge/").json()
    assert {line["sku"]: line["quantity"] for line in body["items"]} == {both.sku: 3, only_guest.sku: 1}
    assert body["notices"] == [f"{both.product.full_name}: you had 4 in two carts, 3 could be kept."]
    problem_of(client.post("/api/v1/cart/merge/"), 404, "cart_not_found")
    assert client_of(user).delete("/api/v1/cart/notices/").status_code == 204
    assert client_of(user).get(CART).json()["notices"] == []


def test_merging_needs_an_account_and_a_code():
    problem_of(client_of().post("/api/v1/cart/merge/"), 401, "not_authenticated")
    body = problem_of(client_of(make_user()).post("/api/v1/cart/merge/"), 400, "invalid")
    assert places_of(body) == [("X-Cart-Code", "required")]


def test_another_accounts_cart_cannot_be_merged_away():
    owner = make_user()
    cart = make_cart((make_variant(units=1), 1), user=owner)
    client = client_of(make_user(), **{"X-Cart-Code": str(cart.pk)})
    problem_of(client.post("/api/v1/cart/merge/"), 404, "cart_not_found")
    assert client_of(owner).get(CART).json()["item_count"] == 1


def test_what_stands_in_the_way_is_said():
    variant = make_variant(units=2)
    client, _ = guest_with((variant, 2))
    variant.units.all()[:1].get().delete()
    assert client.get(CART).json()["items"][0]["problem"] == "sold_out"
    assert client.get(CART).json()["has_problems"] is True


@pytest.mark.parametrize("lines", [1, 3])
def test_queries(lines, django_assert_num_queries):
    make_shipping_method()
    client, _ = guest_with(*[(make_variant(units=5, price=Decimal(10)), 1) for _ in range(lines)])
    sku = make_variant(units=2).sku
    with django_assert_num_queries(3):
        client.get(CART)
    with django_assert_num_queries(4):
        client.get(CART, {"shipping_method": "courier"})
    with django_assert_num_queries(10):
        client.post(ITEMS, {"sku": sku}, format="json")
    with django_assert_num_queries(10):
        client.post(ITEMS, {"sku": sku}, format="json")
