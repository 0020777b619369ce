"""The wish list over the API."""

from decimal import Decimal

import pytest
import time_machine

from accounts.tests.factories import make_user
from carts import wishlists
from carts.models import Cart, CartItem, Wishlist, WishlistItem
from carts.tests.factories import make_cart, make_wishlist
from carts.wishlists import share
from catalog.models import Category, Product
from catalog.tests.factories import make_product, make_variant
from core.tests.api import client_of, places_of, problem_of

pytestmark = pytest.mark.django_db
LIST = "/api/v1/wishlist/"
ITEMS = "/api/v1/wishlist/items/"


def guest_with(*variants):
    """Return a client with a guest's list that holds these variants, and the secret code."""
    code = client_of().post(ITEMS, {"sku": variants[0].sku}, format="json").json()["code"]
    client = client_of(**{"X-Wishlist-Code": code})
    for variant in variants[1:]:
        assert client.post(ITEMS, {"sku": variant.sku}, format="json").status_code == 201
    return client, code


def skus(response):
    assert response.status_code == 200, response.content
    return [item["sku"] for item in response.json()["items"]]


@time_machine.travel("2026-11-24T11:54:51Z", tick=False)
def test_a_guest_gets_the_secret_once_and_finds_the_list_by_it():
    variant = make_variant(price="585.00", units=3)
    added = client_of().post(ITEMS, {"sku": variant.sku}, format="json")
    assert added.status_code == 201
    code = added.json()["code"]
    assert added["X-Wishlist-Code"] == code
    assert len(code) == 32
    variant.price = Decimal("500.00")
    variant.save()
    seen = client_of(**{"X-Wishlist-Code": code}).get(LIST)
    assert "X-Wishlist-Code" not in seen
    assert seen.json() == {
        "code": None,
        "currency": "USD",
        "share_code": None,
        "share_url": None,
        "items": [
            {
                "sku": variant.sku,
                "name": variant.product.full_name,
                "product": variant.product.slug,
                "grade": "B",
                "options": "",
                "price": "500.00",
                "available": 3,
                "can_be_bought": True,
                "price_when_kept": "585.00",
                "kept_at": "2026-11-24T11:54:51Z",
            }
        ],
        "notices": [],
    }


def test_nobody_has_a_list_before_keeping():
    for client in (client_of(), client_of(make_user())):
        assert client.get(LIST).json()["items"] == []
        problem_of(client.delete(f"{ITEMS}ANY/"), 404, "wishlist_not_found")
        problem_of(client.post(f"{ITEMS}ANY/move-to-cart/"), 404, "wishlist_not_found")
        problem_of(client.post(f"{LIST}share/"), 404, "wishlist_not_found")
    assert Wishlist.objects.count() == 0


def test_an_account_needs_no_code_and_a_foreign_code_changes_nothing():
    mine, theirs = make_variant(), make_variant()
    _, code = guest_with(theirs)
    client = client_of(make_user(), **{"X-Wishlist-Code": code})
    body = client.post(ITEMS, {"sku": mine.sku}, format="json").json()
    assert [item["sku"] for item in body["items"]] == [mine.sku]
    assert body["code"] is None


def test_a_code_that_opens_nothing_is_404_and_opens_nothing_new():
    variant = make_variant()
    client = client_of(**{"X-Wishlist-Code": "guessed-guessed-guessed"})
    problem_of(client.get(LIST), 404, "wishlist_not_found")
    problem_of(client.post(ITEMS, {"sku": variant.sku}, format="json"), 404, "wishlist_not_found")
    problem_of(client.delete(f"{ITEMS}{variant.sku}/"), 404, "wishlist_not_found")
    assert Wishlist.objects.count() == 0


@pytest.mark.parametrize("code", ["x" * 65, "ឡាន", "a b" * 30])
def test_a_code_that_cannot_be_ours_is_refused(code):
    body = problem_of(client_of(**{"X-Wishlist-Code": code}).get(LIST), 400, "invalid")
    assert places_of(body) == [("X-Wishlist-Code", "invalid")]
    assert body["errors"][0]["detail"] == "This is no wishlist code."


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, [("/sku", "required")]),
        ({"sku": ""}, [("/sku", "blank")]),
        ({"sku": "x" * 41}, [("/sku", "max_length")]),
        ({"sku": ["A"]}, [("/sku", "invalid")]),
        ({"sku": "A\x00"}, [("/sku", "bad_text")]),
        ({"sku": "A", "price_when_kept": "0.01"}, [("/price_when_kept", "unknown_field")]),
        ([], [("", "invalid")]),
    ],
)
def test_wrong_bodies_are_refused_with_pointers(body, places):
    assert places_of(problem_of(client_of().post(ITEMS, body, format="json"), 400, "invalid")) == places
    assert Wishlist.objects.count() == 0


