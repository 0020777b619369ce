"""What the shop offers for rent today: plans that are published and that the policy in force allows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from catalog.models import RentalPlan, Variant
from core.refusals import Refusal
from rentals.plans import plan_terms
from rentals.rules.offering import Offer, offer_of
from rentals.rules.policy import Policy


@dataclass(frozen=True)
class PlanOffer:
    """A plan that can be rented on, and what it comes to."""

    plan: RentalPlan
    offer: Offer


def published_plans(variants: Iterable[Variant]) -> list[RentalPlan]:
    """Return the published plans of these variants, shortest term first. One query."""
    by_key = {variant.pk: variant for variant in variants}
    plans = list(RentalPlan.objects.filter(variant__in=by_key, is_published=True).order_by("months"))
    for plan in plans:
        plan.variant = by_key[plan.variant_id]
    return plans


def offers_of(plans: Iterable[RentalPlan], *, policy: Policy, on: date) -> dict[int, list[PlanOffer]]:
    """Return what plans (with their variants) come to, by the key of their variant, for machines delivered on `on`.

    A published plan that the policy forbids meanwhile is left out.
    """
    found: dict[int, list[PlanOffer]] = defaultdict(list)
    for plan in plans:
        if (offered := _offered(plan, policy=policy, on=on)) is not None:
            found[plan.variant_id].append(offered)
    return found


def offer_for(variant: Variant, *, months: int, policy: Policy, on: date) -> PlanOffer:
    """Return what renting `variant` for `months` comes to. Raises Refusal("plan_not_available")."""
    plans = published_plans([variant]) if variant.can_be_bought else []
    for one in offers_of(plans, policy=policy, on=on)[variant.pk]:
        if one.plan.months == months:
            return one
    raise Refusal("plan_not_available", "This machine is not offered on that rental plan.")


def _offered(plan: RentalPlan, *, policy: Policy, on: date) -> PlanOffer | None:
    try:
        return PlanOffer(plan, offer_of(plan_terms(plan, policy=policy), on))
    except Refusal:
        return None
