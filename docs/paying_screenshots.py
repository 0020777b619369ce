"""The pictures of the how-to guides about money: orders are placed and paid at the sandbox, then staff look at them."""

import os
import re
import sys
from collections.abc import Callable

import demo_shop
from playwright.sync_api import Locator, Page

VISA, DISPUTED = "4242 4242 4242 4242", "4000 0000 0000 0259"
BUYER = {
    "E-mail": "sokha@example.com",
    "Full name": "Sokha Chan",
    "Phone": "012 345 678",
    "Street and house": "No. 14, Street 310",
    "City or district": "BKK1",
    "Province or state": "Phnom Penh",
}
Save = Callable[..., None]


def take_payments(page: Page, phone: Page, staff: Page, save: Save) -> None:
    """Pay as customers do, and save what they and the staff (logged in on `staff`) see."""
    order(page, way="card")
    save(page, "card-page-1280-light")
    pay_by_card(page, VISA)
    follow(page.get_by_role("link", name="Receipt to print"))
    save(page, "receipt-1280-light", whole=True)
    order(phone, way="khqr")
    save(phone, "khqr-360-light")
    staff.goto("/admin/payments/rielrate/")
    save(staff, "riel-rate-1280-light")
    staff.goto("/admin/payments/payment/?state__exact=captured")
    follow(staff.locator("#result_list tbody th a").first)
    follow(staff.get_by_role("link", name="Refund…"))
    save(staff, "refund-1280-light")
    order(page, way="card")
    pay_by_card(page, DISPUTED)
    hear_of_everything()
    staff.goto("/admin/payments/dispute/")
    follow(staff.locator("#result_list tbody th a").first)
    save(staff, "dispute-1280-light")
    staff.goto("/admin/payments/break/?standing=open")
    save(staff, "reconcile-1280-light")


def order(page: Page, *, way: str) -> None:
    """Order a laptop as a guest, to be paid by `way`."""
    page.goto("/search/?q=thinkpad+x1")
    follow(page.locator("li.card a").first)
    follow(page.get_by_role("button", name="Add to cart").first)
    page.goto("/checkout/")
    for label, value in BUYER.items():
        page.get_by_label(label, exact=True).fill(value)
    page.locator(f"input[name=payment_method][value={way}]").check()
    follow(page.get_by_role("button", name=re.compile("Place order")))


def follow(part: Locator) -> None:
    """Click what leads to another page, and wait until that page is there."""
    with part.page.expect_navigation():
        part.click()


def pay_by_card(page: Page, number: str) -> None:
    """Pay on the provider's page."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12 / 39")
    page.get_by_label("Security code").fill("123")
    follow(page.locator("form:has(#number) button"))


def hear_of_everything() -> None:
    """Act on what the provider has told: no worker runs beside the pictures."""
    # Playwright keeps an event loop in this thread; Django would take every query for one inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    sys.path.insert(0, str(demo_shop.ROOT))
    import django

    django.setup()
    from payments.inbox import process_waiting_events
    from payments.reconciling import fetch_missed_events

    fetch_missed_events()
    process_waiting_events()
