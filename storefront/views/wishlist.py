"""The visitor's list, and a list that somebody shares."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from carts.baskets import open_cart
from carts.models import Wishlist
from carts.wishlists import (
    dismiss_notices,
    find_shared_wishlist,
    find_wishlist,
    move_to_cart,
    remove_wish,
    share,
    unshare,
    wishes_of,
)
from catalog.pictures import give_pictures
from core.refusals import Refusal
from storefront.pages import page_number, shown_pages
from storefront.secret_cookies import CART, WISHLIST

PAGE_SIZE = 24


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """What the visitor keeps, newest first, as it stands today."""
    return render(request, "wishlist/page.html", _listed(request, _own(request)))


@never_cache
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take a thing off the list; the answer is the list, in place when htmx asked for it."""
    wishlist = _own_or_404(request)
    problem, told = "", _("It is off your list.")
    try:
        remove_wish(wishlist, request.POST.get("sku", ""))
    except Refusal as refusal:
        problem = refusal.message
    return _changed(request, wishlist, told=told, problem=problem)


@never_cache
@require_POST
def move(request: HttpRequest) -> HttpResponse:
    """Put a thing into the cart instead; what cannot go there stays on the list."""
    wishlist = _own_or_404(request)
    cart, new_code = open_cart(user=request.user, code=CART.code(request))
    problem, told = "", ""
    try:
        item = move_to_cart(wishlist, request.POST.get("sku", ""), cart=cart)
    except Refusal as refusal:
        problem = refusal.message
    else:
        told = _("%(name)s is in your cart.") % {"name": item.variant.product.full_name}
    # The header of this answer cannot find a cart whose code the browser does not know yet.
    request.things_in_cart = sum(cart.items.values_list("quantity", flat=True))
    response = _changed(request, wishlist, told=told, problem=problem)
    if new_code is not None:
        CART.remember(response, request, new_code)
    return response


@never_cache
@require_POST
def start_sharing(request: HttpRequest) -> HttpResponse:
    """Make a link by which everybody who has it can see the list."""
    share(_own_or_404(request))
    messages.success(request, _("Your list has a link now. Give it to whom you like."))
    return redirect("storefront:wishlist")


@never_cache
@require_POST
def stop_sharing(request: HttpRequest) -> HttpResponse:
    """End the link, so that whoever has it sees nothing any more."""
    unshare(_own_or_404(request))
    messages.success(request, _("The link to your list is dead. Nobody else can see the list now."))
    return redirect("storefront:wishlist")


@never_cache
@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    """The visitor has read what bringing two lists together left out."""
    dismiss_notices(_own_or_404(request))
    return redirect("storefront:wishlist")


@never_cache
@require_safe
def show_shared(request: HttpRequest, code: str) -> HttpResponse:
    """A list that somebody shares, to look at: nothing about its owner, nor when and at which price things were kept.

    Its address is a secret among friends: no search engine keeps it, and no other site is told it.
    """
    wishlist = find_shared_wishlist(code)
    if wishlist is None:
        raise Http404
    response = render(request, "wishlist/shared.html", _listed(request, wishlist))
    response["X-Robots-Tag"] = "noindex"
    # Not "no-referrer": forms on the page would then say that they come from nowhere, and be refused.
    response["Referrer-Policy"] = "same-origin"
    return response


def _own(request: HttpRequest) -> Wishlist | None:
    return find_wishlist(user=request.user, code=WISHLIST.code(request))


def _own_or_404(request: HttpRequest) -> Wishlist:
    wishlist = _own(request)
    if wishlist is None:
        raise Http404
    return wishlist


def _listed(request: HttpRequest, wishlist: Wishlist | None) -> dict[str, object]:
    """Return one page of the list; a page past the end is the last one, which a removal may have made of it."""
    page = Paginator(wishes_of(wishlist), PAGE_SIZE).get_page(page_number(request))
    code = wishlist.share_code if wishlist is not None else None
    wishes = list(page)
    give_pictures(wish.variant for wish in wishes)
    return {
        "wishlist": wishlist,
        "wishes": wishes,
        "total": page.paginator.count,
        "page": page.number,
        "last": page.paginator.num_pages,
        "numbers": shown_pages(page.number, page.paginator.num_pages),
        "page_href": lambda number: f"?page={number}" if number > 1 else request.path,
        "share_href": request.build_absolute_uri(reverse("storefront:shared_wishlist", args=[code])) if code else "",
        "told": "",
        "problem": "",
    }


def _changed(request: HttpRequest, wishlist: Wishlist, *, told: str, problem: str) -> HttpResponse:
    """Answer a change: htmx gets the list and the links of the header, everybody else the list's page."""
    if request.htmx:
        request.opened_wishlist = wishlist
        context = _listed(request, wishlist) | {"told": told, "problem": problem}
        response = render(request, "wishlist/changed.html", context)
    else:
        if problem:
            messages.error(request, problem)
        else:
            messages.success(request, told)
        page = page_number(request)
        response = redirect(reverse("storefront:wishlist") + (f"?page={page}" if page > 1 else ""))
    code = WISHLIST.code(request)
    if code and not request.user.is_authenticated:
        WISHLIST.remember(response, request, code)
    return response
