"""The buttons that keep an offer on the list and compare it, on cards and product pages; and what was looked at.

htmx gets the one button back, with the sentence that a screen reader says; without script the page comes again.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from carts.wishlists import add_wish, find_wishlist, open_wishlist, remove_wish
from catalog.models import Variant
from core.refusals import Refusal
from storefront.compare_cookie import compared_skus, remember_compared
from storefront.comparing import add_to_comparison
from storefront.recently_viewed import forget_viewed
from storefront.secret_cookies import WISHLIST


@never_cache
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep an offer on the visitor's list, opening one for a guest who has none."""
    offer = get_object_or_404(Variant.objects.published().select_related("product__brand"), sku=_sku(request))
    wishlist, new_code = open_wishlist(user=request.user, code=WISHLIST.code(request))
    request.opened_wishlist = wishlist
    problem = ""
    try:
        add_wish(wishlist, offer)
    except Refusal as refusal:
        problem = refusal.message
    told = _("%(name)s is on your list.") % {"name": offer.product.full_name}
    response = _answer(request, "choosing/kept.html", offer, told, problem, fallback="storefront:wishlist")
    code = new_code or WISHLIST.code(request)
    if code and not request.user.is_authenticated:
        WISHLIST.remember(response, request, code)
    return response


@never_cache
@require_POST
def let_go(request: HttpRequest) -> HttpResponse:
    """Take an offer off the visitor's list. What is not on it is off it already."""
    offer = get_object_or_404(Variant.objects.select_related("product__brand"), sku=_sku(request))
    wishlist = find_wishlist(user=request.user, code=WISHLIST.code(request))
    if wishlist is not None:
        request.opened_wishlist = wishlist
        try:
            remove_wish(wishlist, offer.sku)
        except Refusal as refusal:
            if refusal.code != "wish_unknown":
                raise
    told = _("%(name)s is off your list.") % {"name": offer.product.full_name}
    return _answer(request, "choosing/kept.html", offer, told, fallback="storefront:wishlist")


@never_cache
@require_POST
def compare(request: HttpRequest) -> HttpResponse:
    """Add an offer to what the visitor compares. A fifth is refused, and nothing is changed."""
    offer = get_object_or_404(Variant.objects.published().select_related("product__brand"), sku=_sku(request))
    skus, problem = compared_skus(request), ""
    try:
        skus = add_to_comparison(skus, offer)
    except Refusal as refusal:
        problem = refusal.message
    told = _("%(name)s is in the comparison, %(n)s of 4.") % {"name": offer.product.full_name, "n": len(skus)}
    return _compared(request, offer, skus, told, problem)


@never_cache
@require_POST
def compare_no_more(request: HttpRequest) -> HttpResponse:
    """Take an offer out of what the visitor compares."""
    offer = get_object_or_404(Variant.objects.select_related("product__brand"), sku=_sku(request))
    skus = [sku for sku in compared_skus(request) if sku != offer.sku]
    told = _("%(name)s is out of the comparison.") % {"name": offer.product.full_name}
    return _compared(request, offer, skus, told)


@never_cache
@require_POST
def forget_recent(request: HttpRequest) -> HttpResponse:
    """Forget what the visitor looked at."""
    messages.success(request, _("What you looked at is forgotten."))
    response = _back(request, "storefront:home")
    forget_viewed(response)
    return response


def _compared(request: HttpRequest, offer: Variant, skus: list[str], told: str, problem: str = "") -> HttpResponse:
    request.compared = skus
    response = _answer(request, "choosing/compared.html", offer, told, problem, fallback="storefront:compare")
    remember_compared(response, request, skus)
    return response


def _answer(
    request: HttpRequest, template: str, offer: Variant, told: str, problem: str = "", *, fallback: str
) -> HttpResponse:
    """Answer htmx with the button as it is now, everybody else with the page they came from and a sentence on it."""
    if request.htmx:
        return render(request, template, {"offer": offer, "told": told, "problem": problem})
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, told)
    return _back(request, fallback)


def _back(request: HttpRequest, fallback: str) -> HttpResponseRedirect:
    """Return to the page of ours that the browser says it came from, else to `fallback`."""
    origin = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(origin, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return redirect(origin)
    return redirect(resolve_url(fallback))


def _sku(request: HttpRequest) -> str:
    """Return the SKU that a button sent; "" for what no SKU can be, which no offer is called."""
    text = request.POST.get("sku", "")
    return text if text.isprintable() else ""
