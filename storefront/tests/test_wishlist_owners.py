"""Whose list it is: accounts, logging in and out, strangers, and whom a list is shared with."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.tests.factories import PASSWORD, make_user
from carts.models import CartItem, Wishlist
from carts.tests.factories import make_wishlist
from carts.wishlists import share
from storefront.tests.factories import keep, share_address

pytestmark = pytest.mark.django_db
T14 = "/p/thinkpad-t14/?offer=T14-A-16"


def text(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def log_in(client, user):
    return client.post("/account/login/", {"email": user.email, "password": PASSWORD})


# --- Accounts -------------------------------------------------------------------------------------------------------


def test_an_account_finds_its_list_on_every_device_and_its_page_names_it(shop, dara, customer):
    keep(customer, shop.mouse)
    assert "wishlist" not in customer.cookies
    other = Client()
    other.force_login(dara)
    assert "My list, 1 item<" in text(other, "/wishlist/")
    assert '<a class="arrow small" href="/wishlist/">' in text(other, "/account/")


@pytest.mark.django_db(transaction=True)
def test_a_log_in_brings_the_guests_list_along_and_a_log_out_leaves_nothing(shop):
    dara, browser = make_user(), Client()
    make_wishlist(shop.mouse, user=dara)
    keep(browser, shop.excellent)
    browser.post("/compare/add/", {"sku": "M500"})
    browser.get(T14)
    code = browser.cookies["wishlist"].value
    assert log_in(browser, dara).cookies["wishlist"].value == ""
    assert "My list, 2 items<" in text(browser, "/wishlist/")
    assert Wishlist.objects.get().user == dara
    out = browser.post("/account/logout/")
    assert {name for name, cookie in out.cookies.items() if cookie.value == ""} >= {"wishlist", "compare", "recent"}
    assert "Your list is empty" in text(browser, "/wishlist/")
    assert "Nothing to compare yet" in text(browser, "/compare/")
    assert "You looked at" not in text(browser, "/")
    browser.cookies["wishlist"] = code
    assert "Your list is empty" in text(browser, "/wishlist/")


@pytest.mark.django_db(transaction=True)
def test_a_merge_that_failed_leaves_the_list_within_reach(shop, monkeypatch):
    def fall_over(*args, **kwargs):
        raise RuntimeError("the merge failed")

    monkeypatch.setattr("carts.listeners.merge_wishlists", fall_over)
    browser = Client()
    keep(browser, shop.mouse)
    response = log_in(browser, make_user())
    assert response.status_code == 302
    assert "wishlist" not in response.cookies
    assert Wishlist.objects.get().user is None


def test_a_guests_code_means_nothing_to_somebody_who_is_logged_in(shop, visitor, customer):
    keep(visitor, shop.mouse)
    customer.cookies["wishlist"] = visitor.cookies["wishlist"].value
    assert "Your list is empty" in text(customer, "/wishlist/")
    assert customer.post("/wishlist/remove/", {"sku": "M500"}).status_code == 404
    keep(customer, shop.excellent)
    assert "let-go" not in text(customer, "/p/m500/")
    assert "My list, 1 item<" in text(visitor, "/wishlist/")


def test_notices_of_a_merge_stay_until_they_are_dismissed(shop, dara, customer):
    make_wishlist(shop.mouse, user=dara)
    Wishlist.objects.update(notices=["Your list holds 200 things and is full: <b>2</b> were left out."])
    page = text(customer, "/wishlist/")
    assert "We brought two lists together." in page
    assert "&lt;b&gt;2&lt;/b&gt; were left out." in page
    customer.post("/wishlist/notices/")
    assert "two lists" not in text(customer, "/wishlist/")


def test_the_list_of_somebody_else_is_not_there(shop, dara, visitor):
    theirs = make_wishlist(shop.mouse, user=dara)
    share(theirs)
    stranger = Client()
    stranger.force_login(make_user())
    for client in (visitor, stranger):
        for path, sent in (("remove/", {"sku": "M500"}), ("move/", {"sku": "M500"}), ("share/", {}), ("unshare/", {})):
            assert client.post(f"/wishlist/{path}", sent).status_code == 404
        client.post("/wishlist/let-go/", {"sku": "M500"})
    keep(stranger, shop.excellent)
    stranger.post("/wishlist/remove/", {"sku": "M500"})
    stranger.post("/wishlist/unshare/")
    theirs.refresh_from_db()
    assert theirs.share_code
    assert theirs.items.count() == 1
    assert CartItem.objects.count() == 0


def test_a_guessed_list_code_opens_nothing(shop, visitor):
    make_wishlist(shop.mouse)
    for code in ("", "x", "A" * 32, "é" * 10, "A" * 5000, str(Wishlist.objects.get().pk)):
        visitor.cookies["wishlist"] = code
        assert "Your list is empty" in text(visitor, "/wishlist/")


# --- Sharing --------------------------------------------------------------------------------------------------------


def test_a_shared_list_shows_goods_and_nobody(shop, dara, customer, visitor):
    keep(customer, shop.excellent, shop.fair)
    shop.excellent.price = Decimal("550.00")
    shop.excellent.save()
    address = share_address(customer)
    response = visitor.get(address)
    page = response.content.decode()
    assert "A list somebody shares with you" in page
    assert "$550.00" in page
    assert "Sold out" in page
    assert page.count('action="/cart/add/"') == 1
    for private in ("Dara Sok", dara.email, "when you kept it", "Kept on", "600.00", "/wishlist/move/", "unshare"):
        assert private not in page, private
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in page
    assert '<meta name="referrer" content="same-origin">' in page
    assert visitor.post(address).status_code == 405


def test_what_is_seen_on_a_shared_list_can_be_kept_by_the_visitor(shop, customer, visitor):
    keep(customer, shop.mouse)
    address = share_address(customer)
    visitor.post("/wishlist/keep/", {"sku": "M500"}, headers={"Referer": f"http://testserver{address}"})
    assert Wishlist.objects.count() == 2
    assert "let-go" in text(visitor, address)


def test_a_link_that_was_taken_back_or_guessed_is_not_there(shop, customer, visitor):
    keep(customer, shop.mouse)
    address = share_address(customer)
    customer.post("/wishlist/unshare/")
    for wrong in (address, "/wishlist/shared/x/", f"/wishlist/shared/{'A' * 32}/", f"/wishlist/shared/{'x' * 3000}/"):
        assert "This page is not here" in text(visitor, wrong, 404)
    assert share_address(customer) != address


def test_an_empty_shared_list_says_so(shop, customer, visitor):
    keep(customer, shop.mouse)
    address = share_address(customer)
    customer.post("/wishlist/remove/", {"sku": "M500"})
    assert "Nothing is on this list at the moment" in text(visitor, address)
