"""Rental plans: which monthly prices the policy lets the shop offer."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from catalog.listings import mark_dirty
from catalog.models import RentalPlan, Variant
from core import clock
from core.db import atomic_retry
from core.models import AuditEntry
from core.refusals import Refusal
from core.timeline import event_values
from rentals import letters
from rentals.policies import current_policy
from rentals.rules.policy import Policy
from rentals.rules.terms import RentalTerms, terms_by_rate


def plan_terms(plan: RentalPlan, *, policy: Policy) -> RentalTerms:
    """Return the terms that `plan` offers today. Raises Refusal("not_for_sale") and those of `check_terms`."""
    if plan.variant.price is None:
        raise Refusal("not_for_sale", "A machine without a price cannot be rented out: there is no cash price.")
    return terms_by_rate(
        cash_price=plan.variant.price,
        monthly=plan.monthly_price,
        months=plan.months,
        currency=settings.SHOP_CURRENCY,
        policy=policy,
    )


@atomic_retry
def publish_plan(plan: RentalPlan, *, by: Any) -> RentalPlan:
    """Offer a plan. A plan that is offered already stays so.

    Raises Refusal "ratio_above_cap", "instalment_below_minimum", "terms_impossible" or "not_for_sale".
    """
    variant = Variant.objects.select_for_update().get(pk=plan.variant_id)
    plan = RentalPlan.objects.select_for_update().get(pk=plan.pk)
    plan.variant = variant
    terms = plan_terms(plan, policy=current_policy().rules)
    if not plan.is_published:
        _set_published([plan], by=by, published=True, reason=f"total of payments {terms.total}")
    return plan


@atomic_retry
def unpublish_plan(plan: RentalPlan, *, by: Any, reason: str) -> RentalPlan:
    """Stop offering a plan. Agreements made under it are not touched."""
    plan = RentalPlan.objects.select_for_update().select_related("variant").get(pk=plan.pk)
    if plan.is_published:
        _set_published([plan], by=by, published=False, reason=reason)
    return plan


@atomic_retry
def unpublish_what_policy_forbids(variant_ids: Iterable[int] | None = None, *, by: Any) -> list[RentalPlan]:
    """Stop offering plans that a price cut or a new policy forbids (of these variants, or all); tell staff."""
    policy = current_policy().rules
    plans = RentalPlan.objects.filter(is_published=True).order_by("pk")
    if variant_ids is not None:
        plans = plans.filter(variant__in=list(variant_ids))
    forbidden: dict[str, list[RentalPlan]] = {}
    for plan in plans.select_related("variant"):
        try:
            plan_terms(plan, policy=policy)
        except Refusal as refused:
            forbidden.setdefault(refused.message, []).append(plan)
    for why, found in forbidden.items():
        _set_published(found, by=by, published=False, reason=why)
        for plan in found:
            letters.plan_unpublished(plan, why=why, about=clock.now().isoformat())
    return [plan for found in forbidden.values() for plan in found]


def _set_published(plans: list[RentalPlan], *, by: Any, published: bool, reason: str) -> None:
    RentalPlan.objects.filter(pk__in=[plan.pk for plan in plans]).update(is_published=published)
    for plan in plans:
        plan.is_published = published
    AuditEntry.objects.bulk_create(
        AuditEntry(
            model=RentalPlan._meta.label_lower,
            object_code=f"{plan.variant.sku}:{plan.months}",
            **event_values(
                kind="published" if published else "unpublished",
                by=by,
                reason=reason,
                monthly_price=plan.monthly_price,
                cash_price=plan.variant.price,
            ),
        )
        for plan in plans
    )
    mark_dirty(plan.variant.product_id for plan in plans)
