"""The wish list in the shop: keep, look, move, share; with and without an account."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import resolve

from carts import wishlists
from carts.models import CartItem, Wishlist, WishlistItem
from carts.wishlists import share
from catalog.listings import rebuild
from catalog.models import Product, Unit
from catalog.tests.factories import make_product, make_units, make_variant
from core.codes import token_hash
from storefront.tests.factories import keep, queries_of, share_address
from storefront.views.wishlist import PAGE_SIZE

pytestmark = pytest.mark.django_db
LAPTOPS = "/c/computers/laptops/"
T14 = "/p/thinkpad-t14/?offer=T14-A-16"
HTMX = {"HX-Request": "true"}


def text(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def kept():
    return list(WishlistItem.objects.order_by("pk").values_list("variant__sku", flat=True))


# --- The buttons ----------------------------------------------------------------------------------------------------


def test_a_guests_first_wish_opens_a_list_whose_secret_only_the_cookie_knows(shop, visitor):
    response = visitor.post("/wishlist/keep/", {"sku": "T14-A-16"}, headers={"Referer": f"http://testserver{LAPTOPS}"})
    assert (response.status_code, response["Location"]) == (302, f"http://testserver{LAPTOPS}")
    cookie = response.cookies["wishlist"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["secure"]) == (True, "Lax", 7776000, "")
    assert Wishlist.objects.get().code_hash == token_hash(cookie.value)
    page = text(visitor, LAPTOPS)
    assert "Lenovo ThinkPad T14 Gen 3 is on your list." in page
    assert "My list, 1 item<" in page
    keep(visitor, shop.mouse)
    assert Wishlist.objects.count() == 1
    assert kept() == ["T14-A-16", "M500"]


def test_over_https_the_cookie_is_secure(shop, visitor):
    assert visitor.post("/wishlist/keep/", {"sku": "M500"}, secure=True).cookies["wishlist"]["secure"] is True


@pytest.mark.parametrize("origin", ["", "https://evil.example/", "//evil.example", "javascript:alert(1)", "http://["])
def test_nobody_is_sent_to_another_place_than_ours(shop, visitor, origin):
    response = visitor.post("/wishlist/keep/", {"sku": "M500"}, headers={"Referer": origin})
    assert response["Location"] == "/wishlist/"


def test_cards_and_product_pages_have_the_button_and_it_knows_what_is_kept(shop, visitor):
    rebuild([shop.laptop.pk])
    fresh = text(visitor, LAPTOPS)
    assert 'name="sku" value="T14-B-16" formaction="/wishlist/keep/"' in fresh
    assert 'Keep<span class="vh"> Lenovo ThinkPad T14 Gen 3 on my list</span>' in fresh
    assert 'name="sku" value="T14-A-16" formaction="/wishlist/keep/"' in text(visitor, T14)
    keep(visitor, shop.good)
    again = text(visitor, LAPTOPS)
    assert 'name="sku" value="T14-B-16" formaction="/wishlist/let-go/"' in again
    assert 'On my list<span class="vh"> (take Lenovo ThinkPad T14 Gen 3 off)</span>' in again
    assert 'formaction="/wishlist/keep/"' in text(visitor, T14)
    assert "let-go" in text(visitor, "/p/thinkpad-t14/?offer=T14-B-16")
    # Nobody else sees it.
    assert "let-go" not in text(Client(), LAPTOPS)
    visitor.post("/wishlist/let-go/", {"sku": "T14-B-16"})
    assert "let-go" not in text(visitor, LAPTOPS)


def test_htmx_gets_the_button_the_count_and_a_sentence(shop, visitor):
    body = visitor.post("/wishlist/keep/", {"sku": "M500"}, headers=HTMX).content.decode()
    assert body.startswith(
        '<span class="choose" data-say="Logitech M500 is on your list."><button class="link" id="keep-M500"'
    )
    assert 'hx-post="/wishlist/let-go/"' in body
    assert re.search(r'<a id="wish-link" href="/wishlist/" data-n="1" hx-swap-oob="true">.*My list, 1 item<', body)
    assert "<html" not in body
    body = visitor.post("/wishlist/let-go/", {"sku": "M500"}, headers=HTMX).content.decode()
    assert 'data-say="Logitech M500 is off your list."' in body
    assert 'hx-post="/wishlist/keep/"' in body
    assert "My list</span>" in body
    assert kept() == []


def test_a_full_list_says_so_on_the_page_and_beside_the_button(shop, visitor, monkeypatch):
    monkeypatch.setattr(wishlists, "MAX_WISHES", 1)
    keep(visitor, shop.mouse)
    words = "A list holds at most 1 things. Take something off it first."
    body = visitor.post("/wishlist/keep/", {"sku": "T14-A-16"}, headers=HTMX).content.decode()
    assert body.count(words) == 2  # seen, and said
    assert 'hx-post="/wishlist/keep/"' in body
    keep(visitor, shop.excellent)
    assert words in text(visitor, "/wishlist/")
    assert kept() == ["M500"]


@pytest.mark.parametrize("sku", ["NOPE", "x" * 4000, "T14\x00", "", "' OR 1=1 --", "ក" * 40])
def test_an_unknown_offer_is_not_found(shop, visitor, sku):
    assert visitor.post("/wishlist/keep/", {"sku": sku}).status_code == 404
    assert visitor.post("/wishlist/let-go/", {"sku": sku}).status_code == 404
    assert Wishlist.objects.count() == 0


def test_what_a_shopper_cannot_open_is_not_kept_but_can_be_let_go(shop, visitor):
    keep(visitor, shop.mouse)
    Product.objects.filter(pk=shop.mouse.product_id).update(status="retired")
    assert visitor.post("/wishlist/keep/", {"sku": "M500"}).status_code == 404
    assert visitor.post("/wishlist/let-go/", {"sku": "M500"}).status_code == 302
    assert kept() == []


@pytest.mark.parametrize("path", ["keep/", "let-go/", "remove/", "move/", "share/", "unshare/", "notices/"])
def test_changes_are_posts_with_a_token(path, visitor):
    assert visitor.get(f"/wishlist/{path}").status_code == 405
    assert Client(enforce_csrf_checks=True).post(f"/wishlist/{path}", {"sku": "M500"}).status_code == 403


def test_the_form_of_the_buttons_carries_the_token(shop):
    strict = Client(enforce_csrf_checks=True)
    page = text(strict, LAPTOPS)
    form = re.search(r'<form id="choose" method="post" action="/wishlist/keep/" hidden>.*?value="(\w+)"></form>', page)
    assert page.count('id="choose"') == 1
    strict.post("/wishlist/keep/", {"sku": "M500", "csrfmiddlewaretoken": form[1]})
    assert kept() == ["M500"]


# --- The page -------------------------------------------------------------------------------------------------------


def test_an_empty_list_shows_the_way_on_and_opens_nothing(visitor, customer):
    for client in (visitor, customer):
        page = text(client, "/wishlist/")
        assert "Your list is empty" in page
        assert 'href="/#departments"' in page
    assert Wishlist.objects.count() == 0


def test_the_list_tells_what_changed_since(shop, visitor):
    unpriced = make_variant(shop.laptop, sku="LATER", price=None, units=1)
    keep(visitor, shop.excellent, shop.good, shop.large, shop.fair, shop.mouse, unpriced)
    for offer, price in ((shop.excellent, "550.00"), (shop.good, "520.00"), (shop.large, None), (unpriced, "700.00")):
        offer.price = price and Decimal(price)
        offer.save()
    shop.mouse.is_offered, shop.mouse.price = False, Decimal("11.00")
    shop.mouse.save()
    page = text(visitor, "/wishlist/")
    lines = {sku: next(line for line in page.split("<li ") if f'value="{sku}"' in line) for sku in kept()}
    assert "Lower price" in lines["T14-A-16"]
    assert "was $600.00 when you kept it" in lines["T14-A-16"]
    assert "Higher price" in lines["T14-B-16"]
    assert "was $505.00 when you kept it" in lines["T14-B-16"]
    assert "No price at the moment" in lines["T14-A-32"]
    assert "It was $655.00 when you kept it." in lines["T14-A-32"]
    assert "Sold out" in lines["T14-C-16"]
    assert "when you kept it" not in lines["T14-C-16"]
    assert "No longer offered" in lines["M500"]
    assert 'href="/p/m500/' not in lines["M500"]
    assert "when you kept it" not in lines["M500"]
    assert "It had no price when you kept it." in lines["LATER"]
    assert {sku for sku, line in lines.items() if "/wishlist/move/" in line} == {"T14-A-16", "T14-B-16", "LATER"}


def test_a_wish_moves_to_the_cart_and_opens_one(shop, visitor):
    keep(visitor, shop.mouse, shop.excellent)
    response = visitor.post("/wishlist/move/", {"sku": "M500"})
    assert response["Location"] == "/wishlist/"
    assert response.cookies["cart"].value
    page = text(visitor, "/wishlist/")
    assert "Logitech M500 is in your cart." in page
    assert "Cart, 1 item<" in page
    assert "My list, 1 item<" in page
    assert list(CartItem.objects.values_list("variant__sku", "quantity")) == [("M500", 1)]


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_moved_stays_and_says_why(shop, visitor):
    keep(visitor, shop.good)
    Unit.objects.filter(variant=shop.good).update(state="testing")
    visitor.post("/wishlist/move/", {"sku": "T14-B-16"})
    assert "These are sold out." in text(visitor, "/wishlist/")
    body = visitor.post("/wishlist/move/", {"sku": "T14-B-16"}, headers=HTMX).content.decode()
    assert '<div id="wishes" data-say="These are sold out.">' in body
    assert (kept(), CartItem.objects.count()) == (["T14-B-16"], 0)


def test_htmx_gets_the_list_and_both_counts(shop, visitor):
    keep(visitor, shop.mouse, shop.excellent)
    body = visitor.post("/wishlist/move/", {"sku": "M500"}, headers=HTMX).content.decode()
    assert body.lstrip().startswith('<div id="wishes" data-say="Logitech M500 is in your cart.">')
    assert "Cart, 1 item<" in body
    assert "My list, 1 item<" in body
    assert body.count('hx-swap-oob="true"') == 2
    body = visitor.post("/wishlist/remove/", {"sku": "T14-A-16"}, headers=HTMX).content.decode()
    assert "Your list is empty" in body
    assert 'data-say="It is off your list."' in body


def test_removing_twice_is_said_and_harmless(shop, visitor):
    keep(visitor, shop.mouse)
    visitor.post("/wishlist/remove/", {"sku": "M500"})
    visitor.post("/wishlist/remove/", {"sku": "M500"})
    assert "This is not on your list any more." in text(visitor, "/wishlist/")
    for sku in ("", "x" * 9000, "\x00", "<b>"):
        assert visitor.post("/wishlist/remove/", {"sku": sku}).status_code == 302


def test_a_long_list_has_pages_and_a_removal_stays_on_its_page(shop, visitor):
    variants = [make_variant(shop.laptop, sku=f"L-{number}", units=1) for number in range(PAGE_SIZE + 1)]
    keep(visitor, *variants)
    first, second = text(visitor, "/wishlist/"), text(visitor, "/wishlist/?page=2")
    assert (first.count('class="line"'), second.count('class="line"')) == (PAGE_SIZE, 1)
    assert text(visitor, "/wishlist/?page=99").count('class="line"') == 1
    assert text(visitor, "/wishlist/?page=x").count('class="line"') == PAGE_SIZE
    assert "/wishlist/remove/?page=2" in second
    assert visitor.post("/wishlist/remove/?page=2", {"sku": "L-0"})["Location"] == "/wishlist/?page=2"
    assert text(visitor, "/wishlist/?page=2").count('class="line"') == PAGE_SIZE


def test_stored_text_is_shown_as_text(shop, visitor):
    nasty = '<script>alert("x")</script>'
    product = make_product(nasty, slug="nasty", category=shop.laptops, specs={"cpu": nasty})
    variant = make_variant(product, sku='N"<b>', options={"ram_gb": nasty}, units=1)
    rebuild([product.pk])
    keep(visitor, variant)
    visitor.post("/compare/add/", {"sku": variant.sku})
    code = share(Wishlist.objects.get())
    for address in ("/wishlist/", f"/wishlist/shared/{code}/", LAPTOPS, "/compare/", "/p/nasty/", "/"):
        page = text(visitor, address)
        assert "<script>alert" not in page, address
        assert '"<b>' not in page, address
    for path in ("/wishlist/keep/", "/compare/add/", "/wishlist/move/"):
        body = visitor.post(path, {"sku": variant.sku}, headers=HTMX).content.decode()
        assert "<script>" not in body, path


# --- What it costs --------------------------------------------------------------------------------------------------


def test_nobody_elses_browser_cache_keeps_the_list(visitor):
    assert "no-store" in visitor.get("/wishlist/")["Cache-Control"]


@pytest.mark.parametrize("things", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_things(
    shop, visitor, customer, django_assert_num_queries, things
):
    for client in (visitor, customer):
        keep(client, *[shop.mouse, shop.excellent, shop.fair][:things])
        text(client, "/wishlist/")
    # Versions, the list, how many, the things, their photos, the count in the header.
    with django_assert_num_queries(6):
        text(visitor, "/wishlist/")
    with django_assert_num_queries(9):  # session, account and cart on top
        text(customer, "/wishlist/")
    address = share_address(customer)
    stranger = Client()
    text(stranger, address)
    with django_assert_num_queries(5):
        text(stranger, address)


@pytest.mark.parametrize("things", [1, 3])
def test_the_buttons_of_a_page_cost_one_query_for_who_keeps_something_and_none_for_others(shop, settings, things):
    settings.CACHE_SECONDS = 0
    for number in range(things):
        product = make_product(f"Model {number}", category=shop.laptops)
        make_units(make_variant(product, units=1), quantity=1)
        rebuild([product.pk])
    stranger, keeper = Client(), Client()
    keep(keeper, shop.mouse, *([shop.excellent, shop.good] if things > 1 else []))
    text(keeper, LAPTOPS)
    for address in (LAPTOPS, T14, "/search/?q=lenovo"):
        text(stranger, address)
        assert queries_of(keeper, address) == queries_of(stranger, address) + 1


def test_every_address_of_the_list_is_known_by_its_name():
    names = {
        resolve(f"/wishlist/{path}").url_name for path in ("", "keep/", "let-go/", "remove/", "move/", "shared/x/")
    }
    assert names == {"wishlist", "keep", "let_go", "remove_wish", "move_wish", "shared_wishlist"}
