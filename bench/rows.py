"""The rows of the budget: what of the shop is compared with what of the bare project."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import measuring, shopper
from bench.measuring import Request, Work, by_wrk, costing
from bench.servers import Server
from bench.targets import Targets

GUESTS = 16
CATEGORIES_OF_BARE, PRODUCTS_OF_BARE = 20, 100_000
CART_LINES, CARTS = 3, 16
PLACED_AT_ONCE = 96


@dataclass(frozen=True)
class Row:
    """One comparison: `least` is the ratio of rates that the budget asks for, None for none."""

    number: str
    name: str
    ours: Work
    bare: Work | None
    bare_name: str
    least: float | None = None


@dataclass(frozen=True)
class Stage:
    """The servers of a run: the shop without and with its cache, the bare project, and what runs for all of them."""

    anew: Server
    cached: Server
    bare: Server
    others: Sequence[Server]
    targets: Targets


def rows(stage: Stage) -> dict[str, Callable[[], list[Row]]]:
    """Return, by the numbers of the budget, functions that make its comparisons ready."""
    return {
        "1": lambda: _category_page(stage),
        "2": lambda: _category_api(stage),
        "3": lambda: _detail(stage),
        "4": lambda: _search(stage),
        "5": lambda: _filtered(stage),
        "6": lambda: _add(stage),
        "7": lambda: _cart(stage),
        "8": lambda: _orders(stage),
        "9": lambda: _from_cache(stage),
    }


def _ours(stage: Stage, requests: Sequence[Request], *, server: Server | None = None, landing: str = "") -> Work:
    return by_wrk(server or stage.cached, stage.others, requests, landing=landing)


def _lone(stage: Stage, requests: Sequence[Request]) -> Work:
    return by_wrk(stage.cached, stage.others, requests, connections=1)


def _bare(stage: Stage, paths: Sequence[str], **options: str) -> Work:
    return by_wrk(stage.bare, stage.others, [Request(path, headers=options) for path in paths])


def _bare_lists(stage: Stage, view: str) -> Work:
    lot = random.Random(1)
    numbers = range(1, CATEGORIES_OF_BARE + 1)
    return _bare(stage, [f"/{view}/{number}?page={lot.randint(1, 200)}" for number in numbers for _ in range(20)])


def _bare_product(stage: Stage) -> Work:
    lot = random.Random(1)
    return _bare(stage, [f"/pk/{lot.randint(1, PRODUCTS_OF_BARE)}" for _ in range(1000)])


def _bare_order(stage: Stage) -> Work:
    return by_wrk(stage.bare, stage.others, [Request("/order", "POST")])


# A parameter said twice is no plain address: the page is made anew, with what is known of its category from the cache.
ANEW = "sort=best&sort=best"


def _category_page(stage: Stage) -> list[Row]:
    pages = [Request(f"/c/{path}/?page={number}&{ANEW}") for path, _, number in stage.targets.pages]
    first = [Request(f"/c/{path}/?{ANEW}") for path, *_ in stage.targets.pages]
    last = {path: max(n for one, _, n in stage.targets.pages if one == path) for path, *_ in stage.targets.pages}
    far = [Request(f"/c/{path}/?page={last[path]}&{ANEW}") for path, *_ in stage.targets.pages]
    return [
        Row(
            "1",
            "category page, 24 cards and filters, made anew",
            _ours(stage, pages),
            _bare_lists(stage, "jpage"),
            "Jinja page",
            0.4,
        ),
        Row("1a", "the same, only first pages", _ours(stage, first), None, ""),
        Row("1b", "the same, only last pages (200 at most)", _ours(stage, far), None, ""),
        Row("1c", "the same, nothing at all from the cache", _ours(stage, pages, server=stage.anew), None, ""),
    ]


def _category_api(stage: Stage) -> list[Row]:
    query = [f"/api/v1/products/?category={slug}&page={number}" for _, slug, number in stage.targets.pages]
    plain = [Request(f"{one}&facets=false") for one in query]
    bare = _bare_lists(stage, "fast")
    return [
        Row("2", "category list, API, 24 rows", _ours(stage, plain), bare, ".values() + orjson", 0.5),
        Row("2a", "the same with facets", _ours(stage, [Request(one) for one in query]), None, ""),
    ]


# So many different products are looked at again and again; each is made and kept once before the first round.
LOOKED_AT = 100


def _detail(stage: Stage) -> list[Row]:
    products = stage.targets.products
    anew = [Request(f"/p/{slug}/?from=letter") for slug in products]  # no plain address, so no kept page
    pages = [Request(f"/p/{slug}/") for slug in products[:LOOKED_AT]]
    calls = [Request(f"/api/v1/products/{slug}/") for slug in products[:LOOKED_AT]]
    guest = _guest(stage)
    for request in [*pages, *calls]:
        guest.ask("product", request.path)
    bare = _bare_product(stage)
    return [
        Row("3", "product page, kept under its facts", _ours(stage, pages), bare, "PK view", 0.2),
        Row("3a", "product, API, kept under its facts", _ours(stage, calls), bare, "PK view", 0.35),
        Row("3b", "product page made anew", _ours(stage, anew), bare, "PK view", 0.2),
    ]


def _search(stage: Stage) -> list[Row]:
    words = [one.replace(" ", "+") for one in stage.targets.words if re.fullmatch(r"[\w .-]+", one, re.ASCII)]
    pages = [Request(f"/search/?q={one}&{ANEW}") for one in words]
    calls = [Request(f"/api/v1/products/?q={one}&facets=false") for one in words]
    bare = _bare_lists(stage, "fast")
    return [
        Row("4", "search page with filters", _ours(stage, pages), bare, ".values() + orjson", 0.25),
        Row("4a", "search, API without facets", _ours(stage, calls), bare, ".values() + orjson", 0.25),
        Row("4b", "search page, one visitor at a time", _lone(stage, pages), None, ""),
    ]


def _filtered(stage: Stage) -> list[Row]:
    pages = [Request(f"/c/{path}/?{query}") for path, _, query in stage.targets.filters]
    calls = [Request(f"/api/v1/products/?category={slug}&{query}") for _, slug, query in stage.targets.filters]
    bare = _bare_lists(stage, "fast")
    return [
        Row("5", "price and one attribute, with counts, page", _ours(stage, pages), bare, ".values() + orjson"),
        Row("5a", "price and one attribute, with counts, API", _ours(stage, calls), bare, ".values() + orjson"),
    ]


def _guest(stage: Stage) -> shopper.Guest:
    return shopper.Guest(stage.cached.port)


def _add(stage: Stage) -> list[Row]:
    """Every request is a new guest's: a token, no cart. The answer must lead to the cart."""
    guest = _guest(stage)
    slug, sku = stage.targets.goods[0]
    _, page, _ = guest.ask("product", f"/p/{slug}/?offer={sku}")
    token = shopper.hidden(page, "csrfmiddlewaretoken")
    headers = _browser(guest) | {"Content-Type": "application/x-www-form-urlencoded"}
    forms = [f"csrfmiddlewaretoken={token}&sku={one}&quantity=1" for _, one in stage.targets.goods]
    requests = [Request("/cart/add/", "POST", headers, form) for form in forms]
    work = _ours(stage, requests, landing="/cart/")
    return [Row("6", "add to cart, guest", work, _bare_order(stage), "order write", 0.35)]


