"""What a visitor looked at last: a first-party cookie of product slugs, and nothing on our side."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from catalog.models import Listing

NAME = "recent"
LIFETIME = timedelta(days=30)
MOST = 8
SEPARATOR = "."
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,120}", re.ASCII)
LONGEST_COOKIE = MOST * 121
# The pages that show it. It stands outside their own content, which may come from the cache and be the same for all.
SHOWN_ON = frozenset({"home", "product"})

View = Callable[..., HttpResponse]


def wants_no_trace(request: HttpRequest) -> bool:
    """Tell whether the browser says Do Not Track or Global Privacy Control: then nothing is remembered or shown."""
    return request.headers.get("DNT") == "1" or request.headers.get("Sec-GPC") == "1"


def viewed_slugs(request: HttpRequest) -> list[str]:
    """Return the slugs in the visitor's cookie, the latest first. Whatever else the cookie holds is left out."""
    text = request.COOKIES.get(NAME, "")
    if len(text) > LONGEST_COOKIE or wants_no_trace(request):
        return []
    return list(dict.fromkeys(part for part in text.split(SEPARATOR) if SLUG.fullmatch(part)))[:MOST]


def remembers_viewed(view: View) -> View:
    """Decorate the page of one product: let the browser remember that it was shown."""

    @wraps(view)
    def show(request: HttpRequest, slug: str) -> HttpResponse:
        response = view(request, slug)
        if wants_no_trace(request):
            if NAME in request.COOKIES:
                forget_viewed(response)
        elif response.status_code == HTTPStatus.OK:
            slugs = [slug, *(other for other in viewed_slugs(request) if other != slug)][:MOST]
            response.set_cookie(
                NAME,
                SEPARATOR.join(slugs),
                max_age=int(LIFETIME.total_seconds()),
                httponly=True,
                samesite="Lax",
                secure=request.is_secure(),
            )
        return response

    return show


def forget_viewed(response: HttpResponse) -> None:
    """Take the cookie away."""
    response.delete_cookie(NAME, samesite="Lax")


def recently_viewed(request: HttpRequest) -> list[Listing]:
    """Return the cards of what the visitor looked at before this page, the latest first; what is gone is left out.

    Each product by the offer that its page opens. One query, none for a visitor without the cookie and on other pages.
    """
    here = request.resolver_match
    if here is None or here.url_name not in SHOWN_ON:
        return []
    slugs = [slug for slug in viewed_slugs(request) if slug != here.kwargs.get("slug")]
    if not slugs:
        return []
    found = Listing.objects.filter(product__slug__in=slugs, position=0).select_related("category")
    rows = {row.slug: row for row in found}
    return [rows[slug] for slug in slugs if slug in rows]
