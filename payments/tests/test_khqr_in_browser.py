"""The page with the code in a real browser: time runs, the money is noticed without a click, everybody can use it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from commercia.tests.browser import expect, follow
from orders.guest_access import order_token
from orders.tests.factories import make_order
from payments.models import Payment
from storefront.tests.looks import EVERY_LOOK, assert_good

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def order(sandbox, settings):
    """An order that waits for its money, in a shop whose codes the sandbox can read."""
    settings.SHOP_CURRENCY, settings.KHQR_ACCOUNT = "USD", "commercia@aclb"
    settings.BAKONG_API_BASE = sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    return make_order(payment_method="khqr")


@pytest.fixture
def complaints(page):
    """What the browser complains about: errors of scripts and breaches of the content security policy."""
    heard = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def open_code(page, order):
    page.goto(f"/orders/view/{order_token(order)}/pay/")
    page.locator("input[value=khqr]").check()
    follow(page.get_by_role("button", name="Go on to pay", exact=True))


def test_a_waiting_page_notices_the_money_by_itself(sandbox, order, page, complaints):
    open_code(page, order)
    expect(page.get_by_role("img", name=re.compile(r"^KHQR code: pay \$"))).to_be_visible()
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^9:5\d$"))
    first = timer.inner_text()
    expect(timer).not_to_have_text(first)
    sandbox.control("POST", "bakong/pay", {"qr": Payment.objects.get().data["qr"], "way": "right"})
    expect(timer).to_have_count(0, timeout=15_000)
    expect(page.get_by_text("Paid").first).to_be_visible()
    order.refresh_from_db()
    assert (order.state, complaints) == ("confirmed", [])


def test_a_code_leaves_the_page_when_its_time_is_over(order, page, complaints):
    open_code(page, order)
    Payment.objects.update(expires_at=timezone.now() + timedelta(seconds=4))
    page.reload()
    code = page.get_by_role("img", name=re.compile(r"^KHQR code"))
    expect(code).to_be_visible()
    expect(code).to_have_count(0, timeout=12_000)
    follow(page.get_by_role("button", name="Show me a new code", exact=True))
    expect(code).to_be_visible()
    assert (Payment.objects.count(), complaints) == (2, [])


def test_the_page_is_good_to_see_and_to_hear_on_every_screen(order, page, complaints):
    open_code(page, order)
    assert_good(page, complaints, EVERY_LOOK)
    Payment.objects.update(expires_at=timezone.now())
    page.reload()
    expect(page.get_by_role("button", name="Show me a new code", exact=True)).to_be_visible()
    assert_good(page, complaints, EVERY_LOOK)