def _cart(stage: Stage) -> list[Row]:
    requests = []
    for _ in range(CARTS):
        guest = _guest(stage)
        for slug, sku in random.Random(len(requests)).sample(stage.targets.goods, CART_LINES):
            guest.put_into_cart(slug, sku)
        guest.ask("cart", "/cart/")  # its messages are read now
        requests.append(Request("/cart/", headers=_browser(guest)))
    work = _ours(stage, requests)
    return [Row("7", f"cart page, {CART_LINES} lines", work, _bare_product(stage), "PK view", 0.25)]


def _browser(guest: shopper.Guest) -> dict[str, str]:
    cookies = "; ".join(f"{name}={value}" for name, value in guest.cookies.items())
    return {"Cookie": cookies, "Referer": f"https://127.0.0.1:{guest.port}/"}


def _orders(stage: Stage) -> list[Row]:
    port, goods = stage.cached.port, stage.targets.goods
    servers = [stage.cached, *stage.others]

    def whole(seconds: float) -> measuring.Figures:
        return costing(servers, lambda: shopper.whole_orders(port, goods, seconds=seconds, guests=GUESTS))

    def place(seconds: float) -> measuring.Figures:
        return costing(servers, shopper.placings(port, goods, orders=PLACED_AT_ONCE, guests=GUESTS))

    return [
        Row("8", "whole guest order, 2 lines, 8 requests", whole, _bare_order(stage), "order write"),
        Row("8a", "only the last button: place the order", place, _bare_order(stage), "order write", 0.25),
    ]


def _from_cache(stage: Stage) -> list[Row]:
    first = sorted({f"/c/{path}/" for path, *_ in stage.targets.pages})
    guest = _guest(stage)
    calls = []
    for slug in sorted({slug for _, slug, _ in stage.targets.pages}):
        path = f"/api/v1/products/?category={slug}"
        calls.append(Request(path, headers={"If-None-Match": guest.tag_of(path)}))
    details = [f"/api/v1/products/{slug}/" for slug in stage.targets.products[:100]]
    calls_of_products = [Request(path, headers={"If-None-Match": guest.tag_of(path)}) for path in details]
    redis = _bare(stage, [f"/redis/{number}" for number in range(1, CATEGORIES_OF_BARE + 1)])
    unchanged = _bare(stage, ["/etag/1"], **{"If-None-Match": 'W/"v1"'})
    return [
        Row(
            "9",
            "category page from the cache",
            _ours(stage, [Request(path) for path in first]),
            redis,
            "page from Redis",
            0.6,
        ),
        Row("9a", "category list, API, 304", _ours(stage, calls), unchanged, "304", 0.6),
        Row("9b", "product, API, 304", _ours(stage, calls_of_products), unchanged, "304", 0.6),
    ]
