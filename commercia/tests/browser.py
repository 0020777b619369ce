"""A real Chromium for tests marked `browser`. A plugin, so that one browser serves the whole run."""

import base64
import os

import pytest

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def expect(part):
    """Return Playwright's expectations of a part of the page: they wait, so a page that is still coming is no fault."""
    from playwright.sync_api import expect as expectations

    return expectations(part)


def follow(part, key=None):
    """Click what leads to another page, or press `key` on it, and wait until that page is there."""
    with part.page.expect_navigation():
        part.press(key) if key else part.click()


def sign_in_as_staff(page, user, path="/admin/"):
    """Walk a staff member through both doors to a page of the admin; the first time this sets up an app."""
    # Imported here: Django is not set up yet when pytest reads this plugin.
    from accounts.tests.factories import PASSWORD
    from accounts.tests.signing import app_code, next_code

    page.goto(path)
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Log in"))
    secret = page.locator(".secret")
    if secret.count():
        key = base64.b32decode(secret.inner_text().replace(" ", "")).hex()
        page.get_by_label("Code from your app").fill(app_code(key))
        follow(page.get_by_role("button", name="Set up"))
        follow(page.get_by_role("link", name="I have kept them, go on"))
    else:
        page.get_by_label("Code from your app").fill(next_code(user))
        follow(page.get_by_role("button", name="Go on"))


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, one for the whole run."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread; Django would take every query of the tests for one inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium, live_server):
    """A fresh browser page at the running shop."""
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()
