"""From search to delivered order with a real browser, staff part included, as a guest and with an account."""

import re
from decimal import Decimal

import pytest

from catalog.models import Unit
from commercia.tests.browser import follow, sign_in_as_staff
from notifications.models import Email
from orders.models import Order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def find_and_fill_cart(page):
    page.goto("/")
    page.get_by_role("combobox", name="Search computers and parts").fill("thinkpad")
    follow(page.get_by_role("button", name="Search"))
    page.get_by_role("link", name="Lenovo ThinkPad T14 Gen 3").first.click()
    follow(page.get_by_role("button", name="Add to cart"))
    page.get_by_role("link", name=re.compile("Check out")).click()


def fill_address(page):
    page.get_by_label("Full name").fill("Sok Dara")
    page.get_by_label("Phone").fill("012 345 678")
    page.get_by_label("Street and house").fill("12 Street 240")
    page.get_by_label("City or district").fill("Phnom Penh")
    page.get_by_label("Province or state").fill("Phnom Penh")


def open_from_worklist(page, tile, order):
    """Go from the admin's home by its tile and the list to the order's page."""
    page.goto("/admin/")
    page.get_by_role("link", name=re.compile(tile)).click()
    page.get_by_role("link", name=order.code).click()


def staff_sends(page, order, *, serial):
    """From the worklist to the delivered parcel."""
    open_from_worklist(page, "Orders to pick", order)
    follow(page.get_by_role("button", name="Start packing"))
    page.get_by_role("link", name="Send…").click()
    page.locator("input[name^=serial]").fill("WRONG-1")
    follow(page.get_by_role("button", name="Send"))
    assert "WRONG-1" in page.locator(".errorlist").first.inner_text()
    page.locator("input[name^=serial]").fill(serial)
    page.get_by_label("Carrier").fill("J&T")
    page.get_by_label("Tracking number").fill("JT42")
    follow(page.get_by_role("button", name="Send"))
    page.get_by_role("button", name="Confirm delivery").first.click()
    page.get_by_text("Delivered").first.wait_for()


def test_a_guest_orders_and_staff_deliver(page, chromium, live_server, shop, warehouse_manager, letters_arrive):
    find_and_fill_cart(page)
    page.get_by_label("E-mail").fill("dara@example.com")
    fill_address(page)
    page.get_by_text("Bank transfer").click()
    follow(page.get_by_role("button", name=re.compile("Place order")))
    page.wait_for_url("**/orders/**")
    order = Order.objects.get()
    assert (order.state, order.email, order.total) == ("pending", "dara@example.com", Decimal("507.50"))
    assert order.code in page.content()
    staff = chromium.new_context(base_url=live_server.url).new_page()
    sign_in_as_staff(staff, warehouse_manager)
    open_from_worklist(staff, "Orders to be paid", order)
    staff.get_by_role("link", name="Mark as paid…").click()
    staff.get_by_label("Amount that arrived:").fill("507.50")
    staff.get_by_label("Reference").fill("ABA 4711")
    follow(staff.get_by_role("button", name="Mark as paid"))
    staff.get_by_role("button", name="Start packing").wait_for()
    order.refresh_from_db()
    assert order.state == "confirmed"
    staff_sends(staff, order, serial="PF3X0001")
    order.refresh_from_db()
    assert order.state == "delivered"
    assert Unit.objects.get(serial="PF3X0001").state == "sold"
    page.reload()
    assert "Delivered" in page.content()
    # The second letter tells the staff member that an app was set up.
    assert letters_arrive() == ["dara@example.com", "sokha@example.com", *["dara@example.com"] * 3]
    staff.context.close()


def test_somebody_opens_an_account_and_pays_at_the_door(
    page, chromium, live_server, shop, warehouse_manager, letters_arrive
):
    page.goto("/account/register/")
    page.get_by_label("E-mail").fill("vanna@example.com")
    page.get_by_label("Password").fill("seven calm herons")
    follow(page.get_by_role("button", name="Open the account"))
    letter = Email.objects.get(kind="verify_email").text
    link = re.search(r"/account/verify/\S+", letter).group(0)
    page.goto(link)
    follow(page.get_by_role("button", name="Yes, this mailbox is mine"))
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill("vanna@example.com")
    page.get_by_label("Password").fill("seven calm herons")
    follow(page.get_by_role("button", name="Log in"))
    find_and_fill_cart(page)
    fill_address(page)
    page.get_by_text("Cash on delivery").click()
    follow(page.get_by_role("button", name=re.compile("Place order")))
    page.wait_for_url("**/orders/**")
    order = Order.objects.get()
    assert (order.state, order.user.email) == ("confirmed", "vanna@example.com")
    staff = chromium.new_context(base_url=live_server.url).new_page()
    sign_in_as_staff(staff, warehouse_manager)
    staff_sends(staff, order, serial="PF3X0002")
    order.refresh_from_db()
    assert order.state == "delivered"
    page.goto("/orders/")
    assert order.code in page.content()
    assert letters_arrive().count("vanna@example.com") == 4
    staff.context.close()
