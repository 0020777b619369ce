"""The cookie that holds what a visitor compares: up to four SKUs. It names goods and nobody, so it needs no secret."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import quote, unquote

from django.http import HttpRequest, HttpResponse

NAME = "compare"
LIFETIME = timedelta(days=30)
MOST = 4
LONGEST_SKU = 40
# Four SKUs of forty Khmer letters, each letter written as three bytes of three signs.
LONGEST_COOKIE = MOST * LONGEST_SKU * 9 + MOST
SEPARATOR = "|"


def compared_skus(request: HttpRequest) -> list[str]:
    """Return the SKUs that the visitor compares. Whatever else the cookie holds is left out."""
    text = request.COOKIES.get(NAME, "")
    if len(text) > LONGEST_COOKIE:
        return []
    return sensible_skus(unquote(part) for part in text.split(SEPARATOR))[:MOST]


def sensible_skus(texts: Iterable[str]) -> list[str]:
    """Return those of `texts` that a SKU could be, each once, in their order."""
    return list(dict.fromkeys(text for text in texts if 0 < len(text) <= LONGEST_SKU and text.isprintable()))


def remember_compared(response: HttpResponse, request: HttpRequest, skus: Sequence[str]) -> None:
    """Let the visitor's browser keep what they compare; nothing left takes the cookie away."""
    if not skus:
        forget_compared(response)
        return
    response.set_cookie(
        NAME,
        SEPARATOR.join(quote(sku, safe="") for sku in skus),
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def forget_compared(response: HttpResponse) -> None:
    """Take the cookie away."""
    response.delete_cookie(NAME, samesite="Lax")
