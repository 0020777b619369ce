"""Reviews, watches and letters in a real browser: accessible, within 320 px, with the keyboard and without script."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.tests.factories import PASSWORD, make_user
from catalog.listings import rebuild
from catalog.models import PriceChange, Review, Watch
from catalog.tests.factories import make_review
from catalog.tests.watchers import BACK, DROP, start
from catalog.watching import watch_offer
from commercia.tests.browser import expect, follow
from core import clock
from orders.tests.factories import make_delivered_order
from storefront.tests.conftest import stock_shop
from storefront.tests.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
T14 = "/p/thinkpad-t14/"


@pytest.fixture
def shop(transactional_db):
    """The shop with a sale price and a dozen reviews, visible to the server's own thread."""
    shop = stock_shop()
    now = clock.now()
    for days, price in ((60, "560"), (2, "505")):
        PriceChange.objects.create(variant=shop.good, price=Decimal(price), at=now - timedelta(days=days))
    for n in range(12):
        make_review(
            shop.laptop,
            rating=1 + n % 5,
            title=f"Quiet, quick and solid, number {n}",
            body="The battery lasts a day of lectures.\nA scratch on the lid, as described. " + "Averylongword" * 12,
            author_name="Sokha C.",
            bought_on=date(2026, 9, 1),
        )
    rebuild([shop.laptop.pk])
    return shop


@pytest.fixture
def buyer(shop, page):
    """Dara, logged in, to whom a mouse was delivered."""
    dara = make_user("dara@example.com", first_name="Dara")
    dara.order = make_delivered_order((shop.mouse, 1), user=dara, email=dara.email, shipping_method=shop.courier)
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill(dara.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("main").get_by_role("button", name="Log in"))
    return dara


def test_reviews_prices_and_watches_of_a_guest(shop, page, complaints):
    page.goto("/c/computers/laptops/")
    expect(page.get_by_text("2.8 of 5, 12 reviews")).to_be_visible()
    assert_good(page, complaints)
    page.goto(f"{T14}?offer=T14-B-16")
    expect(page.get_by_text("Lowest price of the last 30 days: $560.00")).to_be_visible()
    page.get_by_text("Tell me when it gets cheaper").click()
    assert_good(page, complaints)
    follow(page.get_by_role("link", name="Older reviews"))
    expect(page.get_by_text("number 0")).to_be_visible()
    assert_good(page, complaints)
    page.goto(f"{T14}?offer=T14-C-16")
    page.get_by_label("E-mail").fill("sokha@example.com")
    assert_good(page, complaints)
    follow(page.get_by_role("button", name="Tell me when it is back"))
    expect(page.get_by_text("Look into your mailbox")).to_be_visible()
    code = Watch.objects.get().code
    for address, button in (
        (f"/letters/confirm/{code}/", "Yes, tell me"),
        (f"/letters/stop/{code}/", "Stop these letters"),
    ):
        page.goto(address)
        assert_good(page, complaints)
        follow(page.get_by_role("button", name=button))
        expect(page.get_by_text("Done.").first).to_be_visible()
        assert_good(page, complaints)
    assert Watch.objects.get().state == "stopped"


def test_an_address_that_is_none_is_explained(shop, page, complaints):
    page.goto(f"{T14}?offer=T14-C-16")
    page.locator("form[action='/letters/watch/']").evaluate("form => form.noValidate = true")
    page.get_by_label("E-mail").fill("sokha")
    follow(page.get_by_role("button", name="Tell me when it is back"))
    assert page.title().startswith("Error: Tell me about it")
    assert_good(page, complaints)


def test_a_buyer_reviews_with_the_keyboard(buyer, shop, page, complaints):
    page.goto(f"/orders/{buyer.order.code}/")
    follow(page.get_by_role("link", name="Review it"), "Enter")
    page.wait_for_url("**/reviews/m500/")
    assert_good(page, complaints)
    follow(page.get_by_role("button", name="Send the review"), "Enter")
    assert page.title().startswith("Error:")
    assert page.evaluate("document.activeElement.classList.contains('errors')")
    assert_good(page, complaints)
    page.get_by_role("radio", name="4 of 5").press("Space")
    page.get_by_label("In a few words").press_sequentially("Clicks well")
    page.get_by_label("Your review").press_sequentially("Small and quick.")
    follow(page.get_by_role("button", name="Send the review"), "Enter")
    page.wait_for_url("**/p/m500/*")
    expect(page.get_by_text("Thank you. We read it")).to_be_visible()
    assert_good(page, complaints)
    page.get_by_text("Change your review").click()
    assert_good(page, complaints)
    assert Review.objects.get(product=shop.mouse.product).rating == 4


def test_the_account_stops_its_letters(buyer, shop, page, complaints):
    start(shop.fair, user=buyer)
    start(shop.good, kind=DROP, user=buyer)
    page.goto(f"{T14}?offer=T14-C-16")
    expect(page.get_by_text("We write to you when it is back.")).to_be_visible()
    assert_good(page, complaints)
    page.goto("/account/")
    assert_good(page, complaints)
    follow(page.get_by_role("button", name="Stop Lenovo ThinkPad T14 Gen 3").first)
    expect(page.get_by_text("We no longer write to you about it.")).to_be_visible()
    assert Watch.objects.filter(state="active").count() == 1


def test_all_of_it_without_script(shop, chromium, live_server):
    watch_offer(shop.fair, kind=BACK, email="a@example.com", by=None)
    with chromium.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{T14}?offer=T14-B-16")
        page.get_by_text("Tell me when it gets cheaper").click()
        page.get_by_label("E-mail").fill("sokha@example.com")
        follow(page.get_by_role("button", name="Tell me", exact=True))
        expect(page.get_by_text("Look into your mailbox")).to_be_visible()
        page.goto(f"/letters/confirm/{Watch.objects.get(email='a@example.com').code}/")
        follow(page.get_by_role("button", name="Yes, tell me"))
        expect(page.get_by_text("Done. We write to you when it is back.")).to_be_visible()
    assert set(Watch.objects.values_list("kind", "state")) == {
        ("price_drop", "unconfirmed"),
        ("back_in_stock", "active"),
    }
