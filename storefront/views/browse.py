"""Category and search: lists of cards with filters beside them."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.browsing import BEST, Filters, ListingPage, browse, read_filters
from catalog.scope import find_category
from catalog.searching import search as find
from catalog.suggesting import Suggestions, suggest
from core.api.throttles import SuggestThrottle
from core.versions import EVERY_LIST, list_of, versions_of
from storefront.browsing import (
    SORT_NAMES,
    ListAddress,
    arranged,
    chips,
    has_empty_fields,
    head_of,
    is_plain,
    misread,
    trail_of,
)
from storefront.kept_pages import kept_page
from storefront.pages import page_number, said_once, shown_pages

LONGEST_QUERY = 100
# Cards below an empty list.
NEAR = 6


@require_safe
def category(request: HttpRequest, path: str) -> HttpResponse:
    """What a category and everything below it offers."""
    read = versions_of(request)
    slug = path.rpartition("/")[2].lower()
    read.of(list_of(slug))  # with the others, in one query
    place = find_category(slug, versions=read)
    if place is None or place.path != path.lower():
        raise Http404
    if place.path != path:
        query = request.META.get("QUERY_STRING", "")
        return redirect(f"{place.get_absolute_url()}{'?' if query else ''}{query}", permanent=True)

    def context(asker: HttpRequest) -> dict[str, Any]:
        listing = browse(
            place,
            filters=read_filters(place, dict(asker.GET.lists())),
            sort=said_once(asker, "sort", BEST),
            page=page_number(asker),
            versions=read,
        )

        def near(filters: Filters) -> ListingPage:
            return browse(place, filters=filters, page_size=NEAR, with_facets=False, versions=read)

        return _around(asker, listing, near=near, own=(), context={"category": place, "trail": trail_of(place)[:-1]})

    template = "catalog/category.html"
    if is_plain(request.GET):
        return kept_page(request, template, shows=[list_of(place.slug)], context=context)
    return _answer(request, template, context(request))


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What the shop, or one category of it, has for some words."""
    query = _words(request)
    if not query:
        return render(request, "catalog/search_start.html")
    read = versions_of(request)
    slug = request.GET.get("category", "")
    place = find_category(slug, versions=read) if slug else None

    def context(asker: HttpRequest) -> dict[str, Any]:
        found = find(
            query,
            category=place,
            filters=read_filters(place, dict(asker.GET.lists())),
            sort=said_once(asker, "sort", BEST),
            page=page_number(asker),
            versions=read,
        )

        def near(filters: Filters) -> ListingPage:
            again = find(query, category=place, filters=filters, page_size=NEAR, with_facets=False, versions=read)
            return again.listing

        own = [("q", query)] + ([("category", place.slug)] if place is not None else [])
        context = {"query": query, "found": found, "place": place}
        return _around(asker, found.listing, near=near, own=own, context=context)

    template = "catalog/search.html"
    if is_plain(request.GET, also={"q", "category"}):
        return kept_page(request, template, shows=[EVERY_LIST], context=context, frame={"query": query})
    return _answer(request, template, context(request))


@never_cache
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """The list under the search field while somebody types. Too many a minute are answered with 429."""
    if not SuggestThrottle().allow_request(request, None):
        return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS)
    query = _words(request)
    found = suggest(query, versions=versions_of(request)) if query else Suggestions()
    return render(request, "catalog/suggestions.html", {"query": query, "found": found})


def _words(request: HttpRequest) -> str:
    """Return what is searched for, without superfluous spaces and cut to the length of the field."""
    return " ".join(request.GET.get("q", "").split())[:LONGEST_QUERY]


def _around(
    request: HttpRequest,
    listing: ListingPage,
    *,
    near: Callable[[Filters], ListingPage],
    own: Sequence[tuple[str, str]],
    context: dict[str, Any],
) -> dict[str, Any]:
    """Return what a page shows of a list and around it. `near` gives the beginning of the list under other filters."""
    address = ListAddress(request.path, tuple(own), listing.filters, listing.sort)
    opened, folded = arranged(listing.facets)
    context |= {
        "listing": listing,
        "misread": misread(request.GET, listing, address, longest=LONGEST_QUERY),
        "near": near(listing.filters.without(listing.culprit.name)).rows if listing.culprit else (),
        "address": address,
        "chips": chips(listing, address, settings.SHOP_CURRENCY),
        "opened": opened,
        "folded": folded,
        "sort_names": SORT_NAMES,
        "numbers": shown_pages(min(listing.page, listing.pages), listing.pages),
    }
    if "category" in context:
        context["head"] = head_of(context["category"], listing, address)
    context["status"] = HTTPStatus.OK if listing.page <= listing.pages else HTTPStatus.NOT_FOUND
    return context


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Show a list, at the shortest address that means the same."""
    here = context["address"].page(context["listing"].page)
    if has_empty_fields(request.GET) and not request.htmx:
        return redirect(here)
    response = render(request, template, context, status=context["status"])
    if request.htmx:
        response["HX-Push-Url"] = here
    return response