def test_parameters_are_refused():
    assert places_of(problem_of(client_of().get(LIST, {"page": 2}), 400, "invalid")) == [("page", "unknown_parameter")]


def test_what_a_shopper_cannot_open_is_not_kept():
    withdrawn, retired, hidden = make_variant(is_offered=False), make_variant(), make_variant()
    Product.objects.filter(pk=retired.product_id).update(status="retired")
    hidden.product.category = Category.objects.create(name="Secret", slug="secret", path="secret", is_visible=False)
    hidden.product.save()
    for sku in ("NOPE", withdrawn.sku, retired.sku, hidden.sku):
        problem_of(client_of().post(ITEMS, {"sku": sku}, format="json"), 404, "sku_unknown")
    assert Wishlist.objects.count() == 0


def test_a_full_list_says_so(monkeypatch):
    monkeypatch.setattr(wishlists, "MAX_WISHES", 1)
    client, _ = guest_with(make_variant())
    body = problem_of(client.post(ITEMS, {"sku": make_variant().sku}, format="json"), 422, "wishlist_full")
    assert body["facts"] == {"limit": 1}


def test_things_are_taken_off():
    first, second = make_variant(), make_variant(sku="A B+1")
    client, _ = guest_with(first, second)
    assert skus(client.delete(f"{ITEMS}{second.sku}/")) == [first.sku]
    problem_of(client.delete(f"{ITEMS}{second.sku}/"), 404, "wish_unknown")


def test_a_foreign_list_cannot_be_touched():
    variant = make_variant(units=1)
    make_wishlist(variant, user=make_user())
    mine, _ = guest_with(make_variant())
    for client in (mine, client_of(make_user())):
        assert client.delete(f"{ITEMS}{variant.sku}/").status_code == 404
        assert client.post(f"{ITEMS}{variant.sku}/move-to-cart/").status_code == 404
    assert WishlistItem.objects.filter(variant=variant).count() == 1
    assert CartItem.objects.count() == 0


def test_moving_opens_a_guests_cart_and_tells_its_code():
    variant, other = make_variant(units=2, price="10.00"), make_variant()
    client, code = guest_with(variant, other)
    moved = client.post(f"{ITEMS}{variant.sku}/move-to-cart/")
    assert moved.status_code == 201
    assert [(item["sku"], item["quantity"]) for item in moved.json()["items"]] == [(variant.sku, 1)]
    assert moved["X-Cart-Code"] == moved.json()["code"]
    assert skus(client.get(LIST)) == [other.sku]
    both = client_of(**{"X-Wishlist-Code": code, "X-Cart-Code": moved["X-Cart-Code"]})
    both.post(ITEMS, {"sku": variant.sku}, format="json")
    again = both.post(f"{ITEMS}{variant.sku}/move-to-cart/")
    assert (again.json()["item_count"], again.json()["code"], Cart.objects.count()) == (2, None, 1)


def test_moving_uses_the_accounts_own_cart():
    user, variant = make_user(), make_variant(units=2)
    make_cart((variant, 1), user=user)
    make_wishlist(variant, user=user)
    assert client_of(user).post(f"{ITEMS}{variant.sku}/move-to-cart/").json()["item_count"] == 2


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_moved_stays_and_the_sku_is_named():
    gone, unpriced = make_variant(), make_variant(price=None, units=1)
    client, _ = guest_with(gone, unpriced)
    body = problem_of(client.post(f"{ITEMS}{gone.sku}/move-to-cart/"), 409, "sold_out")
    assert body["facts"] == {"available": 0, "sku": gone.sku}
    problem_of(client.post(f"{ITEMS}{unpriced.sku}/move-to-cart/"), 422, "not_for_sale")
    assert skus(client.get(LIST)) == [unpriced.sku, gone.sku]
    assert CartItem.objects.count() == 0


