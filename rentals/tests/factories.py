"""Policies, plans and agreements for tests."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.tests.factories import make_user
from catalog.models import RentalPlan, Variant
from catalog.tests.factories import make_variant
from core import clock
from orders.models import OrderLine
from orders.tests.factories import make_order
from rentals.bookkeeping import locked, read_lease, store_lease
from rentals.drafting import write_draft
from rentals.models import Agreement, RentalPolicy
from rentals.policies import current_policy, publish_policy
from rentals.rules import lease as rules
from rentals.rules.policy import merged, numbers_of
from rentals.rules.terms import RentalTerms
from rentals.tests.stage import ANCHOR, make_terms


def make_rental_policy(**overrides: Any) -> RentalPolicy:
    """Publish the default numbers with some changed."""
    return publish_policy(merged(overrides), by=None, reason="for a test")


def make_plan(variant: Variant | None = None, *, months: int = 12, monthly: str = "65.00", **fields: Any) -> RentalPlan:
    """Return a plan: 12 × 65.00 for a machine of 600.00 unless told otherwise; not published."""
    variant = variant or make_variant(price="600.00", units=1)
    return RentalPlan.objects.create(variant=variant, months=months, monthly_price=Decimal(monthly), **fields)


def make_rented_line(*, user: Any = None, quantity: int = 1, monthly: str = "65.00", months: int = 12) -> OrderLine:
    """Return an order's line that is rented.

    The order was placed as bought, because no way of paying for rent is needed here; then its line became a rented one.
    """
    user = user or make_user()
    order = make_order((make_variant(price="600.00", units=quantity), quantity), user=user)
    line = order.lines.get()
    line.rental_months, line.monthly_price, line.unit_price = months, Decimal(monthly), Decimal(monthly)
    line.due_now = line.monthly_price * quantity
    line.total = line.due_now * months
    line.save()
    return line


def make_draft(terms: RentalTerms | None = None, *, on: date = ANCHOR, line: OrderLine | None = None) -> Agreement:
    """Return a drafted agreement under these terms (12 × 65.00, cash price 600.00)."""
    terms = terms or make_terms()
    policy = current_policy()
    if numbers_of(terms.policy) != policy.numbers:
        policy = publish_policy(numbers_of(terms.policy), by=None, reason="for a test")
    line = line or make_rented_line()
    return write_draft(line, 1, policy, rules.draft(terms, on), by=line.order.user)


def advance(agreement: Agreement, step: Any, *args: Any, **kwargs: Any) -> Agreement:
    """Apply one rule of rentals.rules.lease to a stored agreement, as a deed does."""
    with transaction.atomic():
        row = locked(agreement)
        if row.signed_at is None:
            row.signed_at = clock.now()
            row.save(update_fields=["signed_at"])
        before = read_lease(row)
        return store_lease(row, before, step(before, *args, **kwargs), by=None)


def make_agreement(terms: RentalTerms | None = None, *, delivered: date = ANCHOR) -> Agreement:
    """Return an active agreement: signed, first month paid, delivered on `delivered`."""
    agreement = make_draft(terms, on=delivered)
    for step, facts in (
        (rules.sign, {}),
        (rules.first_payment, {"payment": f"{agreement.code}:first", "on": delivered}),
        (rules.ship, {}),
        (rules.deliver, {"on": delivered}),
    ):
        agreement = advance(agreement, step, **facts)
    return agreement
