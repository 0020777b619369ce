"""The rental plans of the demo shop: what the tool beside a variant proposes, offered."""

from typing import Any

from catalog.models import Variant
from rentals.plans import USUAL_RATIOS, propose, publish_plan, set_price

RENTED_OUT = ("laptops", "desktops", "monitor")


def offer_machines_for_rent(*, by: Any) -> int:
    """Offer every refurbished laptop, desktop and monitor for 3, 6 and 12 months; return how many plans that is."""
    machines = Variant.objects.filter(product__category__slug__in=RENTED_OUT, price__isnull=False)
    plans = 0
    for variant in machines.exclude(grade=Variant.Grade.NEW).order_by("pk"):
        for proposal in propose(variant, ratios=USUAL_RATIOS, costs=()):
            plan = set_price(variant, months=proposal.months, monthly_price=proposal.price.payment, by=by)
            publish_plan(plan, by=by)
            plans += 1
    return plans
