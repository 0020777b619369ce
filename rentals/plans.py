"""Rental plans: which monthly prices the policy lets the shop offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
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
from rentals.rules.pricing import PlanPrice, payback_months, price_of, proposed_monthly
from rentals.rules.terms import RentalTerms, terms_by_rate

# What a proposal makes of the cash price unless told otherwise: the shorter the term, the nearer to it.
USUAL_RATIOS: Mapping[int, Decimal] = {3: Decimal("1.075"), 6: Decimal("1.15"), 12: Decimal("1.30")}


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A monthly price that keeps within a ratio to the cash price, what it comes to, and when units have paid back.

    `paybacks` are (what a unit cost, after how many payments it has earned that), cheapest first.
    """

    months: int
    ratio: Decimal
    price: PlanPrice
    paybacks: tuple[tuple[Decimal, int], ...]


def propose(variant: Variant, *, ratios: Mapping[int, Decimal], costs: Iterable[Decimal]) -> list[Proposal]:
    """Return a monthly price for each term, the highest within its ratio and the policy's cap. Nothing is stored.

    `ratios`: total to own ÷ cash price, by number of months; `costs`: what the shop paid for its units. Raises
    Refusal "not_for_sale" for a variant without a price and "terms_impossible" for a ratio that leaves no price.
    """
    if variant.price is None:
        raise Refusal("not_for_sale", "A machine without a price cannot be rented out: there is no cash price.")
    policy = current_policy().rules
    paid = sorted(set(costs))
    proposals = []
    for months, wanted in sorted(ratios.items()):
        ratio = min(wanted, policy.max_total_to_cash_ratio)
        monthly = proposed_monthly(
            cash_price=variant.price, months=months, ratio_wanted=ratio, currency=settings.SHOP_CURRENCY
        )
        price = price_of(cash_price=variant.price, payment=monthly, payments=months, policy=policy)
        paybacks = tuple((cost, payback_months(cost, monthly)) for cost in paid)
        proposals.append(Proposal(months=months, ratio=ratio, price=price, paybacks=paybacks))
    return proposals


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
def set_price(variant: Variant, *, months: int, monthly_price: Decimal, by: Any) -> RentalPlan:
    """Set what renting `variant` for `months` costs a month, in the shop's currency; a new plan is not offered yet.

    A plan that is offered stays so at the new price, when the policy allows it; carts ask for the new price to be
    agreed to, agreements keep theirs. Raises Refusal "term_unknown" and those of `publish_plan`.
    """
    if months not in RentalPlan.Months.values:
        raise Refusal("term_unknown", "Machines are rented for 3, 6 or 12 months.")
    variant = Variant.objects.select_for_update().get(pk=variant.pk)
    plan = RentalPlan.objects.select_for_update().filter(variant=variant, months=months).first()
    before = plan.monthly_price if plan else None
    plan = plan or RentalPlan(variant=variant, months=months)
    plan.variant, plan.monthly_price = variant, monthly_price
    plan_terms(plan, policy=current_policy().rules)
    if before != monthly_price:
        plan.save()
        _record([plan], kind="priced", by=by, reason="", price_before=before)
        mark_dirty([variant.product_id])
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
    _record(plans, kind="published" if published else "unpublished", by=by, reason=reason)
    mark_dirty(plan.variant.product_id for plan in plans)


def _record(plans: list[RentalPlan], *, kind: str, by: Any, reason: str, **facts: Any) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            model=RentalPlan._meta.label_lower,
            object_code=f"{plan.variant.sku}:{plan.months}",
            **event_values(
                kind=kind,
                by=by,
                reason=reason,
                monthly_price=plan.monthly_price,
                cash_price=plan.variant.price,
                **facts,
            ),
        )
        for plan in plans
    )
