"""The cart page, for guests and accounts."""

import pytest
from django.conf import settings
from django.test import Client

from carts.models import Cart, CartItem
from carts.tests.factories import make_cart
from core.codes import token_hash
from storefront.tests.factories import fill_cart

pytestmark = pytest.mark.django_db


def items():
    return list(CartItem.objects.order_by("pk").values_list("variant__sku", "quantity"))


def test_a_guests_first_addition_opens_a_cart_whose_secret_only_the_cookie_knows(shop, visitor):
    response = visitor.post("/cart/add/", {"sku": "T14-A-16"})
    assert (response.status_code, response["Location"]) == (302, "/cart/")
    cookie = response.cookies["cart"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["secure"]) == (True, "Lax", 2592000, "")
    assert Cart.objects.get().code_hash == token_hash(cookie.value)
    page = visitor.get("/cart/").content.decode()
    assert "Lenovo ThinkPad T14 Gen 3 is in your cart." in page
    assert "Cart, 1 item<" in page


def test_over_https_the_cookie_is_secure(shop, visitor):
    response = visitor.post("/cart/add/", {"sku": "T14-A-16"}, secure=True)
    assert response.cookies["cart"]["secure"] is True


def test_adding_again_makes_no_second_line_and_no_second_cart(shop, visitor):
    fill_cart(visitor, (shop.excellent, 1), (shop.excellent, 1), (shop.mouse, 2))
    assert items() == [("T14-A-16", 2), ("M500", 2)]
    assert Cart.objects.count() == 1


def test_the_totals_name_delivery_and_tax(shop, visitor):
    fill_cart(visitor, (shop.excellent, 1), (shop.mouse, 2))
    page = visitor.get("/cart/").content.decode()
    assert "$624.00" in page
    assert "<div><dt>Delivery, Courier</dt><dd>$2.00</dd></div>" in page
    assert '<div class="total"><dt>Total</dt><dd>$626.00</dd></div>' in page
    assert "Includes $56.91 VAT." in page
    assert "Check out, no account needed" in page


def test_more_than_there_is_is_refused_on_the_products_page(shop, visitor):
    response = visitor.post("/cart/add/", {"sku": "T14-B-16", "quantity": "2"})
    assert response["Location"] == "/p/thinkpad-t14/?offer=T14-B-16"
    assert "Only 1 left of these." in visitor.get(response["Location"]).content.decode()
    assert items() == []


@pytest.mark.parametrize("quantity", ["-1", "100", "abc", "1.5", "9" * 40, "1\x00"])
def test_an_impossible_quantity_is_explained_and_adds_nothing(shop, visitor, quantity):
    response = visitor.post("/cart/add/", {"sku": "M500", "quantity": quantity})
    assert response["Location"] == "/p/m500/?offer=M500"
    page = visitor.get(response["Location"]).content.decode()
    assert "Enter a whole number from 1 to 99." in page or "Null characters are not allowed." in page
    assert items() == []


@pytest.mark.parametrize("sku", ["NOPE", "x" * 4000, "T14\x00", "", "' OR 1=1 --"])
def test_an_unknown_offer_is_not_found_or_refused(shop, visitor, sku):
    response = visitor.post("/cart/add/", {"sku": sku})
    assert response.status_code == 404 or response["Location"] == "/cart/"
    assert items() == []


@pytest.mark.parametrize(
    ("data", "after"),
    [
        ({"quantity": "3", "do": "set"}, [3]),
        ({"quantity": "2", "do": "more"}, [3]),
        ({"quantity": "2", "do": "less"}, [1]),
        ({"quantity": "1", "do": "less"}, []),
        ({"quantity": "2", "do": "remove"}, []),
        ({"quantity": "0"}, []),
        # Nothing of these is understood, so nothing changes.
        ({"quantity": "-4", "do": "set"}, [2]),
        ({"quantity": "many", "do": "set"}, [2]),
        ({"quantity": "9999999", "do": "set"}, [2]),
        ({"quantity": "2", "do": "explode"}, [2]),
        ({"do": "more"}, [2]),
        # At most three of these an order.
        ({"quantity": "4", "do": "set"}, [2]),
    ],
)
def test_a_line_changes_by_number_and_by_step(shop, visitor, data, after):
    fill_cart(visitor, (shop.mouse, 2))
    response = visitor.post(f"/cart/lines/{CartItem.objects.get().code}/", data)
    assert response["Location"] == "/cart/"
    assert [quantity for _sku, quantity in items()] == after


def test_a_refused_change_says_why(shop, visitor):
    fill_cart(visitor, (shop.mouse, 2))
    response = visitor.post(f"/cart/lines/{CartItem.objects.get().code}/", {"quantity": "4"}, follow=True)
    assert "At most 3 of these per order." in response.content.decode()


