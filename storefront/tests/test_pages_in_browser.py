"""Every page in a real browser: no accessibility violation, no policy report, no sideways scrolling, with and without
script.
"""

import pytest

from accounts.links import reset_token, uid_of
from accounts.tests.factories import PASSWORD, make_address, make_user
from commercia.tests.browser import expect, follow
from orders.guest_access import order_token
from orders.models import Order
from orders.tests.factories import make_order
from storefront.tests.conftest import stock_shop
from storefront.tests.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
T14 = "/p/thinkpad-t14/"


@pytest.fixture
def shop(transactional_db):
    """The same shop, visible to the server's own thread."""
    return stock_shop()


def add_to_cart(page, *skus):
    for sku in skus:
        page.goto(f"/p/{'m500' if sku == 'M500' else 'thinkpad-t14'}/?offer={sku}")
        follow(page.get_by_role("button", name="Add to cart"))


def fill_checkout(page):
    page.goto("/checkout/")
    page.get_by_label("E-mail").fill("sokha@example.com")
    page.get_by_label("Full name").fill("Sokha Chan")
    page.get_by_label("Phone").fill("012 345 678")
    page.get_by_label("Street and house").fill("No. 14, Street 310")
    page.get_by_label("City or district").fill("BKK1")
    page.get_by_label("Province or state").fill("Phnom Penh")


def log_in(page, user):
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("main").get_by_role("button", name="Log in"))


PUBLIC = [
    "/",
    "/c/computers/",
    "/c/computers/laptops/",
    "/c/computers/laptops/?grade=A&price_max=700",
    "/c/computers/laptops/?grade=B&price_max=200",
    "/search/?q=thinkpad",
    "/search/?q=zebra",
    "/search/",
    f"{T14}?offer=T14-A-16",
    f"{T14}?offer=T14-C-16",
    "/p/m500/",
    "/cart/",
    "/orders/find/",
    "/orders/find/sent/",
    "/orders/view/nothing/",
    "/account/register/",
    "/account/check-mail/",
    "/account/verify/a.b/",
    "/account/login/",
    "/account/password/forgotten/",
    "/account/password/forgotten/sent/",
    "/account/password/reset/a/b/",
    "/nothing/",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_pages(shop, page, complaints, address):
    page.goto(address)
    assert_good(page, complaints)


def test_cart_checkout_errors_and_order(shop, page, complaints):
    add_to_cart(page, "T14-A-16", "M500")
    assert_good(page, complaints)
    fill_checkout(page)
    page.get_by_label("E-mail").fill("sokha")
    assert_good(page, complaints)
    follow(page.get_by_role("button", name="Place order, pay $614.00"))
    assert page.title().startswith("Error:")
    assert page.evaluate("document.activeElement.classList.contains('errors')")
    assert_good(page, complaints)
    page.get_by_label("E-mail").fill("sokha@example.com")
    follow(page.get_by_role("button", name="Place order, pay $614.00"))
    assert Order.objects.get().code in page.get_by_role("heading", level=1).inner_text()
    assert_good(page, complaints)


def test_account_pages(shop, page, complaints):
    dara = make_user("dara@example.com", first_name="Dara", last_name="Sok")
    page.goto(f"/account/password/reset/{uid_of(dara)}/{reset_token(dara)}/")
    assert_good(page, complaints)
    make_address(dara)
    home = make_address(dara, line1="7 Riverside")
    order = make_order((shop.excellent, 1), user=dara, email=dara.email, shipping_method=shop.courier)
    log_in(page, dara)
    addresses = ["", "profile/", "password/", "addresses/", "addresses/new/", f"addresses/{home.code}/"]
    for address in [*(f"/account/{rest}" for rest in addresses), "/orders/", f"/orders/{order.code}/"]:
        page.goto(address)
        expect(page.get_by_role("main")).to_be_visible()
        assert_good(page, complaints)
    add_to_cart(page, "M500")
    page.goto("/checkout/")
    expect(page.get_by_label("Street and house")).to_be_hidden()
    assert_good(page, complaints)


def test_a_cancelled_order_and_an_account_without_anything(shop, page, complaints):
    order = make_order((shop.excellent, 1), shipping_method=shop.courier)
    page.goto(f"/orders/view/{order_token(order)}/")
    follow(page.get_by_role("button", name="Cancel the order"))
    expect(page.get_by_text("This order is cancelled.")).to_be_visible()
    assert_good(page, complaints)
    log_in(page, make_user())
    for address in ("/account/", "/account/addresses/", "/orders/"):
        page.goto(address)
        assert_good(page, complaints)


def test_the_cart_changes_in_place_and_keeps_the_focus(shop, page, complaints):
    add_to_cart(page, "M500")
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="One more").click()
    page.get_by_text("Total$26.00").wait_for()
    expect(page.locator("#cart-link")).to_have_text("Cart, 2 items")
    assert page.evaluate("window.stayed") is True
    assert page.evaluate("document.activeElement.id").startswith("more-")
    expect(page.locator("#live")).to_have_text("Cart: 2 items, $26.00")
    page.get_by_role("button", name="Remove Logitech M500").click()
    page.get_by_text("Your cart is empty").wait_for()
    expect(page.locator("#cart-link")).to_have_text("Cart")
    assert complaints == []


