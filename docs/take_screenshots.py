"""Take the screenshots of the README and the handbook from a fresh demonstration shop: `make screenshots`.

Needs Debian's Chromium and requirements/services.txt. Everything happens in a temporary folder and on loopback.
"""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
STAFF = "staff@localhost"


def main() -> None:
    """Seed a shop, serve it, and save each picture."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        password = secrets.token_urlsafe(12)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "commercia.settings.dev",
            "DATABASE_URL": f"sqlite:///{folder}/shop.sqlite3",
            "EMAIL_URL": f"filemail:///{folder}/letters",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SUPERUSER_PASSWORD": password,
        }
        for command in (
            ["migrate", "--verbosity=0"],
            ["seed_demo"],
            ["createsuperuser", "--no-input", f"--email={STAFF}"],
        ):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "commercia.asgi:application", f"--port={port}", "--lifespan=off"],
            cwd=ROOT,
            env=environment,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
                take_all(browser, f"http://127.0.0.1:{port}", password)
                browser.close()
        finally:
            server.terminate()
            server.wait()


def wait_for(url: str) -> None:
    """Return when `url` answers; give up after 30 s."""
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer.")


def opened(browser: Browser, base: str, width: int, height: int, scheme: str) -> Page:
    """Return a fresh page of this size and colour scheme."""
    context = browser.new_context(
        base_url=base, viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1
    )
    return context.new_page()


def save(page: Page, name: str) -> None:
    """Save what the page shows now."""
    page.screenshot(path=TARGET / f"{name}.png")


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
    staff.goto("/admin/")
    staff.locator("#id_username").fill(STAFF)
    staff.locator("#id_password").fill(password)
    staff.get_by_role("button", name="Log in").click()
    save(staff, "admin-1280-light")


if __name__ == "__main__":
    main()
