"""Pages of text: what shoppers, staff and hostile words see."""

import re
from itertools import pairwise

import pytest

from accounts.tests.factories import make_staff
from accounts.tests.signing import ShopClient
from backoffice.roles import sync_roles
from core import clock
from storefront.default_pages import ensure_default_pages
from storefront.models import TextPage
from storefront.publishing import save_text_page
from storefront.tests.factories import fill_cart, make_text_page

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7*7 }}"


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def pages(db):
    ensure_default_pages(by=None)


def test_every_page_of_a_fresh_shop_stands_and_the_footer_leads_there(pages, visitor):
    home = text(visitor, "/")
    for page in TextPage.objects.all():
        assert home.count(f'href="{page.get_absolute_url()}"') >= 1
        html = text(visitor, page.get_absolute_url())
        assert f"<h1>{page.title}</h1>" in html
        assert html.count("<h1") == 1
        assert f'href="{page.get_absolute_url()}" aria-current="page"' in html
        levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
        assert all(after <= before + 1 for before, after in pairwise(levels)), page.slug


def test_grades_show_their_published_definition(pages, visitor):
    html = text(visitor, "/about/grades/")
    assert "Marks you find only by looking for them, from 20 cm." in html
    assert "The battery holds at least 80 %" in html
    assert "Every test passed." in html


def test_returns_and_contact_say_what_the_settings_say(pages, visitor, settings):
    settings.RETURN_DAYS = 21
    assert "You have 21 days from delivery to send a thing back" in text(visitor, "/about/returns/")
    settings.RETURN_DAYS = 0
    assert "days from delivery to send" not in text(visitor, "/about/returns/")
    contact = text(visitor, "/about/contact/")
    assert contact.count(f'href="mailto:{settings.SHOP_EMAIL}"') == 2
    assert f"<address>{settings.PICKUP_ADDRESS}</address>" in contact


def test_a_long_page_lists_its_parts_and_a_short_one_does_not(pages, visitor):
    html = text(visitor, "/about/questions/")
    assert html.count('<li><a href="#s-') == 11
    assert html.count('id="s-how-can-i-pay"') == 1
    assert '<li><a href="#s-' not in text(visitor, "/about/contact/")


@pytest.mark.parametrize("slug", ["nothing", "grades%00", "x" * 10_000, "../admin"])
@pytest.mark.django_db
def test_an_unknown_page_is_404(visitor, slug):
    make_text_page("grades")
    assert visitor.get(f"/about/{slug}/").status_code == 404
    assert visitor.get("/about/").status_code == 404
    assert visitor.post("/about/grades/").status_code == 405


@pytest.mark.django_db
def test_capital_letters_lead_to_the_one_address(visitor):
    make_text_page("Grades")
    response = visitor.get("/about/GRADES/")
    assert (response.status_code, response["Location"]) == (301, "/about/grades/")


@pytest.mark.django_db
def test_a_page_that_is_not_published_is_there_for_staff_only(visitor, customer):
    sync_roles()
    make_text_page("secret", title="Sale on Monday", is_published=False)
    for client in (visitor, customer):
        assert client.get("/about/secret/").status_code == 404
        assert "Sale on Monday" not in text(client, "/")
    staff = ShopClient()
    staff.force_login(make_staff(groups=["Catalogue"]))
    assert "This page is not published: only staff see it." in text(staff, "/about/secret/")


@pytest.mark.django_db
def test_a_change_is_seen_on_the_next_request_of_every_page(visitor):
    page = make_text_page("shipping", title="Shipping", place="buying")
    assert ">Shipping</a>" in text(visitor, "/cart/")
    save_text_page(page, by=None, values={"title": "How it gets to you", "body": "By **bus**."})
    assert ">How it gets to you</a>" in text(visitor, "/cart/")
    assert "<p>By <strong>bus</strong>.</p>" in text(visitor, "/about/shipping/")
    save_text_page(page, by=None, values={"is_published": False})
    assert "How it gets to you" not in text(visitor, "/cart/")


@pytest.mark.django_db
def test_markup_in_every_field_is_shown_as_text(visitor):
    make_text_page(
        "hostile", title=HOSTILE[:80], summary=HOSTILE, body=f"# {HOSTILE}\n\n{HOSTILE}\n\n[x](javascript:alert(1))"
    )
    html = text(visitor, "/about/hostile/")
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert 'href="javascript:' not in html
    assert "{{ 7*7 }}" in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5


@pytest.mark.django_db
def test_a_body_as_long_as_allowed_is_shown(visitor):
    make_text_page("long", body="word " * 8_000)
    assert text(visitor, "/about/long/").count("word ") >= 7_999


@pytest.mark.parametrize("pages_written", [1, 3])
@pytest.mark.django_db
def test_the_page_takes_the_same_queries_for_any_number_of_pages(visitor, django_assert_num_queries, pages_written):
    for number in range(pages_written):
        make_text_page(f"page-{number}")
    text(visitor, "/about/page-0/")
    with django_assert_num_queries(2):  # the page, and the versions
        text(visitor, "/about/page-0/")


def test_checkout_leads_to_the_rules_before_the_order_is_placed(pages, shop, visitor):
    fill_cart(visitor, (shop.mouse, 1))
    html = text(visitor, "/checkout/").split("<footer")[0]
    for slug in ("terms", "returns", "warranty", "privacy"):
        assert f'href="/about/{slug}/"' in html


def test_a_shop_without_pages_has_no_dead_links(shop, visitor):
    fill_cart(visitor, (shop.mouse, 1))
    for address in ("/", "/p/thinkpad-t14/", "/checkout/"):
        assert "/about/" not in text(visitor, address)


@pytest.mark.django_db
def test_the_page_says_when_it_was_changed(visitor, time_machine):
    time_machine.move_to("2026-12-01T20:00:00+00:00", tick=False)
    make_text_page("terms")
    assert clock.today().day == 2
    assert "Last changed on 2 December 2026." in text(visitor, "/about/terms/")
