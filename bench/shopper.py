"""A guest who shops over HTTP as a browser does: real pages, real forms, cookies and tokens. Standard library only.

It runs beside the servers on the same machine and costs CPU time of its own; the report says how much.
"""

import html
import http.client
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from http.cookies import SimpleCookie
from statistics import quantiles
from urllib.parse import urlencode

LINES_IN_ORDER = 2
GUEST = {
    "email": "guest@bench.test", "full_name": "Sokha Chan", "phone": "012 345 678", "line1": "No. 14, Street 310",
    "city": "BKK1", "region": "Phnom Penh", "postal_code": "", "country": "KH", "payment_method": "bank_transfer",
}  # fmt: skip


class Astray(Exception):
    """The shop did not answer as it should."""


class Guest:
    """One browser with its cookies on one kept connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookies: dict[str, str] = {}
        self.took: dict[str, list[float]] = defaultdict(list)
        self.address = f"10.{random.randint(0, 255)}.{random.randint(0, 255)}.{random.randint(1, 254)}"

    def ask(self, step: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Send one request; return status, text and where it leads. The time it took is kept under `step`."""
        headers = {
            "X-Forwarded-Proto": "https", "X-Forwarded-For": self.address, "Accept-Encoding": "identity",
            "Referer": f"https://127.0.0.1:{self.port}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }  # fmt: skip
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.perf_counter()
        self.link.request("POST" if form is not None else "GET", path, body, headers)
        answer = self.link.getresponse()
        text = answer.read().decode()
        self.took[step].append(time.perf_counter() - started)
        for line in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
        return answer.status, text, answer.headers.get("Location", "")

    def tag_of(self, path: str) -> str:
        """Return the ETag of an answer. Raises Astray."""
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": self.address}
        self.link.request("GET", path, headers=headers)
        answer = self.link.getresponse()
        answer.read()
        tag = answer.headers.get("ETag")
        if tag is None:
            raise Astray(f"no ETag at {path}")
        return tag

    def forget(self) -> None:
        """Become somebody else."""
        self.cookies.clear()
        self.address = f"10.{random.randint(0, 255)}.{random.randint(0, 255)}.{random.randint(1, 254)}"

    def put_into_cart(self, slug: str, sku: str) -> None:
        """Open a product's page and press the button. Raises Astray."""
        _, page, _ = self.ask("product", f"/p/{slug}/?{urlencode({'offer': sku})}")
        form = {"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"), "sku": sku, "quantity": "1"}
        status, _, where = self.ask("add", "/cart/add/", form)
        if (status, where) != (302, "/cart/"):
            raise Astray(f"adding {sku}: {status} {where}")

    def open_checkout(self) -> dict[str, str]:
        """Look at the cart and open the checkout; return its form, filled in. Raises Astray."""
        status, _, _ = self.ask("cart", "/cart/")
        _, page, _ = self.ask("checkout", "/checkout/")
        method = re.search(r'name="shipping_method" value="([^"]+)"', page)
        if status != 200 or method is None:  # noqa: PLR2004
            raise Astray("no checkout")
        names = ("csrfmiddlewaretoken", "placement_key", "expected_total")
        return {**GUEST, **{name: hidden(page, name) for name in names}, "shipping_method": method[1]}

    def place(self, form: dict[str, str]) -> str:
        """Press the last button; return where the order is. Raises Astray."""
        status, page, where = self.ask("place", "/checkout/", form)
        if status != 302 or not where.startswith("/orders/view/"):  # noqa: PLR2004
            words = re.search(r'id="err-h">.*?</ul>', page, re.S)
            raise Astray(f"placing: {status} {where} {words[0][:300] if words else ''}")
        return where

    def order(self, goods: Sequence[tuple[str, str]]) -> None:
        """Buy things as a guest, from the product page to the order's page."""
        self.forget()
        for slug, sku in goods:
            self.put_into_cart(slug, sku)
        where = self.place(self.open_checkout())
        if self.ask("order", where)[0] != 200:  # noqa: PLR2004
            raise Astray("the order's page")


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field. Raises Astray."""
    found = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page)
    if found is None:
        raise Astray(f"no field {name}")
    return html.unescape(found[1])


def whole_orders(port: int, goods: Sequence[tuple[str, str]], *, seconds: float, guests: int) -> dict[str, float]:
    """Let so many guests order again and again; return figures an order, and the p95 of each step."""
    deadline = time.monotonic() + seconds

    def shop(guest: Guest) -> None:
        while time.monotonic() < deadline:
            guest.order(random.sample(goods, LINES_IN_ORDER))

    return together([Guest(port) for _ in range(guests)], shop, step="place")


def placings(
    port: int, goods: Sequence[tuple[str, str]], *, orders: int, guests: int
) -> Callable[[], dict[str, float]]:
    """Fill the forms of so many orders beforehand; return work that presses all the last buttons."""
    crowd = [Guest(port) for _ in range(guests)]
    waiting: dict[int, list[tuple[dict[str, str], dict[str, str]]]] = {index: [] for index in range(guests)}

    def prepare(guest: Guest) -> None:
        mine = waiting[crowd.index(guest)]
        for _ in range(orders // guests):
            guest.forget()
            for slug, sku in random.sample(goods, LINES_IN_ORDER):
                guest.put_into_cart(slug, sku)
            form = guest.open_checkout()
            mine.append((dict(guest.cookies), form))

    prepared = together(crowd, prepare, step="checkout")
    if prepared["errors"]:
        raise SystemExit("The orders could not be prepared.")

    def press(guest: Guest) -> None:
        for cookies, form in waiting[crowd.index(guest)]:
            guest.cookies = cookies
            guest.place(form)

    def work() -> dict[str, float]:
        for guest in crowd:
            guest.took.clear()
        return together(crowd, press, step="place")

    return work


def together(crowd: Sequence[Guest], deed: Callable[[Guest], None], *, step: str) -> dict[str, float]:
    """Let each guest do `deed` at the same time; return figures a `step`, and the p95 of every step."""
    errors: list[BaseException] = []

    def work(guest: Guest) -> None:
        try:
            deed(guest)
        except (Astray, OSError, http.client.HTTPException) as error:
            errors.append(error)

    own = time.process_time()
    started = time.monotonic()
    threads = [threading.Thread(target=work, args=[guest]) for guest in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - started
    for error in errors[:3]:
        print(f"    {type(error).__name__}: {error}")
    steps: dict[str, list[float]] = defaultdict(list)
    for guest in crowd:
        for name, times in guest.took.items():
            steps[name].extend(times)
    count = len(steps[step])
    p95 = {f"{name} p95 ms": quantiles(times, n=20)[18] * 1e3 for name, times in steps.items() if len(times) > 1}
    p50 = quantiles(steps[step], n=2)[0] * 1e3 if count > 1 else 0.0
    return {
        "rate": count / elapsed, "p50": p50, "p95": p95.get(f"{step} p95 ms", 0.0), "count": count,
        "errors": len(errors),
        "shopper CPU ms": (time.process_time() - own) * 1e3 / max(1, count), **p95,
    }  # fmt: skip
