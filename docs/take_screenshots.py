"""Take the screenshots of the README and the handbook from a fresh demonstration shop: `make screenshots`.

Orders are paid at the sandbox. Needs Debian's Chromium and requirements/services.txt. Everything happens in a temporary
folder and on loopback.
"""

import base64
import os
import secrets
import subprocess
import sys

import demo_shop
import paying_screenshots
from django_otp.oath import totp
from playwright.sync_api import Browser, Page, sync_playwright

TARGET = demo_shop.ROOT / "docs" / "screenshots"
STAFF = "staff@localhost"


def main() -> None:
    """Seed a shop, serve it, and save each picture."""
    TARGET.mkdir(exist_ok=True)
    with demo_shop.new_folder() as folder:
        demo_shop.settle_in(folder)
        password = _employ()
        port = demo_shop.free_port()
        with demo_shop.providers_played(port), demo_shop.served(port) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=demo_shop.CHROMIUM, args=demo_shop.FLAGS)
            take_all(browser, base, password)
            browser.close()


def _employ() -> str:
    """Make somebody who may enter the admin; return the password."""
    password = secrets.token_urlsafe(12)
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--no-input", f"--email={STAFF}"],
        cwd=demo_shop.ROOT,
        env={**os.environ, "DJANGO_SUPERUSER_PASSWORD": password},
        check=True,
    )
    return password


def opened(browser: Browser, base: str, width: int, height: int, scheme: str) -> Page:
    """Return a fresh page of this size and colour scheme."""
    context = browser.new_context(
        base_url=base, viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1
    )
    return context.new_page()


def save(page: Page, name: str, *, whole: bool = False) -> None:
    """Save what the page shows now, or the `whole` page down to its end."""
    page.screenshot(path=TARGET / f"{name}.png", full_page=whole)


def enter_admin(page: Page, password: str) -> None:
    """Log in for the first time, which sets up the second step."""
    page.goto("/admin/")
    page.locator("#id_username").fill(STAFF)
    page.locator("#id_password").fill(password)
    page.get_by_role("button", name="Log in").click()
    key = base64.b32decode(page.locator(".secret").inner_text().replace(" ", ""))
    page.locator("#id_code").fill(f"{totp(key):06}")
    page.get_by_role("button", name="Set up").click()
    page.get_by_role("link", name="I have kept them, go on").click()


def take_all(browser: Browser, base: str, password: str) -> None:
    """Walk through the shop and the admin."""
    page = opened(browser, base, 1280, 800, "light")
    page.goto("/")
    save(page, "home-1280-light")
    page.goto("/c/computers/laptops/")
    save(page, "category-1280-light")
    dark = opened(browser, base, 1280, 800, "dark")
    dark.goto("/search/?q=thinkpad+t14")
    dark.locator("li.card a").first.click()
    save(dark, "product-1280-dark")
    phone = opened(browser, base, 360, 740, "light")
    phone.goto("/c/computers/laptops/")
    save(phone, "category-360-light")
    phone.locator("li.card a").first.click()
    phone.get_by_role("button", name="Add to cart").click()
    save(phone, "cart-360-light")
    phone.goto("/checkout/")
    save(phone, "checkout-360-light")
    staff = opened(browser, base, 1280, 800, "light")
    enter_admin(staff, password)
    save(staff, "admin-1280-light")
    buyer, payer = opened(browser, base, 1280, 800, "light"), opened(browser, base, 360, 740, "light")
    paying_screenshots.take_payments(buyer, payer, staff, save)


if __name__ == "__main__":
    main()
