"""Let Lighthouse judge twelve kinds of page of the shop as production runs it, on a slow phone: bench/lighthouse."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import places, servers
from bench.shopper import Guest, hidden
from docs import demo_shop

VERSION = "12.8.2"  # 13 asks for a newer Node than Debian's
PACKAGES = Path(os.environ.get("LIGHTHOUSE_DIR", Path(tempfile.gettempdir()) / f"lighthouse-{VERSION}"))
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LAPTOPS = "/c/computers/laptops/"


@dataclass(frozen=True)
class Sight:
    """A page, and whether search engines may keep it: for the others Lighthouse is not asked."""

    name: str
    path: str
    is_public: bool = True


def main() -> None:
    """Seed a demonstration shop, serve it, walk to each page as a guest, judge, print."""
    options = _options()
    _install()
    places.RUNNING.mkdir(parents=True, exist_ok=True)
    with demo_shop.new_folder() as folder:
        demo_shop.settle_in(folder)
        with servers.redis(), _served(folder):
            guest = Guest(places.SHOP_PORT)
            sights = [sight for sight in _walk(guest) if any(text in sight.name for text in options.only or [""])]
            headers = Path(folder) / "headers.json"
            cookies = "; ".join(f"{name}={value}" for name, value in guest.cookies.items())
            headers.write_text(json.dumps({"X-Forwarded-Proto": "https", "Cookie": cookies}))
            load = os.getloadavg()[0]
            print(f"Lighthouse {VERSION}, mobile, {options.runs} runs each; load before: {load:.1f}\n")
            print(f"{'page':16}{'performance':>20}{'accessibility':>15}{'best practice':>15}{'SEO':>6}")
            for sight in sights:
                _print(sight, [_judge(sight, headers) for _ in range(options.runs)])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each page; the median of performance is printed")
    parser.add_argument("--only", action="append", help="only the pages whose name holds this text; may be repeated")
    return parser.parse_args()


def _install() -> None:
    if (PACKAGES / "node_modules" / ".bin" / "lighthouse").exists():
        return
    PACKAGES.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(PACKAGES), f"lighthouse@{VERSION}"]
    subprocess.run(command, check=True)


def _served(folder: str) -> servers.Server:
    """Return the shop of `folder` under production's settings and server, as behind a proxy that ends TLS."""
    port = places.SHOP_PORT
    environment = servers.shop_environment("sqlite", 0, port=port) | {
        "DATABASE_URL": f"sqlite:///{folder}/shop.sqlite3",
        "STATIC_ROOT": f"{folder}/static",
        # Lighthouse asks for robots.txt by itself, without the proxy's header; nobody serves https:// here.
        "SECURE_SSL_REDIRECT": "false",
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"]
    subprocess.run(collect, cwd=places.CHECKOUT, env={**os.environ, **environment}, check=True)
    granian = [str(Path(sys.executable).parent / "granian"), *servers.GRANIAN, "--port", str(port)]
    return servers.Server(
        "lighthouse", [*granian, "commercia.wsgi:application"], port=port, environment=environment, cwd=places.CHECKOUT
    )


def _walk(guest: Guest) -> list[Sight]:
    """Fill a cart, an order, a comparison; return the pages. The guest holds the cookies that belong to them."""
    status, page, _ = guest.ask("list", LAPTOPS)
    slugs = list(dict.fromkeys(re.findall(r'href="/p/([^/"]+)/', page)))[:2]
    if len(slugs) < 2:  # noqa: PLR2004
        raise SystemExit(f"{LAPTOPS} shows nothing to judge: {status}")
    pages = [guest.ask("product", f"/p/{slug}/")[1] for slug in slugs]
    skus = [hidden(page, "sku") for page in pages]
    guest.put_into_cart(slugs[1], skus[1])
    order = guest.place(guest.open_checkout())
    guest.put_into_cart(slugs[0], skus[0])
    for page, sku in zip(pages, skus, strict=True):
        form = {"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"), "sku": sku}
        guest.ask("compare", "/compare/add/", form)
    return [
        Sight("home", "/"),
        Sight("department", LAPTOPS),
        Sight("filtered", f"{LAPTOPS}?grade=A", is_public=False),
        Sight("search", "/search/?q=laptop", is_public=False),
        Sight("nothing found", "/search/?q=zebra", is_public=False),
        Sight("product", f"/p/{slugs[0]}/"),
        Sight("comparison", "/compare/", is_public=False),
        Sight("text", "/about/grades/"),
        Sight("log in", "/account/login/", is_public=False),
        Sight("cart", "/cart/", is_public=False),
        Sight("checkout", "/checkout/", is_public=False),
        Sight("order", order, is_public=False),
    ]


def _judge(sight: Sight, headers: Path) -> dict[str, Any]:
    command = [
        str(PACKAGES / "node_modules" / ".bin" / "lighthouse"), f"http://127.0.0.1:{places.SHOP_PORT}{sight.path}",
        "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={headers}",
        f"--chrome-flags=--headless=new {' '.join(demo_shop.FLAGS)}",
        *([] if sight.is_public else ["--skip-audits=is-crawlable"]),
    ]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": demo_shop.CHROMIUM}
    return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


def _print(sight: Sight, reports: list[dict[str, Any]]) -> None:
    """Print the median and the least of performance, the least of the others, and each audit that failed."""
    scores = {
        name: [round(100 * (report["categories"][name]["score"] or 0)) for report in reports] for name in CATEGORIES
    }
    speed = scores["performance"]
    least = [min(scores[name]) for name in CATEGORIES[1:]]
    told = f"{statistics.median(speed):g} (least {min(speed)})"
    print(f"{sight.name:16}{told:>20}{least[0]:>15}{least[1]:>15}{least[2]:>6}", flush=True)
    failed: Counter[str] = Counter()
    for report in reports:
        for name in CATEGORIES[1:]:
            for reference in report["categories"][name]["auditRefs"]:
                audit = report["audits"][reference["id"]]
                is_short = audit["score"] is not None and audit["score"] < 1
                if reference["weight"] and (is_short or audit["scoreDisplayMode"] == "error"):
                    failed[f"{name}: {audit['title']} {audit.get('errorMessage', '')}".strip()] += 1
    for line, times in failed.items():
        print(f"    {times} of {len(reports)}  {line}")


if __name__ == "__main__":
    main()
