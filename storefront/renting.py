"""What a product page says about renting its offers: the calculator, and the terms to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from catalog.models import Variant
from core.caching import keep
from core.money import ZERO
from core.versions import SHOP, versions_of
from rentals.disclosing import Item, disclose
from rentals.offers import PlanOffer, offers_of, published_plans
from rentals.plans import USUAL_RATIOS
from rentals.policies import current_policy
from rentals.rules.offering import Offer, offer_of
from rentals.rules.policy import Policy
from rentals.rules.pricing import proposed_monthly
from rentals.rules.terms import terms_by_rate
from storefront.charts import Curve, curve_of
from storefront.pages import said_once


@dataclass(frozen=True)
class Term:
    """One term to choose: what it comes to, and its curve."""

    months: int
    offer: Offer
    curve: Curve
    is_chosen: bool


@dataclass(frozen=True)
class Renting:
    """What can be rented on a page: the terms of the offer on it, and the plans of every offer for programs."""

    terms: Sequence[Term]
    is_chosen: bool
    plans: dict[int, list[PlanOffer]]

    @property
    def lowest(self) -> Term | None:
        """Return the term with the lowest monthly price."""
        return min(self.terms, key=lambda term: term.offer.first_payment, default=None)


def renting_of(request: HttpRequest, offers: Sequence[Variant], current: Variant | None, *, on: date) -> Renting:
    """Return what the offers of a product are rented for, for machines delivered on `on`.

    `?months=` in the address chooses renting and its term, else buying is chosen and the longest term lies ready. One
    query for the plans; the policy comes from the cache until another is published.
    """
    published = published_plans([offer for offer in offers if offer.can_be_bought])
    plans = offers_of(published, policy=policy_in_force(request), on=on) if published else {}
    found = plans.get(current.pk, []) if current is not None else []
    wanted = said_once(request, "months", "")
    known = {str(one.plan.months) for one in found}
    chosen = wanted if wanted in known else max(known, key=int, default="")
    terms = [
        Term(
            months=one.plan.months,
            offer=one.offer,
            curve=curve_of(one.offer),
            is_chosen=str(one.plan.months) == chosen,
        )
        for one in found
    ]
    return Renting(terms=terms, is_chosen=wanted in known, plans=plans)


def policy_in_force(request: HttpRequest) -> Policy:
    """Return the numbers for new agreements, kept until others are published."""
    return keep("rental_policy", versions=versions_of(request).of(SHOP), build=lambda: current_policy().rules)


def facts_for_programs(plans: Sequence[PlanOffer], currency: str) -> list[dict[str, Any]]:
    """Return plans as schema.org knows them: an offer to lease, so much a month, so often."""
    return [
        {
            "@type": "Offer",
            "businessFunction": "http://purl.org/goodrelations/v1#LeaseOut",
            "priceSpecification": {
                "@type": "UnitPriceSpecification",
                "price": str(one.offer.first_payment),
                "priceCurrency": currency,
                "unitCode": "MON",
                "billingIncrement": 1,
                "billingDuration": one.plan.months,
            },
        }
        for one in plans
    ]


# The example that explains rent-to-own: a price like many, in each currency, and the ratio that proposals begin with.
EXAMPLE_PRICES = {"USD": Decimal(600), "EUR": Decimal(600), "KHR": Decimal(2_400_000)}
EXAMPLE_MONTHS = 12


@dataclass(frozen=True)
class Example:
    """A worked example: what it comes to, its curve, and what would be disclosed."""

    offer: Offer
    curve: Curve
    items: Mapping[str, Item]


def example_of(policy: Policy, *, on: date) -> Example | None:
    """Return the example under `policy`; None when the policy knows no numbers for the shop's currency."""
    currency = settings.SHOP_CURRENCY
    if currency not in policy.quantum:
        return None
    cash = EXAMPLE_PRICES[currency]
    ratio = min(USUAL_RATIOS[EXAMPLE_MONTHS], policy.max_total_to_cash_ratio)
    monthly = proposed_monthly(cash_price=cash, months=EXAMPLE_MONTHS, ratio_wanted=ratio, currency=currency)
    terms = terms_by_rate(cash_price=cash, monthly=monthly, months=EXAMPLE_MONTHS, currency=currency, policy=policy)
    offer = offer_of(terms, on)
    items = disclose(terms, offer, machine="", shipping=ZERO)
    return Example(offer=offer, curve=curve_of(offer), items={item.key: item for item in items})
