"""A shop to look at, and visitors. The browser comes from commercia.tests.browser."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.tests.factories import make_user
from carts.tests.factories import make_pickup, make_shipping_method, make_tax_rate
from catalog.listings import rebuild
from catalog.tests.factories import make_brand, make_category, make_product, make_units, make_variant
from payments.tests.paying import _sandbox_process, sandbox
from storefront.tests.factories import AXES, SPECS

__all__ = ["_sandbox_process", "sandbox"]


@pytest.fixture
def shop(db):
    """A laptop in two grades and two sizes with serials, a sold-out one, a mouse, three ways of shipping, a tax."""
    return stock_shop()


def stock_shop() -> SimpleNamespace:
    """Fill the shelves; return what lies on them."""
    make_tax_rate("KH", "10")
    courier = make_shipping_method("courier", price="2.00", name="Courier", countries=["KH"], position=1)
    make_shipping_method("bus", price="4.00", name="Bus parcel", allows_cash_on_delivery=False, position=2)
    pickup = make_pickup()
    computers = make_category("computers")
    laptops = make_category(
        "laptops", path="computers/laptops", parent=computers, spec_definitions=SPECS, variant_axes=AXES
    )
    laptop = make_product(
        "ThinkPad T14 Gen 3",
        category=laptops,
        brand=make_brand("Lenovo"),
        slug="thinkpad-t14",
        specs={"cpu": "Core i5-1245U", "screen_size_in": 14},
        description="A sensible everyday machine.",
        box_contents=["the machine", "65 W USB-C charger"],
    )
    excellent = make_variant(laptop, sku="T14-A-16", grade="A", price="600.00", options={"ram_gb": 16})
    good = make_variant(laptop, sku="T14-B-16", grade="B", price="505.00", options={"ram_gb": 16})
    large = make_variant(laptop, sku="T14-A-32", grade="A", price="655.00", options={"ram_gb": 32})
    fair = make_variant(laptop, sku="T14-C-16", grade="C", price="449.00", options={"ram_gb": 16})
    facts = {"battery_health_percent": 91, "disk_health_percent": 97, "tested_on": date(2026, 11, 18)}
    report = {"keyboard": "pass", "camera": "pass", "usb_ports": "pass"}
    make_units(excellent, serials=["PF3AAAA7K2", "PF3BBBB8L3"], test_report=report, **facts)
    make_units(good, serials=["PF3CCCC9M4"], test_report={**report, "camera": "fail"}, grade_notes="Worn lid", **facts)
    make_units(large, serials=["PF3DDDD1N5"], test_report=report, wipe_certificate="WC-1", **facts)
    mouse = make_variant(
        make_product("M500", category=make_category("mouse"), brand=make_brand("Logitech"), slug="m500"),
        sku="M500",
        grade="N",
        price="12.00",
        max_per_order=3,
    )
    make_units(mouse, quantity=5)
    rebuild([laptop.pk, mouse.product_id])
    return SimpleNamespace(
        laptop=laptop,
        laptops=laptops,
        excellent=excellent,
        good=good,
        large=large,
        fair=fair,
        mouse=mouse,
        courier=courier,
        pickup=pickup,
    )


@pytest.fixture
def visitor():
    """A guest's browser that trips over missing CSRF tokens as a real one would not: its forms carry none."""
    return Client()


@pytest.fixture
def dara(db):
    """Somebody with an account."""
    return make_user("dara@example.com", first_name="Dara", last_name="Sok")


@pytest.fixture
def customer(dara):
    """Dara's browser, logged in."""
    client = Client()
    client.force_login(dara)
    return client


# The browser reports the status of an answer, and htmx a request that a later one has replaced: neither is a fault.
HARMLESS = ("the server responded with a status of", "htmx:afterRequest", "htmx:sendAbort")


@pytest.fixture
def complaints(page):
    """What the browser's console complains about, such as policy reports and broken scripts."""
    return note_complaints(page)


def note_complaints(page):
    """Return a list into which the page's complaints go from now on."""
    found = []

    def note(line):
        if line.type in {"error", "warning"} and not any(words in line.text for words in HARMLESS):
            found.append(line.text)

    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", note)
    return found
