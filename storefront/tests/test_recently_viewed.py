"""What a visitor looked at last."""

import pytest
from django.test import Client

from catalog.listings import rebuild
from catalog.models import Product, Unit
from catalog.tests.factories import make_category, make_product, make_variant
from storefront.recently_viewed import LONGEST_COOKIE
from storefront.tests.factories import queries_of

pytestmark = pytest.mark.django_db
T14, MOUSE = "/p/thinkpad-t14/", "/p/m500/"


@pytest.fixture(autouse=True)
def listed(shop):
    rebuild([shop.laptop.pk, shop.mouse.product_id])
    return shop


def text(client, address, **extra):
    response = client.get(address, **extra)
    assert response.status_code == 200
    return response.content.decode()


def section(page):
    """Return the part of a page that shows what was looked at, "" without one."""
    start = page.find('aria-labelledby="recent-h"')
    return page[start : page.index("</aside>", start)] if start >= 0 else ""


def look_at(client, count, **fields):
    products = [make_product(f"Model {number}", slug=f"model-{number}", **fields) for number in range(count)]
    for product in products:
        make_variant(product, units=1)
    rebuild([product.pk for product in products])
    for product in products:
        text(client, product.get_absolute_url())
    return products


def test_the_browser_remembers_and_the_other_pages_show_it(visitor):
    response = visitor.get(T14)
    cookie = response.cookies["recent"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["secure"]) == (
        "thinkpad-t14",
        True,
        "Lax",
        2592000,
        "",
    )
    assert section(response.content.decode()) == ""
    seen = section(text(visitor, MOUSE))
    assert "You looked at" in seen
    assert 'href="/p/thinkpad-t14/">Lenovo ThinkPad T14 Gen 3</a></h3>' in seen
    assert "/p/m500/" not in seen
    assert visitor.cookies["recent"].value == "m500.thinkpad-t14"
    home = section(text(visitor, "/"))
    assert home.index("/p/m500/") < home.index("/p/thinkpad-t14/")
    assert section(text(visitor, "/cart/")) == ""
    assert visitor.get(T14, secure=True).cookies["recent"]["secure"] is True


def test_nothing_looked_at_is_nothing_shown(visitor):
    assert section(text(visitor, "/")) == ""


def test_the_last_eight_are_kept_the_latest_first(shop, visitor):
    look_at(visitor, 10, category=shop.laptops)
    assert visitor.cookies["recent"].value == ".".join(f"model-{number}" for number in range(9, 1, -1))
    text(visitor, "/p/model-4/")
    assert visitor.cookies["recent"].value.split(".")[:3] == ["model-4", "model-9", "model-8"]
    assert section(text(visitor, "/")).count('class="card"') == 8
    assert section(text(visitor, "/p/model-4/")).count('class="card"') == 7


def test_what_is_gone_is_left_out_and_what_is_sold_out_says_so(shop, visitor):
    for address in (T14, MOUSE):
        text(visitor, address)
    Unit.objects.filter(variant=shop.mouse).update(state="testing")
    rebuild([shop.mouse.product_id])
    assert "sold out" in section(text(visitor, "/"))
    Product.objects.filter(pk=shop.mouse.product_id).update(status="retired")
    rebuild([shop.mouse.product_id])
    assert "m500" not in section(text(visitor, "/"))
    Product.objects.filter(pk=shop.laptop.pk).update(category=make_category("secret", is_visible=False))
    rebuild([shop.laptop.pk])
    assert section(text(visitor, "/")) == ""


def test_a_product_that_is_not_there_is_not_remembered(shop, visitor):
    Product.objects.filter(pk=shop.mouse.product_id).update(status="retired")
    for address in (MOUSE, "/p/nothing/", "/p/THINKPAD-T14/"):
        assert "recent" not in visitor.get(address).cookies


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_who_asks_not_to_be_tracked_is_not(visitor, header):
    asked = {header: "1"}
    assert "recent" not in visitor.get(T14, headers=asked).cookies
    text(visitor, T14)
    assert section(text(visitor, "/", headers=asked)) == ""
    assert visitor.get(MOUSE, headers=asked).cookies["recent"].value == ""
    assert visitor.get(T14, headers={header: "0"}).cookies["recent"].value == "thinkpad-t14"


def test_it_can_be_forgotten(visitor):
    text(visitor, T14)
    assert 'action="/recent/forget/"' in section(text(visitor, "/"))
    response = visitor.post("/recent/forget/", headers={"Referer": f"http://testserver{MOUSE}"})
    assert response["Location"] == f"http://testserver{MOUSE}"
    assert response.cookies["recent"].value == ""
    page = text(visitor, "/")
    assert "What you looked at is forgotten." in page
    assert section(page) == ""
    assert visitor.get("/recent/forget/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/recent/forget/").status_code == 403


@pytest.mark.parametrize(
    "value",
    [
        ".".join(f"slug-{number}" for number in range(10_000)),
        "." * 900,
        "<script>alert(1)</script>",
        "' OR 1=1 --.%00.../../etc/passwd",
        "x" * LONGEST_COOKIE,
        "ü.é",
        "thinkpad-t14." * 60,
    ],
    ids=lambda value: value[:12],
)
def test_junk_in_the_cookie_is_ignored(visitor, value):
    text(Client(), "/")
    visitor.cookies["recent"] = value
    assert queries_of(visitor, "/") <= queries_of(Client(), "/") + 1
    page = text(visitor, "/")
    assert section(page).count('class="card"') == (1 if value.startswith("thinkpad") else 0)
    assert "<script>alert" not in page
    assert len(visitor.get(MOUSE).cookies["recent"].value) <= LONGEST_COOKIE
    assert visitor.cookies["recent"].value.startswith("m500")


def test_stored_text_is_shown_as_text(shop, visitor):
    product = make_product("<script>alert(1)</script>", slug="nasty", category=shop.laptops)
    make_variant(product, units=1)
    rebuild([product.pk])
    text(visitor, "/p/nasty/")
    assert "&lt;script&gt;" in section(text(visitor, "/"))


@pytest.mark.parametrize("products", [1, 3])
@pytest.mark.parametrize("address", ["/", T14])
def test_it_costs_one_query_and_none_where_nothing_was_looked_at(shop, visitor, products, address):
    look_at(visitor, products, category=shop.laptops)
    assert section(text(visitor, address)).count('class="card"') == products
    text(Client(), address)
    assert queries_of(visitor, address) == queries_of(Client(), address) + 1
    # What was looked at stands outside of what is kept for everybody: nobody else gets it.
    assert section(text(Client(), address)) == ""
