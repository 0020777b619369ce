"""Keeping, comparing and what was looked at in a real browser: in place, by keyboard, without script, for everyone."""

import pytest

from carts.models import CartItem, WishlistItem
from carts.tests.factories import make_wishlist
from carts.wishlists import share
from commercia.tests.browser import expect, follow
from storefront.tests.conftest import stock_shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LAPTOPS = "/c/computers/laptops/"
T14 = "/p/thinkpad-t14/"


@pytest.fixture
def shop(transactional_db):
    """The usual shop, visible to the server's own thread."""
    return stock_shop()


def keep(page, *skus):
    for sku in skus:
        page.goto(f"/p/{'m500' if sku == 'M500' else 'thinkpad-t14'}/?offer={sku}")
        page.get_by_role("button", name="Keep").click()
        page.get_by_role("button", name="On my list (take").wait_for()


def test_a_card_keeps_and_compares_in_place_says_so_and_keeps_the_focus(shop, page, complaints):
    page.goto(LAPTOPS)
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="Keep Lenovo ThinkPad T14 Gen 3 on my list").click()
    page.get_by_role("button", name="On my list (take Lenovo ThinkPad T14 Gen 3 off)").wait_for()
    page.wait_for_function(
        "() => document.getElementById('live').textContent === 'Lenovo ThinkPad T14 Gen 3 is on your list.'"
    )
    expect(page.locator("#wish-link")).to_have_text("My list, 1 item")
    assert page.evaluate("document.activeElement.id") == "keep-T14-B-16"
    page.get_by_role("button", name="Compare Lenovo ThinkPad T14 Gen 3").press("Enter")
    page.get_by_role("link", name="See it in the comparison").wait_for()
    page.wait_for_function("() => document.getElementById('live').textContent.endsWith('in the comparison, 1 of 4.')")
    assert page.evaluate("document.activeElement.id") == "compare-T14-B-16"
    page.keyboard.press("Enter")
    page.get_by_role("link", name="See it in the comparison").wait_for(state="detached")
    page.get_by_role("button", name="On my list (take").click()
    page.get_by_role("button", name="Keep Lenovo").wait_for()
    expect(page.locator("#wish-link")).to_have_text("My list")
    assert page.evaluate("window.stayed") is True
    assert WishlistItem.objects.count() == 0
    # The rest of the card still leads to the product.
    page.locator(".card .pic").first.click(force=True)  # what takes the click is the link that lies over it
    page.wait_for_url(f"**{T14}**")
    assert complaints == []


def test_the_filters_go_on_speaking_after_a_button_has_spoken(shop, page, complaints):
    page.goto(LAPTOPS)
    page.get_by_role("button", name="Keep Lenovo").click()
    page.get_by_role("button", name="On my list (take").wait_for()
    page.get_by_label("Excellent").check()
    page.get_by_role("link", name="Remove filter Excellent").wait_for()
    page.wait_for_function("() => document.getElementById('live').textContent === '1 result'")
    # The list that came in has a form for its buttons, too.
    page.get_by_role("button", name="Keep Lenovo").click()
    page.get_by_role("button", name="On my list (take").wait_for()
    assert WishlistItem.objects.count() == 2
    assert complaints == []


def test_a_wish_moves_to_the_cart_in_place(shop, page, complaints):
    keep(page, "M500", "T14-A-16")
    page.goto("/wishlist/")
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="Move to cart Logitech M500").click()
    page.wait_for_function("() => document.getElementById('cart-link').textContent.includes('1 item')")
    expect(page.locator("#wish-link")).to_have_text("My list, 1 item")
    page.wait_for_function("() => document.getElementById('live').textContent === 'Logitech M500 is in your cart.'")
    page.get_by_role("button", name="Remove Lenovo").click()
    page.get_by_text("Your list is empty").wait_for()
    assert page.evaluate("window.stayed") is True
    assert CartItem.objects.get().variant.sku == "M500"
    assert complaints == []


def test_the_comparison_scrolls_inside_itself_by_keyboard_and_the_names_stay(shop, page, complaints):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/compare/?sku=T14-A-16&sku=T14-B-16&sku=T14-A-32&sku=M500")
    region = page.get_by_role("region", name="side by side")
    assert region.evaluate("part => part.scrollWidth > part.clientWidth")
    region.focus()
    before = page.get_by_role("rowheader", name="Price").bounding_box()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.compare').scrollLeft > 100")
    after = page.get_by_role("rowheader", name="Price").bounding_box()
    assert abs(after["x"] - before["x"]) < 40
    assert after["x"] >= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("link", name="Only differences").click()
    expect(page.get_by_role("rowheader", name="Warranty")).to_have_count(0)
    expect(page.get_by_role("rowheader", name="Price").get_by_text("differs")).to_be_visible()
    assert complaints == []


def test_all_of_it_works_without_script(shop, chromium, live_server):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(LAPTOPS)
    follow(page.get_by_role("button", name="Keep Lenovo"))
    assert page.url.endswith(LAPTOPS)
    expect(page.get_by_text("Lenovo ThinkPad T14 Gen 3 is on your list.")).to_be_visible()
    follow(page.get_by_role("button", name="Compare Lenovo"))
    page.goto("/p/m500/")
    follow(page.get_by_role("button", name="Compare Logitech"))
    page.get_by_role("link", name="See all 2 in the comparison").click()
    expect(page.get_by_role("columnheader")).to_have_count(2)
    follow(page.get_by_role("button", name="Take out Logitech M500"))
    expect(page.get_by_role("columnheader")).to_have_count(1)
    page.get_by_role("link", name="My list, 1 item").click()
    follow(page.get_by_role("button", name="Make a link"))
    page.get_by_role("link", name="See it as others do").click()
    expect(page.get_by_role("heading", name="A list somebody shares with you")).to_be_visible()
    page.go_back()
    follow(page.get_by_role("button", name="Move to cart"))
    expect(page.get_by_text("Lenovo ThinkPad T14 Gen 3 is in your cart.")).to_be_visible()
    expect(page.get_by_text("Your list is empty")).to_be_visible()
    page.goto("/")
    follow(page.get_by_role("button", name="Forget these"))
    expect(page.get_by_role("heading", name="You looked at")).to_have_count(0)
    context.close()
    assert CartItem.objects.get().variant.sku == "T14-B-16"


def test_forms_of_a_shared_list_are_taken_although_its_address_is_told_to_nobody(shop, page, complaints):
    wishlist = make_wishlist(shop.mouse, shop.excellent)
    page.goto(f"/wishlist/shared/{share(wishlist)}/")
    page.get_by_role("button", name="Keep Logitech M500").click()
    page.get_by_role("button", name="On my list (take Logitech M500 off)").wait_for()
    page.get_by_role("button", name="Add to cart Lenovo").click()
    page.wait_for_url("**/cart/")
    assert CartItem.objects.get().variant.sku == "T14-A-16"
    assert wishlist.items.count() == 2
    assert complaints == []
