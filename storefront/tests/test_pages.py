"""The front door, error pages, and what holds for every page."""

import gzip
import json
import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client

from catalog.listings import rebuild
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from core.caching import forget
from core.versions import ReadVersions
from storefront import context
from storefront.tests.factories import fill_cart

TEMPLATES = Path(settings.BASE_DIR) / "templates" / "jinja2"


def text(client, address="/"):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_home_shows_departments_fresh_goods_and_one_unit_with_its_facts(shop, visitor):
    page = text(visitor)
    assert 'href="/c/computers/laptops/"' in page
    assert "<b>Laptops</b>" in page
    assert "1 left" in page
    assert 'href="/p/thinkpad-t14/">Lenovo ThinkPad T14 Gen 3</a></h3>' in page
    assert "18 November 2026, 3 checks passed" in page
    assert "91 % of its first capacity" in page
    assert "PF•••••1N5" in page
    assert "PF3DDDD1N5" not in page


@pytest.mark.parametrize(("days", "is_told"), [(14, True), (0, False)])
def test_home_says_how_long_one_may_send_a_thing_back(shop, visitor, settings, days, is_told):
    settings.RETURN_DAYS = days
    assert ("14 days to send it back, without giving a reason" in text(visitor)) is is_told


@pytest.mark.django_db
def test_home_counts_what_is_on_the_shelf_only(visitor):
    category = make_category("mouse")
    ready, gone, unpriced = (make_product(category=category) for _ in range(3))
    make_variant(ready, units=2)
    make_variant(gone)
    make_variant(unpriced, price=None, units=5)
    rebuild([ready.pk, gone.pk, unpriced.pk])
    page = text(visitor)
    assert '<b>Mouse</b><span class="fine">1 left</span>' in page


@pytest.mark.parametrize("products", [1, 3])
def test_home_takes_the_same_queries_for_any_number_of_products(shop, visitor, django_assert_num_queries, products):
    for _ in range(products - 1):
        product = make_product(category=shop.laptops)
        make_units(make_variant(product), quantity=1, tested_on=date(2026, 11, 1), battery_health_percent=90)
        rebuild([product.pk])
    fill_cart(visitor, (shop.mouse, 1))
    text(visitor)  # the departments of the header are cached for a minute
    with django_assert_num_queries(3):  # versions, promotions, the cart
        text(visitor)
    cache.clear()
    forget()
    with django_assert_num_queries(11):
        text(visitor)


def test_home_shows_the_newest_thing_of_each_department_and_not_eight_of_one(shop, visitor):
    products = [make_product(f"Latitude {number}", category=shop.laptops) for number in range(3)]
    for product in products:
        make_variant(product, units=1)
    rebuild([product.pk for product in products])
    page = text(visitor)
    fresh = page[page.index('id="fresh-h"') : page.index('id="grades"')]
    assert re.findall(r"<h3><a [^>]*>([^<]+)</a>", fresh) == ["Lenovo Latitude 2", "Logitech M500"]


def test_a_visitor_without_a_cart_costs_no_query_for_it_and_gets_no_cookie(shop, visitor, django_assert_num_queries):
    visitor.get("/account/login/")
    with django_assert_num_queries(1):  # the version of what the shop says of itself
        visitor.get("/orders/find/sent/")
    assert not visitor.get("/").cookies


@pytest.mark.django_db
def test_what_is_not_there_is_said_in_the_shops_own_dress(visitor):
    response = visitor.get("/nothing/here/")
    page = response.content.decode()
    assert response.status_code == 404
    assert "<h1>This page is not here</h1>" in page
    assert "Your cart is as you left it." in page


def test_an_error_of_ours_needs_no_database_and_names_the_request(monkeypatch):
    def fall_over(*args, **kwargs):
        raise RuntimeError("secret detail")

    # No mark gives this test a database: a query would fail it.
    monkeypatch.setattr("storefront.views.cart.find_cart", fall_over)
    client = Client(raise_request_exception=False)
    response = client.get("/cart/", headers={"X-Request-ID": "abcdef0123456789"})
    page = response.content.decode()
    assert response.status_code == 500
    assert "Something broke on our side" in page
    assert '<span class="mono">abcdef0123456789</span>' in page
    assert "secret detail" not in page
    assert response["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.django_db
def test_a_request_that_makes_no_sense_is_answered_with_400(visitor):
    response = visitor.post(
        "/orders/find/", {f"field{n}": "" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    )
    assert response.status_code == 400
    assert "This request makes no sense to us" in response.content.decode()


@pytest.mark.django_db
def test_no_page_has_inline_script_or_style(shop, visitor):
    fill_cart(visitor, (shop.excellent, 1))
    for address in (
        "/",
        "/c/computers/laptops/",
        "/search/?q=thinkpad",
        "/p/thinkpad-t14/",
        "/cart/",
        "/checkout/",
        "/x/",
    ):
        page = visitor.get(address).content.decode()
        # A data block is not run, and the policy does not ask about it.
        assert not re.findall(r"<script(?![^>]*\ssrc=)(?! type=.application/ld\+json.>)[^>]*>", page), address
        assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page), address
        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!testserver)', page), address


@pytest.mark.django_db
def test_the_page_tells_htmx_what_the_policy_forbids(visitor):
    page = text(visitor)
    options = json.loads(re.search(r"name=\"htmx-config\" content='([^']+)'", page)[1])
    assert options["includeIndicatorStyles"] is False
    assert options["allowEval"] is False
    assert options["allowScriptTags"] is False
    for source in re.findall(r'(?:src|href)="/static/([^"#]+)', page):
        assert finders.find(source), source


@pytest.mark.django_db
def test_pages_name_their_language_and_weigh_little(shop, visitor):
    page = text(visitor)
    assert '<html lang="en">' in page
    css = Path(finders.find("storefront/commercia.css")).read_bytes()
    scripts = [Path(finders.find(name)).read_bytes() for name in ("storefront/enhance.js", "django_htmx/htmx-2.min.js")]
    assert len(gzip.compress(page.encode())) < 30_000
    assert len(gzip.compress(css)) < 20_000
    assert sum(len(gzip.compress(script)) for script in scripts) < 30_000


def test_every_icon_that_a_template_uses_is_in_the_sprite():
    sprite = Path(finders.find("storefront/icons.svg")).read_text()
    used = set()
    for template in TEMPLATES.rglob("*.html"):
        used |= set(re.findall(r'icon\("([a-z]+)"', template.read_text()))
    assert {"cart", "search", "truck"} <= used
    assert [name for name in sorted(used) if f'id="i-{name}"' not in sprite] == []


@pytest.mark.django_db
def test_nothing_hidden_reaches_the_departments(shop):
    make_category("secret", is_visible=False)
    assert [row["href"] for row in context.departments(ReadVersions())] == ["/c/computers/", "/c/mouse/"]
