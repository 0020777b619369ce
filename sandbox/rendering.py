"""The sandbox's pages: plain HTML from templates, one stylesheet, no script, a strict content security policy."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.store import Thing
from sandbox.stripe_api.money import written
from sandbox.web import Response

HERE = Path(__file__).resolve().parent
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action {targets}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.filters["money"] = lambda thing, amount="amount": written(thing[amount], thing["currency"])


def page(template: str, *, status: int = 200, leads_to: tuple[str | None, ...] = (), **facts: Any) -> Response:
    """Return a page; `leads_to` are addresses to which its forms may send the browser on.

    Chromium applies `form-action` to redirects after a form, too, so the shop's origin must be named.
    """
    targets = " ".join(["'self'", *sorted({origin(address) for address in leads_to if address})])
    headers = {
        "content-security-policy": POLICY.format(targets=targets),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    html = environment.get_template(template).render(**facts)
    return Response(status, html.encode(), "text/html; charset=utf-8", headers)


def origin(address: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def stylesheet() -> Response:
    """Return the one stylesheet."""
    return Response(200, (HERE / "static" / "sandbox.css").read_bytes(), "text/css; charset=utf-8")


def message(title: str, words: str, *, status: int = 200, link: tuple[str, str] | None = None) -> Response:
    """Return a page with one message and perhaps a link (address, words)."""
    return page("message.html", status=status, title=title, words=words, link=link)


def grouped(number: str) -> str:
    """Return a card number in groups of four digits."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


environment.filters["grouped"] = grouped


def newest(things: list[Thing], most: int = 20) -> list[Thing]:
    """Return the newest things first, at most so many."""
    return things[::-1][:most]
