"""Up to four offers side by side."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.pictures import give_pictures
from storefront.compare_cookie import MOST, compared_skus, sensible_skus
from storefront.comparing import Verdict, compare, offers_called

DIFFERENCES = "differences"


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Compare what the address names (`?sku=A&sku=B`), else what the visitor has chosen.

    `only=differences` leaves out the rows in which all offers are the same.
    """
    named = sensible_skus(request.GET.getlist("sku"))
    asked = (named or compared_skus(request))[:MOST]
    offers = offers_called(asked)
    give_pictures(offers)
    skus = [offer.sku for offer in offers]
    only_differences = request.GET.get("only") == DIFFERENCES
    rows = compare(offers) if offers else []
    context = {
        "offers": offers,
        "skus": skus,
        "rows": [row for row in rows if not only_differences or row.verdict != Verdict.SAME],
        "hidden": sum(row.verdict == Verdict.SAME for row in rows) if only_differences else 0,
        "only_differences": only_differences,
        "is_named": bool(named),
        "gone": len(asked) - len(offers),
        "left_out": max(0, len(named) - MOST),
        "toggle_href": _address(named and skus, "" if only_differences else DIFFERENCES),
        "share_href": request.build_absolute_uri(_address(skus, "")),
        "without": lambda sku: _address([other for other in skus if other != sku], request.GET.get("only", "")),
    }
    return render(request, "compare/page.html", context)


def _address(skus: list[str], only: str) -> str:
    """Return the address of a comparison; without SKUs it is the visitor's own."""
    pairs = [("sku", sku) for sku in skus]
    if only == DIFFERENCES:
        pairs.append(("only", DIFFERENCES))
    return reverse("storefront:compare") + (f"?{urlencode(pairs)}" if pairs else "")
