"""Who bought a thing may say what it is like."""

from datetime import date
from typing import Any

from django.utils import timezone

from catalog.models import Product, Review
from catalog.reviewing import write_review
from core.db import atomic_retry
from core.refusals import Refusal
from orders.flow import ShipmentState
from orders.models import Shipment


@atomic_retry
def review_purchase(product: Product, *, by: Any, rating: int, title: str, body: str, author_name: str) -> Review:
    """Write, or write anew, what `by` thinks of a product that was delivered to them. Staff read it first.

    Raises Refusal "not_bought" and "invalid_values" (fields).
    """
    bought_on = delivered_on(product, to=by)
    if bought_on is None:
        raise Refusal("not_bought", "You can review a product here once we have delivered it to you.")
    return write_review(
        product, by=by, bought_on=bought_on, rating=rating, title=title, body=body, author_name=author_name
    )


def delivered_on(product: Product, *, to: Any) -> date | None:
    """Return the day (in the shop's time zone) on which this person last got one of these, None if they never did.

    One query; none for a guest.
    """
    if to is None or not to.is_authenticated:
        return None
    parcels = Shipment.objects.filter(
        state=ShipmentState.DELIVERED, order__user=to, allocations__line__variant__product=product
    )
    at = parcels.order_by("-delivered_at").values_list("delivered_at", flat=True).first()
    return timezone.localdate(at, timezone.get_default_timezone()) if at is not None else None
