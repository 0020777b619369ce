"""What the product page shows of others' opinions, of former prices, and of what this visitor may ask and say."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from catalog.flow import WatchState
from catalog.models import Product, Review, Variant, Watch
from catalog.price_history import lowest_prices_beside_sales
from catalog.reviewing import ReviewPage, published_reviews, rating_of
from core import clock
from orders.reviewing import delivered_on
from storefront.forms.opinions import ReviewForm


def opinions_of(
    request: HttpRequest, product: Product, offers: Sequence[Variant], current: Variant | None
) -> dict[str, Any]:
    """Return the context of the parts about prices, watches and reviews.

    Two queries for a guest, one more when there are reviews, up to three more for an account.
    """
    rating = rating_of(product)
    after = request.GET.get("reviews", "")
    lowest = lowest_prices_beside_sales(offers, now=clock.now())
    kind = watch_kind(current)
    return {
        "lowest_price": lowest.get(current.pk) if current is not None else None,
        "rating": rating,
        "reviews": published_reviews(product, after=after) if rating.count else ReviewPage([], ""),
        "reviews_after": after,
        "watch_kind": kind,
        "watch_asks_email": asks_email(request),
        "is_watched": kind is not None and current is not None and _is_watched(request, current, kind),
        **review_form_of(request, product),
    }


def watch_kind(offer: Variant | None) -> str | None:
    """Return what can be waited for: the next unit of what is sold out, else a lower price; None: neither."""
    if offer is None or not offer.can_be_bought:
        return None
    return Watch.Kind.PRICE_DROP if offer.available else Watch.Kind.BACK_IN_STOCK


def asks_email(request: HttpRequest) -> bool:
    """Tell whether we do not know yet where to write."""
    return not (request.user.is_authenticated and request.user.has_verified_email)


def review_form_of(request: HttpRequest, product: Product) -> dict[str, Any]:
    """Return the form for those who were delivered the product (else None), with what they wrote before."""
    if not request.user.is_authenticated or delivered_on(product, to=request.user) is None:
        return {"review_form": None, "own_review": None}
    own = Review.objects.filter(product=product, author=request.user).first()
    known = {name: getattr(own, name) for name in ReviewForm.base_fields} if own else {}
    return {"review_form": ReviewForm(initial=known or {"author_name": request.user.first_name}), "own_review": own}


def _is_watched(request: HttpRequest, offer: Variant, kind: str) -> bool:
    """Tell whether this account waits for it already. Whom a guest's address belongs to is nobody's business."""
    if asks_email(request):
        return False
    return Watch.objects.filter(user=request.user, variant=offer, kind=kind, state=WatchState.ACTIVE).exists()
