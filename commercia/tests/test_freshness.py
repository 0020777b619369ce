"""Many people browse while prices, stock and photos change: nobody sees what is older than 5 s, and carts are true.

Two processes' worth of caches: the visitors read through Redis and this process's own memory; the changes are made and
rebuilt by other threads with connections of their own, as staff and the worker do.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client

from carts.tests.factories import make_shipping_method
from catalog.editing import save_variant
from catalog.listings import mark_dirty, rebuild, rebuild_dirty
from catalog.photos import describe_photo
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from catalog.tests.photos import make_photo
from core.redis_cache import TolerantRedisCache
from core.tests.racing import run_together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
VISITORS = 64
OLDEST = 5.0  # seconds, of the read model; the truth is of the moment
BREATH = 0.25  # seconds between two changes
FIRST = 100


@dataclass
class History:
    """What a number was from when on: each change is one more than the last."""

    commits: list[float] = field(default_factory=lambda: [time.monotonic()])

    @property
    def latest(self) -> int:
        """The number that is committed for certain."""
        return len(self.commits) - 1

    def committed(self) -> None:
        """Note that the next number has just been committed."""
        self.commits.append(time.monotonic())

    def least_at(self, moment: float) -> int:
        """Return the number that everybody must have seen at `moment`."""
        return max((number for number, at in enumerate(self.commits) if at <= moment), default=0)


class Shop:
    """A product whose price, stock and photo carry numbers that rise."""

    def __init__(self, folder) -> None:
        self.category = make_category("laptops")
        self.variant = make_variant(make_product("T14", category=self.category, slug="t14"), sku="T14", price="100.00")
        make_units(self.variant, quantity=FIRST)
        self.photo = make_photo(self.variant.product, "Seen 0 times", ready=False)  # the task has
        for number in range(30):
            make_variant(make_product(f"Other {number}", category=self.category), price="50.00", units=1)
        make_shipping_method("courier", price="0.00", countries=["KH"])
        rebuild([self.variant.product_id, *self.category.products.values_list("pk", flat=True)])
        self.price, self.stock, self.seen = History(), History(), History()

    def change_price(self) -> None:
        save_variant(self.variant, by=None, values={"price": Decimal(FIRST + self.price.latest + 1)})
        self.price.committed()

    def add_unit(self) -> None:
        make_units(self.variant, quantity=1)
        mark_dirty([self.variant.product_id])
        self.stock.committed()

    def change_photo(self) -> None:
        describe_photo(self.photo, by=None, alt=f"Seen {self.seen.latest + 1} times")
        self.seen.committed()


@pytest.fixture
def shop(settings, tmp_path, monkeypatch):
    assert connection.vendor == "mysql", "set DATABASE_URL"
    assert isinstance(caches["default"], TolerantRedisCache) or settings.CACHE_URL, "set CACHE_URL"
    # One thread plays the worker below.
    monkeypatch.setattr("catalog.listings.nudge", lambda *words: None)
    # All visitors have one address here.
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", dict.fromkeys(rates))
    return Shop(tmp_path)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return response.content.decode()


def price_in(text: str) -> int:
    return int(re.search(r'T14<.*?<span class="price[^"]*">\$(\d+)\.00', text, re.S)[1]) - FIRST


def see_list(shop: Shop, address: str) -> None:
    began = time.monotonic()
    text = page(Client(), address)
    assert price_in(text) >= shop.price.least_at(began - OLDEST), address
    assert int(re.search(r"Seen (\d+) times", text)[1]) >= shop.seen.least_at(began - OLDEST), address


def see_api_list(shop: Shop, client: Client, known: dict[str, str]) -> None:
    """Ask with the tag of the last answer: a 304 says that it is still right."""
    began = time.monotonic()
    headers = {"If-None-Match": known["tag"]} if known else {}
    response = client.get("/api/v1/products/?category=laptops&sort=-price&page_size=1", headers=headers)
    if response.status_code == 200:
        row = response.json()["results"][0]
        known |= {"tag": response["ETag"], "price": row["price"], "stock": row["available"]}
    assert response.status_code in {200, 304}
    assert int(Decimal(known["price"])) - FIRST >= shop.price.least_at(began - OLDEST)
    assert known["stock"] - FIRST >= shop.stock.least_at(began - OLDEST)


def see_truth(shop: Shop) -> None:
    """The product's page and its API answer are of the moment: what was committed before the question is in it."""
    least = shop.price.latest, shop.stock.latest
    body = Client().get("/api/v1/products/t14/").json()["variants"][0]
    assert int(Decimal(body["price"])) - FIRST >= least[0]
    assert body["available"] - FIRST >= least[1]
    least_price = shop.price.latest
    text = page(Client(), "/p/t14/")
    assert int(re.search(r'price-l">\$(\d+)\.00', text)[1]) - FIRST >= least_price


def buy(shop: Shop, client: Client) -> None:
    """Cart and checkout ask the price of the moment."""
    if "cart" not in client.cookies:
        assert client.post("/cart/add/", {"sku": "T14", "quantity": 1})["Location"] == "/cart/"
    for address, pattern in (
        ("/cart/", r"\$(\d+)\.00"),
        ("/checkout/", r'name="expected_total"[^>]* value="(\d+)\.00'),
    ):
        least = shop.price.latest
        found = [int(number) - FIRST for number in re.findall(pattern, page(client, address))]
        assert found, address
        assert min(found) >= least, address
        assert max(found) <= shop.price.latest + 1, address


def keep_doing(deed: Callable[[], None], until: float, pause: float = 0.0) -> int:
    done = 0
    rest = threading.Event()
    while time.monotonic() < until:
        deed()
        done += 1
        rest.wait(pause)
    return done


def test_nobody_sees_what_is_older_than_five_seconds_and_carts_are_true(shop, bounded):
    until = time.monotonic() + bounded(ci=12, prove=120)
    changes = [shop.change_price, shop.add_unit, shop.change_photo]
    worker = partial(keep_doing, lambda: rebuild_dirty(100), until + 1, BREATH)
    visitors: list[Callable[[], None]] = []
    for number in range(VISITORS):
        visitors.append(
            [
                partial(see_list, shop, "/c/laptops/?sort=-price"),
                partial(see_list, shop, "/search/?q=t14"),
                partial(see_api_list, shop, Client(), {}),
                partial(see_truth, shop),
                partial(buy, shop, Client()),
            ][number % 5]
        )
    calls = [worker]
    calls += [partial(keep_doing, change, until, BREATH) for change in changes]
    calls += [partial(keep_doing, visit, until) for visit in visitors]
    outcomes = run_together(calls, at_once=len(calls))
    assert [outcome for outcome in outcomes if not isinstance(outcome, int)] == []
    assert min(outcomes) >= 1
    assert min(shop.price.latest, shop.stock.latest, shop.seen.latest) >= 5, "there was something to miss"
