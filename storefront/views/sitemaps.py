"""What search engines ask for first: robots.txt and the sitemaps."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from storefront import sitemaps
from storefront.heads import absolute

XML = "application/xml; charset=utf-8"
KEPT = 3600
# What belongs to one visitor, and what costs much and shows nothing new.
CLOSED = ("/admin/", "/api/", "/auth/", "/account/", "/cart/", "/checkout/", "/orders/", "/search/")
LARGEST_PART = 1_000_000


@require_safe
@cache_control(public=True, max_age=KEPT)
def robots(request: HttpRequest) -> HttpResponse:
    """Where robots may go, and where the sitemaps are."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED), "", f"Sitemap: {absolute('/sitemap.xml')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=KEPT)
def index(request: HttpRequest) -> HttpResponse:
    """The list of the sitemaps."""
    return HttpResponse(sitemaps.as_index(sitemaps.index_entries()), content_type=XML)


@require_safe
@cache_control(public=True, max_age=KEPT)
def pages(request: HttpRequest) -> HttpResponse:
    """The front page, the categories and the shop's own texts."""
    return HttpResponse(sitemaps.as_sitemap(sitemaps.page_entries()), content_type=XML)


@require_safe
@cache_control(public=True, max_age=KEPT)
def products(request: HttpRequest, part: int) -> HttpResponse:
    """One part of the products; 404 for a part that has none."""
    entries = list(sitemaps.product_entries(part)) if part < LARGEST_PART else []
    if not entries:
        raise Http404
    return HttpResponse(sitemaps.as_sitemap(entries), content_type=XML)