def test_htmx_gets_the_cart_alone_with_the_new_count_for_the_header(shop, visitor):
    fill_cart(visitor, (shop.mouse, 1))
    line = f"/cart/lines/{CartItem.objects.get().code}/"
    body = visitor.post(line, {"quantity": "1", "do": "more"}, headers={"HX-Request": "true"}).content.decode()
    assert body.lstrip().startswith('<div id="cart" data-say="Cart: 2 items, $26.00">')
    assert "<html" not in body
    assert 'hx-swap-oob="true"' in body
    assert "Cart, 2 items" in body
    refused = visitor.post(line, {"quantity": "3", "do": "more"}, headers={"HX-Request": "true"}).content.decode()
    assert "At most 3 of these per order." in refused
    assert items() == [("M500", 2)]


def test_a_line_of_somebody_else_is_not_there(shop, visitor, customer):
    fill_cart(customer, (shop.mouse, 2))
    foreign = CartItem.objects.get().code
    assert visitor.post(f"/cart/lines/{foreign}/", {"quantity": "1"}).status_code == 404
    fill_cart(visitor, (shop.excellent, 1))
    assert visitor.post(f"/cart/lines/{foreign}/", {"quantity": "1"}).status_code == 404
    assert visitor.post(f"/cart/lines/{'X' * 200}/", {"quantity": "1"}).status_code == 404
    assert items() == [("M500", 2), ("T14-A-16", 1)]


def test_a_guessed_cart_code_opens_nothing(shop, visitor):
    make_cart((shop.mouse, 1))
    for code in ("", "x", "A" * 32, "é" * 10, "A" * 5000):
        visitor.cookies["cart"] = code
        page = visitor.get("/cart/")
        assert "Your cart is empty" in page.content.decode()


def test_an_account_finds_its_cart_on_every_device(shop, dara, customer):
    fill_cart(customer, (shop.mouse, 2))
    other = Client()
    other.force_login(dara)
    assert "Cart, 2 items" in other.get("/cart/").content.decode()


def test_lines_that_cannot_be_ordered_say_so_and_stop_the_checkout(shop, visitor):
    fill_cart(visitor, (shop.good, 1), (shop.mouse, 2))
    shop.good.units.update(state="testing")
    shop.mouse.is_offered = False
    shop.mouse.save()
    page = visitor.get("/cart/").content.decode()
    assert "Sold out meanwhile. Remove it to order the rest." in page
    assert "Not for sale any more. Remove it to order the rest." in page
    assert "Change the marked lines first." in page
    assert 'href="/checkout/"' not in page


def test_notices_of_a_merge_stay_until_they_are_dismissed(shop, dara, customer):
    cart = make_cart((shop.mouse, 1), user=dara)
    cart.notices = ["Logitech M500: you had 9 in two carts, 3 could be kept."]
    cart.save()
    assert "you had 9 in two carts, 3 could be kept." in customer.get("/cart/").content.decode()
    customer.post("/cart/notices/")
    assert "two carts" not in customer.get("/cart/").content.decode()


def test_an_empty_cart_shows_the_way_on(visitor):
    page = visitor.get("/cart/").content.decode()
    assert "Your cart is empty" in page
    assert 'href="/#departments"' in page


@pytest.mark.parametrize("path", ["/cart/add/", "/cart/lines/1/", "/cart/notices/"])
def test_changes_are_posts_with_a_token(path, visitor):
    assert visitor.get(path).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    refused = strict.post(path, {"sku": "M500"})
    assert refused.status_code == 403
    assert "We could not tell that the form came from our own page. Nothing was changed." in refused.content.decode()


def test_nobody_elses_browser_cache_keeps_the_cart(visitor):
    assert "no-store" in visitor.get("/cart/")["Cache-Control"]


@pytest.mark.parametrize("lines", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_lines(shop, visitor, django_assert_num_queries, lines):
    fill_cart(visitor, *[(shop.mouse, 1), (shop.excellent, 1), (shop.large, 1)][:lines])
    visitor.get("/cart/")  # the departments of the header are cached for a minute
    with django_assert_num_queries(6):
        visitor.get("/cart/")


@pytest.mark.parametrize("lines", [1, 3])
def test_an_accounts_page_takes_session_and_user_on_top(shop, customer, django_assert_num_queries, lines):
    fill_cart(customer, *[(shop.mouse, 1), (shop.excellent, 1), (shop.large, 1)][:lines])
    customer.get("/cart/")
    with django_assert_num_queries(9):  # and what the account keeps on its list
        customer.get("/cart/")


def test_the_shops_currency_is_everywhere(shop, visitor):
    fill_cart(visitor, (shop.mouse, 1))
    assert f"Prices in {settings.SHOP_CURRENCY}." in visitor.get("/cart/").content.decode()
