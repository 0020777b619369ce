"""Orders paid in a real browser, against the sandbox: by card in every mood, and by KHQR in both currencies.

What the order's page, its receipt and its letters say of the money agrees to the cent.
"""

import re
from decimal import Decimal

import pytest

from accounts.tests.factories import make_staff, make_user
from accounts.tests.signing import ShopClient
from commercia.tests.browser import expect, follow
from commercia.tests.test_journey_browser import fill_address
from core.money import amount_text
from notifications.models import Email
from orders.models import Order
from payments.models import Payment, SavedMethod
from payments.providers.khqr.rates import enter_riel_rate
from payments.tests.paying import _sandbox_process, sandbox
from sandbox.tests.selling import ALWAYS_3DS, VISA

__all__ = ["_sandbox_process", "sandbox"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NO_FUNDS = "4000000000009995"
PRICE = "$507.50"


@pytest.fixture
def providers(sandbox, settings, live_server, shop):
    """The small shop, with both providers played by the sandbox and addresses that lead back here."""
    settings.SITE_URL = live_server.url
    settings.SHOP_CURRENCY, settings.KHQR_ACCOUNT = "USD", "commercia@aclb"
    settings.SECURE_CSP = {**settings.SECURE_CSP, "form-action": ["'self'", sandbox.url]}
    settings.BAKONG_API_BASE = sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    enter_riel_rate(Decimal(4100), source="National Bank of Cambodia", by=None)
    return sandbox


@pytest.fixture
def plain_page(chromium, live_server):
    """A browser page without JavaScript."""
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def fill_cart(page):
    """Find the laptop and put it into the cart; the same without JavaScript, where the search is a plain field."""
    page.goto("/")
    page.locator("#q").fill("thinkpad")
    follow(page.get_by_role("button", name="Search"))
    follow(page.get_by_role("link", name="Lenovo ThinkPad T14 Gen 3").first)
    follow(page.get_by_role("button", name="Add to cart"))
    follow(page.get_by_role("link", name=re.compile("Check out")))


def place_order(page, *, by):
    """Order the laptop as a guest, to be paid `by`."""
    fill_cart(page)
    page.get_by_label("E-mail").fill("dara@example.com")
    fill_address(page)
    page.locator(f"input[name=payment_method][value={by}]").check()
    follow(page.get_by_role("button", name=re.compile("Place order")))


def pay_by_card(page, number):
    """Fill in the provider's page."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12 / 39")
    page.get_by_label("Security code").fill("123")
    follow(page.get_by_role("button", name=f"Pay {PRICE[1:]} USD", exact=True))


def scan(page, providers, order_page):
    """Pay the code that `order_page` shows, in the banking app that its link opens."""
    app = page.context.new_page()
    app.goto(order_page.get_by_role("link", name="Open my bank app").get_attribute("href"))
    follow(app.get_by_role("button", name="Pay the amount shown"))
    expect(app.get_by_role("status")).to_contain_text("on the way to commercia@aclb")
    app.close()


def assert_all_agree(page, *, how, reference, also=()):
    """Order page, receipt and letter name the same sum, way and reference; all of the order was paid, once."""
    order = Order.objects.get()
    payment = Payment.objects.get(state="captured")
    assert (order.state, amount_text(order.total, "USD")) == ("confirmed", PRICE)
    assert (payment.captured_amount, payment.applied_amount, payment.reference) == (order.total, order.total, reference)
    told = [PRICE, how, reference, *also]
    main = page.get_by_role("main")
    for words in told:
        expect(main).to_contain_text(words)
    follow(page.get_by_role("link", name="Receipt to print"))
    for words in told:
        expect(main).to_contain_text(words)
    expect(page.locator("dl.sum .total dd").last).to_have_text(PRICE)
    letter = Email.objects.get(kind="order_confirmed")
    for words in [f"Total: {PRICE}", f"Received: {PRICE}", how, reference, *also]:
        assert words in letter.text, words
    assert PRICE in letter.html
    assert not Email.objects.filter(kind__in=("payment_failed", "money_unmatched")).exists()


def the_intent(providers):
    """Return the name of the one capture at Stripe."""
    [charge] = providers.captures()
    assert charge["amount"] == 50750
    return charge["payment_intent"]


def test_a_guest_pays_by_card(providers, page):
    place_order(page, by="card")
    pay_by_card(page, VISA)
    expect(page.get_by_text("Thank you. Your payment has arrived.")).to_be_visible()
    assert_all_agree(page, how="Card, Visa ending in 4242", reference=the_intent(providers))


def test_the_card_path_works_without_javascript(providers, plain_page):
    place_order(plain_page, by="card")
    pay_by_card(plain_page, VISA)
    expect(plain_page.get_by_text("Thank you. Your payment has arrived.")).to_be_visible()
    assert_all_agree(plain_page, how="Card, Visa ending in 4242", reference=the_intent(providers))


def test_a_guest_confirms_with_the_bank(providers, page):
    place_order(page, by="card")
    pay_by_card(page, ALWAYS_3DS)
    expect(page.get_by_role("heading", name="Your bank asks: is it you?")).to_be_visible()
    assert Order.objects.get().state == "pending"
    follow(page.get_by_role("button", name="Yes, it is me"))
    assert_all_agree(page, how="Card, Visa ending in 3184", reference=the_intent(providers))


def test_a_declined_card_is_explained_and_another_one_pays(providers, page):
    place_order(page, by="card")
    pay_by_card(page, NO_FUNDS)
    expect(page.get_by_role("alert")).to_be_visible()
    follow(page.get_by_role("link", name="Back to the shop without paying"))
    expect(page.get_by_text("There is not enough money on the card. Try another card.")).to_be_visible()
    expect(page.locator("input[value=card]")).to_be_checked()
    follow(page.get_by_role("button", name="Go on to pay", exact=True))
    pay_by_card(page, VISA)
    assert Payment.objects.count() == 1
    assert_all_agree(page, how="Card, Visa ending in 4242", reference=the_intent(providers))


def test_a_guest_scans_a_code_in_dollars(providers, page):
    place_order(page, by="khqr")
    expect(page.get_by_role("heading", name=f"Scan to pay {PRICE}")).to_be_visible()
    scan(page, providers, page)
    follow(page.get_by_role("button", name="I have paid, check now"))
    [paid] = providers.control("GET", "things/bakong.transaction")
    assert (paid["amount"], paid["currency"]) == ("507.50", "USD")
    assert_all_agree(page, how="KHQR in US dollars", reference=paid["hash"])


def test_a_guest_scans_a_code_in_riel(providers, page):
    place_order(page, by="khqr_riel")
    expect(page.get_by_role("heading", name="Scan to pay ៛2,080,800")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("$507.50 at 4,100 riel for a dollar")
    expect(page.get_by_role("main")).to_contain_text("National Bank of Cambodia")
    scan(page, providers, page)
    follow(page.get_by_role("button", name="I have paid, check now"))
    [paid] = providers.control("GET", "things/bakong.transaction")
    assert (paid["amount"], paid["currency"]) == ("2080800", "KHR")
    assert_all_agree(page, how="KHQR in riel", reference=paid["hash"], also=["៛2,080,800", "4,100 riel for a dollar"])


def test_a_customer_lets_us_keep_the_card_and_takes_it_back(providers, page):
    user = make_user("vanna@example.com")
    log_in(page, user)
    fill_cart(page)
    fill_address(page)
    page.locator("input[name=payment_method][value=card]").check()
    consent = page.get_by_label("Save this card for later.")
    expect(consent).not_to_be_checked()
    consent.check()
    follow(page.get_by_role("button", name=re.compile("Place order")))
    pay_by_card(page, VISA)
    page.goto("/account/cards/")
    expect(page.get_by_role("heading", name="Visa ending in 4242")).to_be_visible()
    expect(page.get_by_text("Good until December 2039")).to_be_visible()
    expect(page.get_by_text("Used for later charges")).to_be_visible()
    card = SavedMethod.objects.get()
    follow(page.get_by_role("button", name="Remove"))
    expect(page.get_by_text("No card saved")).to_be_visible()
    [method] = [one for one in providers.control("GET", "things/payment_method") if one["id"] == card.method_id]
    assert method["customer"] is None


def test_staff_open_the_receipt_from_the_order(providers, page, chromium, live_server):
    place_order(page, by="card")
    pay_by_card(page, VISA)
    staff = make_staff("sokha@example.com", groups=["Finance"])
    page.context.clear_cookies()
    log_in(page, staff)
    page.goto(f"/admin/orders/order/{Order.objects.get().pk}/change/")
    follow(page.get_by_role("link", name="Receipt"))
    expect(page.get_by_role("main")).to_contain_text("Card, Visa ending in 4242")
    expect(page.get_by_role("main")).to_contain_text(PRICE)


def log_in(page, user):
    """Put a session of `user` into the browser."""
    client = ShopClient()
    client.force_login(user)
    page.goto("/")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": page.url}])
