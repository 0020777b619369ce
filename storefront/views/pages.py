"""The front door, and what is shown when something is not there or does not work."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.views.decorators.http import require_safe

from catalog.facets import IN_STOCK_CODE
from catalog.models import Category, FacetCount, Listing, Unit
from core import clock, request_ids
from core.versions import EVERY_LIST
from storefront.context import ShopFacts
from storefront.kept_pages import kept_page
from storefront.promotions import moment_of, promotions_at
from storefront.renting import example_of, policy_in_force

FRESH = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the shop sells, what is new, how it works."""
    moment, is_preview = moment_of(request)
    # Part of the key: a promotion begins and ends with the clock, which raises no version.
    promotions = promotions_at(moment)

    def context(asker: HttpRequest) -> dict[str, Any]:
        rooms = _rooms()
        return {
            "rooms": rooms,
            "fresh": _fresh([room["category"] for room in rooms[:FRESH]]),
            "featured": None if promotions.hero else _featured_unit(),
            "promotions": promotions,
            "preview": moment if is_preview else None,
        }

    if request.GET:
        return render(request, "pages/home.html", context(request))
    return kept_page(request, "pages/home.html", promotions, shows=[EVERY_LIST], context=context)


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """403: no right to see it, or a form that did not come from our own page."""
    return render(request, "403.html", {"is_form": bool(reason)}, status=HTTPStatus.FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: an address or form that makes no sense. Rendered without anything of the request."""
    return _static_page("400.html", HTTPStatus.BAD_REQUEST)


def broken(request: HttpRequest) -> HttpResponse:
    """500: an error of ours. Static, so that it works when nothing else does; the id finds the error in the log."""
    return _static_page("500.html", HTTPStatus.INTERNAL_SERVER_ERROR)


@require_safe
def rent_to_own(request: HttpRequest) -> HttpResponse:
    """How renting until it is yours works, in plain words, with numbers worked out by the rules in force."""
    context = {"example": example_of(policy_in_force(request), on=clock.today())}
    return render(request, "rent/how.html", context)


def _static_page(template: str, status: int) -> HttpResponse:
    context = {"shop_name": ShopFacts.last_name, "shop_email": settings.SHOP_EMAIL, "request_id": request_ids.current()}
    return HttpResponse(get_template(template).render(context), status=status)


def _rooms() -> list[dict[str, Any]]:
    """Return the visible categories that hold goods themselves, with how many products of each are on the shelf."""
    counts = dict(FacetCount.objects.filter(code=IN_STOCK_CODE, products__gt=0).values_list("category", "products"))
    categories = Category.objects.filter(is_visible=True, pk__in=counts).defer("spec_definitions", "variant_axes")
    return [{"category": category, "n": counts[category.pk]} for category in categories]


def _fresh(categories: Sequence[Category]) -> list[Listing]:
    """Return the newest thing on the shelf of each category, in their order: a choice, not eight of one delivery."""
    shelf = Listing.objects.filter(lead=True, in_stock=True)
    newest = shelf.filter(category__in=categories).order_by().values("category").annotate(newest=Max("product_id"))
    cards = shelf.filter(product_id__in=[row["newest"] for row in newest]).select_related("category")
    return sorted(cards, key=lambda card: [category.pk for category in categories].index(card.category_id))


def _featured_unit() -> Unit | None:
    """Return the newest tested machine on the shelf, to show what we tell about each of them."""
    return (
        Unit.objects.available()
        .filter(
            tested_on__isnull=False,
            battery_health_percent__isnull=False,
            variant__is_offered=True,
            variant__price__isnull=False,
            variant__product__status="active",
        )
        .select_related("variant__product__brand", "variant__product__category")
        .order_by("-id")
        .first()
    )