def test_a_shared_list_says_nothing_about_its_owner(settings):
    settings.SITE_URL = "https://shop.example"
    variant = make_variant(units=1)
    user = make_user("dara@example.com", first_name="Dara")
    make_wishlist(variant, user=user)
    body = client_of(user).post(f"{LIST}share/").json()
    assert body["share_url"] == f"https://shop.example/wishlist/shared/{body['share_code']}/"
    assert client_of(user).post(f"{LIST}share/").json()["share_code"] == body["share_code"]
    seen = client_of().get(f"{LIST}shared/{body['share_code']}/")
    assert skus(seen) == [variant.sku]
    assert seen["Cache-Control"] == "no-store"
    assert set(seen.json()) == {"currency", "items"}
    assert set(seen.json()["items"][0]) == {
        "sku",
        "name",
        "product",
        "grade",
        "options",
        "price",
        "available",
        "can_be_bought",
    }
    assert b"ara" not in seen.content.replace(b"Lenovo", b"")


def test_a_share_code_that_was_taken_back_or_guessed_is_404():
    user = make_user()
    wishlist = make_wishlist(make_variant(), user=user)
    code = share(wishlist)
    assert client_of(user).delete(f"{LIST}share/").json()["share_code"] is None
    for guess in (code, "x", "x" * 3000, "%00", str(wishlist.pk)):
        problem_of(client_of().get(f"{LIST}shared/{guess}/"), 404, "wishlist_not_found")
    # Whom a list is shared with may look, nothing else.
    again = share(wishlist)
    assert client_of().post(f"{LIST}shared/{again}/").status_code == 405
    problem_of(client_of(**{"X-Wishlist-Code": again}).get(LIST), 404, "wishlist_not_found")


def test_lists_merge_by_an_explicit_call_and_the_code_is_spent(monkeypatch):
    monkeypatch.setattr(wishlists, "MAX_WISHES", 2)
    user, variants = make_user(), [make_variant() for _ in range(3)]
    make_wishlist(variants[0], user=user)
    _, code = guest_with(*variants[1:])
    client = client_of(user, **{"X-Wishlist-Code": code})
    body = client.post(f"{LIST}merge/").json()
    assert {item["sku"] for item in body["items"]} == {variants[0].sku, variants[2].sku}
    assert body["notices"] == [
        "Your list holds 2 things and is full: 1 that you kept before you logged in was left out."
    ]
    problem_of(client.post(f"{LIST}merge/"), 404, "wishlist_not_found")
    assert client.delete(f"{LIST}notices/").status_code == 204
    assert client.get(LIST).json()["notices"] == []


def test_merging_needs_an_account_and_a_guests_code():
    problem_of(client_of().post(f"{LIST}merge/"), 401, "not_authenticated")
    body = problem_of(client_of(make_user()).post(f"{LIST}merge/"), 400, "invalid")
    assert places_of(body) == [("X-Wishlist-Code", "required")]
    theirs = make_wishlist(make_variant(), user=make_user())
    client = client_of(make_user(), **{"X-Wishlist-Code": str(theirs.pk)})
    problem_of(client.post(f"{LIST}merge/"), 404, "wishlist_not_found")
    assert theirs.items.count() == 1


def test_names_are_told_as_they_are():
    variant = make_variant(make_product("<script>alert(1)</script>"))
    client, _ = guest_with(variant)
    response = client.get(LIST)
    assert response["Content-Type"] == "application/json"
    assert response.json()["items"][0]["name"] == "Lenovo <script>alert(1)</script>"


@pytest.mark.parametrize("things", [1, 3])
def test_queries(things, django_assert_num_queries):
    client, _ = guest_with(*[make_variant(units=2) for _ in range(things)])
    sku = make_variant(units=1).sku
    share_code = share(Wishlist.objects.get())
    with django_assert_num_queries(2):
        client.get(LIST)
    with django_assert_num_queries(2):
        client.get(f"{LIST}shared/{share_code}/")
    with django_assert_num_queries(9):
        client.post(ITEMS, {"sku": sku}, format="json")
    with django_assert_num_queries(6):
        client.delete(f"{ITEMS}{sku}/")
