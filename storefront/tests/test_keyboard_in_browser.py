"""From the search to the order with Tab, Enter, Space and the arrows alone: nothing is clicked or focused."""

import pytest

from commercia.tests.browser import expect
from orders.models import Order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_STOPS = 80
FOCUSED = "part => part === document.activeElement"
SEEN = """part => {
  const box = part.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight && part.matches(':focus-visible');
}"""


def tab_to(part):
    """Press Tab until `part` has the focus; the focus can be seen there."""
    expect(part).to_be_visible()
    for _ in range(MOST_STOPS):
        if part.evaluate(FOCUSED):
            break
        part.page.keyboard.press("Tab")
    expect(part).to_be_focused()
    assert part.evaluate(SEEN)


def press(part, key="Enter"):
    """Tab to `part` and press `key` on it."""
    tab_to(part)
    part.page.keyboard.press(key)


def test_from_search_to_order(shop, page, complaints):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab_to(page.get_by_role("combobox", name="Search computers and parts"))
    page.keyboard.type("think")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=think")

    box = page.get_by_role("checkbox", name="Excellent")
    press(box, "Space")
    expect(page.get_by_role("link", name="Remove filter Excellent")).to_be_visible()
    expect(page.locator("#live")).to_have_text("1 result")
    expect(box).to_be_focused()  # the list has been replaced around it
    press(page.get_by_role("link", name="Lenovo ThinkPad T14 Gen 3", exact=True))
    page.wait_for_url("**/p/thinkpad-t14/?offer=T14-A-16")

    press(page.get_by_role("link", name="32"))
    page.wait_for_url("**/p/thinkpad-t14/?offer=T14-A-32")
    press(page.get_by_role("button", name="Add to cart"))
    page.wait_for_url("**/cart/")
    press(page.get_by_role("link", name="Check out, no account needed"))
    page.wait_for_url("**/checkout/")

    for label, answer in (
        ("E-mail", "sokha@example.com"),
        ("Full name", "Sokha Chan"),
        ("Phone", "012 345 678"),
        ("Street and house", "No. 14, Street 310"),
        ("City or district", "BKK1"),
        ("Province or state", "Phnom Penh"),
    ):
        tab_to(page.get_by_label(label, exact=True))
        page.keyboard.type(answer)
    tab_to(page.get_by_label("Country", exact=True))
    expect(page.locator("#live")).to_contain_text("To pay")  # the province has changed the ways of delivery
    tab_to(page.locator("#by-courier"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Bus parcel")).to_be_focused()
    place = page.get_by_role("button", name="Place order, pay $659.00", exact=True)
    press(place)
    expect(page.get_by_text("Transfer $659.00 to us")).to_be_visible()
    assert Order.objects.get().shipping_method == "bus"
    assert complaints == []


def test_what_is_wrong_is_told_and_mended_without_a_mouse(shop, page, complaints):
    page.goto("/p/m500/")
    press(page.get_by_role("button", name="Add to cart"))
    page.wait_for_url("**/cart/")
    press(page.get_by_role("link", name="Check out, no account needed"))
    page.wait_for_url("**/checkout/")
    press(page.get_by_role("button", name="Place order, pay $14.00", exact=True))
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    press(page.get_by_role("link", name="Enter the city or district"))
    expect(page.get_by_label("City or district", exact=True)).to_be_focused()
    assert Order.objects.count() == 0
    assert complaints == []
