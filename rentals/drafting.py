"""An order with rented lines: one agreement for each rented machine, and nothing is paid before all are signed."""

from typing import Any

from core.codes import public_code
from core.db import atomic_retry
from orders.models import Order, OrderLine
from rentals.bookkeeping import instalment_values
from rentals.models import Agreement, Instalment, RentalPolicy
from rentals.policies import current_policy
from rentals.rules.lease import Lease, draft
from rentals.rules.schedule import local_day
from rentals.rules.terms import RentalTerms, terms_by_rate


@atomic_retry
def draft_agreements(order: Order, *, by: Any) -> list[Agreement]:
    """Draft one agreement for each rented machine of a placed order, at its lines' prices and under today's policy.

    Machines that have their draft already keep it. Raises the refusals of rentals.rules.terms.check_terms.
    """
    lines = list(order.lines.filter(rental_months__isnull=False).select_related("variant").order_by("position"))
    if not lines:
        return []
    policy = current_policy()
    known = set(Agreement.objects.filter(line__in=lines).values_list("line_id", "position"))
    return [
        _draft_one(order, line, position, policy, by=by)
        for line in lines
        for position in range(1, line.quantity + 1)
        if (line.pk, position) not in known
    ]


def _draft_one(order: Order, line: OrderLine, position: int, policy: RentalPolicy, *, by: Any) -> Agreement:
    rules = policy.rules
    terms = terms_by_rate(
        cash_price=line.variant.price,
        monthly=line.monthly_price,
        months=line.rental_months,
        currency=order.currency,
        policy=rules,
    )
    return write_draft(line, position, policy, draft(terms, local_day(order.placed_at, rules.zone)), by=by)


def write_draft(line: OrderLine, position: int, policy: RentalPolicy, lease: Lease, *, by: Any) -> Agreement:
    """Store a drafted lease as rows: the agreement, its instalments and the first row of its timeline."""
    terms: RentalTerms = lease.account.terms
    agreement = Agreement.objects.create(
        code=public_code(),
        customer_id=line.order.user_id,
        line=line,
        position=position,
        policy=policy,
        numbers=policy.numbers,
        currency=terms.currency,
        cash_price=terms.cash_price,
        total=terms.total,
        swap_credit=terms.credit,
        anchor=lease.account.anchor,
    )
    columns = instalment_values(lease)
    Instalment.objects.bulk_create(
        Instalment(agreement=agreement, number=number, amount=amount, **columns[number])
        for number, amount in enumerate(terms.amounts, start=1)
    )
    agreement.record(kind="drafted", by=by, order=line.order.code, policy=policy.version, total=terms.total)
    return agreement
