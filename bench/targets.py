"""What there is to look at in the loaded shop, found through its own API."""

import json
import random
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

PAGES_MAX, PAGE_SIZE, SEED = 200, 24, 7


@dataclass(frozen=True)
class Targets:
    """Addresses and goods, in a seeded order."""

    pages: list[tuple[str, str, int]]  # path and slug of a leaf category, number of a page in it
    products: list[str]
    words: list[str]
    filters: list[tuple[str, str, str]]  # path and slug of a leaf category, query
    goods: list[tuple[str, str]]  # slug and SKU of what many can buy


def find_targets(port: int) -> Targets:
    """Ask the shop on `port`."""
    lot = random.Random(SEED)
    leaves = [leaf for leaf in _leaves(_api(port, "/categories/")) if leaf["products"] > PAGE_SIZE]
    pages, products, words, filters = [], [], [], []
    goods: list[tuple[str, str]] = []
    for leaf in leaves:
        last = min(PAGES_MAX, leaf["products"] // PAGE_SIZE)
        pages += [(leaf["path"], leaf["slug"], lot.randint(1, last)) for _ in range(40)]
        for number in {1, lot.randint(1, last), last}:
            body = _api(port, "/products/", category=leaf["slug"], page=number)
            products += [row["slug"] for row in body["results"]]
            words += [
                " ".join(lot.sample(row["name"].split()[:4], 2)) for row in body["results"][:8] if " " in row["name"]
            ]
            goods += [(row["slug"], "") for row in body["results"] if row["available"] >= 100]  # noqa: PLR2004
            prices = sorted(float(row["price"]) for row in body["results"] if row["price"])
            own = [
                facet
                for facet in body["facets"]
                if facet["key"] not in {"grade", "brand", "in_stock"} and facet["values"]
            ]
            for facet in own[:3]:
                value = lot.choice(facet["values"])["value"]
                query = {"price_min": f"{prices[0]:.0f}", "price_max": f"{prices[-1] + 1:.0f}", facet["key"]: value}
                filters.append((leaf["path"], leaf["slug"], urlencode(query)))
    for found in (pages, products, words, filters):
        lot.shuffle(found)
    return Targets(pages, products, words, filters, list(_hot(port, leaves)))


def _hot(port: int, leaves: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the goods of which hundreds lie on the shelf (bench.goods puts them there)."""
    for leaf in leaves:
        for number in range(1, min(PAGES_MAX, leaf["products"] // 100 + 1) + 1):
            body = _api(
                port, "/products/", category=leaf["slug"], page=number, page_size=100, in_stock="true", facets="false"
            )
            for row in body["results"]:
                if row["available"] >= 100:  # noqa: PLR2004
                    product = _api(port, f"/products/{row['slug']}/")
                    yield from ((row["slug"], one["sku"]) for one in product["variants"] if one["available"] >= 100)  # noqa: PLR2004
            if body["next"] is None:
                break


def _leaves(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        if node["children"]:
            yield from _leaves(node["children"])
        else:
            yield node


def _api(port: int, path: str, **query: Any) -> Any:
    address = f"http://127.0.0.1:{port}/api/v1{path}{'?' if query else ''}{urlencode(query)}"
    place = f"10.9.{random.randint(0, 255)}.{random.randint(1, 254)}"
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": place}
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
        return json.load(answer)