def test_filters_apply_in_place_and_back_works(shop, page, complaints):
    page.goto("/c/computers/laptops/")
    page.evaluate("window.stayed = true")
    page.get_by_label("Excellent").check()
    page.get_by_role("link", name="Remove filter Excellent").wait_for()
    assert page.url.endswith("/c/computers/laptops/?grade=A")
    assert page.evaluate("window.stayed") is True
    assert page.get_by_label("Excellent").is_checked()
    page.go_back()
    page.wait_for_url("**/c/computers/laptops/")
    expect(page.get_by_role("link", name="Remove filter Excellent")).to_have_count(0)
    assert complaints == []


def test_another_delivery_changes_the_total_in_place(shop, page, complaints):
    add_to_cart(page, "T14-A-16")
    fill_checkout(page)
    expect(page.get_by_role("button", name="Update the total")).to_be_hidden()
    page.get_by_label("Bus parcel").check()
    page.get_by_role("button", name="Place order, pay $604.00").wait_for()
    assert page.get_by_label("Full name").input_value() == "Sokha Chan"
    expect(page.get_by_text("Cash on delivery")).to_have_count(0)
    follow(page.get_by_role("button", name="Place order, pay $604.00"))
    page.get_by_text("Transfer $604.00 to us").wait_for()
    assert complaints == []


def test_what_is_chosen_while_the_total_is_on_its_way_stays_chosen(shop, page, complaints):
    add_to_cart(page, "T14-A-16")
    fill_checkout(page)
    on_its_way = []

    def hold_back(route):
        on_its_way.append(route)

    page.route("**/checkout/", hold_back)
    page.get_by_label("Province or state").fill("Kandal")
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_label("Province or state").press("Tab")
    page.get_by_text("Cash on delivery").click()
    with page.expect_response(lambda response: response.request.method == "POST"):
        on_its_way.pop().continue_()
    page.unroute("**/checkout/")
    page.wait_for_function("() => document.getElementById('live').textContent.includes('To pay')")
    assert page.get_by_role("radio", name="Cash on delivery").is_checked()
    follow(page.get_by_role("button", name="Place order"))
    page.wait_for_url("**/orders/**")
    assert Order.objects.get().payment_method == "cash_on_delivery"
    assert complaints == []


def test_everything_works_without_script(shop, chromium, live_server):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Search computers and parts").fill("think")
    follow(page.get_by_role("button", name="Search"))
    page.get_by_label("Excellent").check()
    follow(page.get_by_role("button", name="Show the results"))
    assert page.url.endswith("/search/?q=think&grade=A")
    page.get_by_role("link", name="Lenovo ThinkPad T14 Gen 3").click()
    follow(page.get_by_role("button", name="Add to cart"))
    page.get_by_role("button", name="One more").click()
    expect(page.get_by_text("Total$1,202.00")).to_be_visible()
    fill_checkout(page)
    page.get_by_label("Bus parcel").check()
    follow(page.get_by_role("button", name="Update the total"))
    assert page.get_by_label("Full name").input_value() == "Sokha Chan"
    follow(page.get_by_role("button", name="Place order, pay $1,204.00"))
    expect(page.get_by_text("Transfer $1,204.00 to us")).to_be_visible()
    context.close()
    assert Order.objects.get().lines.get().quantity == 2


def test_a_double_click_places_one_order(shop, page, complaints):
    add_to_cart(page, "T14-A-16")
    fill_checkout(page)
    page.get_by_role("button", name="Place order").dblclick()
    page.get_by_text("Transfer $602.00 to us").wait_for()
    assert Order.objects.count() == 1
    assert complaints == []


def test_checkout_by_keyboard_alone(shop, page, complaints):
    add_to_cart(page, "T14-A-16")
    page.get_by_role("link", name="Check out, no account needed").focus()
    page.keyboard.press("Enter")
    page.get_by_label("E-mail").focus()
    for answer in ("sokha@example.com", "Sokha Chan", "012 345 678", "Street 310", "BKK1", "Phnom Penh", ""):
        page.keyboard.type(answer)
        page.keyboard.press("Tab")
    expect(page.locator("#live")).to_contain_text("To pay")  # the province has changed the ways of delivery
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # another delivery
    page.get_by_role("button", name="Place order, pay $604.00").wait_for()
    assert page.evaluate("document.activeElement.id") == "by-bus"
    page.get_by_role("button", name="Place order").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Transfer $604.00 to us").wait_for()
    assert complaints == []
