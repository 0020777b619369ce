"""Texts, promotions and the shop's own look in a real browser, on the screen and on paper."""

import re

import pytest

from commercia.tests.browser import expect
from orders.guest_access import order_token
from orders.tests.factories import make_order
from storefront.branding import save_branding
from storefront.default_pages import PAGES, ensure_default_pages
from storefront.tests.conftest import stock_shop
from storefront.tests.factories import make_promotion
from storefront.tests.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(transactional_db):
    """A stocked shop with its pages of text, visible to the server's own thread."""
    ensure_default_pages(by=None)
    return stock_shop()


def pages_on_paper(page):
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4", prefer_css_page_size=True)))


@pytest.mark.parametrize("slug", [page.slug for page in PAGES])
def test_pages_of_text(shop, page, complaints, slug):
    page.goto(f"/about/{slug}/")
    assert_good(page, complaints)
    assert pages_on_paper(page) == 1


def test_home_with_promotions_in_the_shops_own_colours(shop, page, complaints):
    make_promotion("Back to school", place="hero", text="Tested laptops.", link="/c/computers/laptops/")
    make_promotion("Mice", link="/c/mouse/")
    make_promotion("Only words")
    save_branding({"shop_name": "Mekong", "accent_light": "#1d4ed8", "accent_dark": "#8ab4ff"}, by=None)
    page.goto("/")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
    page.emulate_media(color_scheme="light")
    assert page.evaluate(colour) == "#1d4ed8"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colour) == "#8ab4ff"
    page.emulate_media(media="print")
    assert page.evaluate(colour) == "#000"
    page.emulate_media(media="screen", color_scheme="light")
    assert_good(page, complaints)


def test_an_order_prints_on_one_sheet(shop, page):
    order = make_order((shop.excellent, 1), (shop.large, 1), (shop.mouse, 3), shipping_method=shop.courier)
    page.goto(f"/orders/view/{order_token(order)}/")
    assert pages_on_paper(page) == 1
    page.emulate_media(media="print")
    expect(page.get_by_text(order.code).first).to_be_visible()
    for gone in ("header.masthead, .masthead", "footer", "form button"):
        expect(page.locator(gone).first).to_be_hidden()
