"""What agreements do with money that came for one of their bills."""

from collections import defaultdict
from decimal import Decimal
from functools import partial

from core.money import ZERO
from payments.billing import reopen_bill
from payments.flow import BillState
from payments.models import Bill, Payment
from payments.settling import amount_outstanding
from payments.signals import Claim
from rentals import letters
from rentals.models import Agreement, Collection, CollectionPart
from rentals.rules import lease as rules
from rentals.rules.policy import policy_from
from rentals.rules.schedule import local_day
from rentals.steps import take_step


def claim_for_agreements(bill: Bill, payment: Payment | None, amount: Decimal) -> Claim | None:
    """Answer what agreements do with `amount` that arrived for `bill`. None: the bill is not theirs.

    The caller holds the locks of bill and payment. What the bill asked for goes to its parts' ledgers, by the order of
    allocation or as a buy-out priced anew; more than it asked for is a surplus.
    """
    collection = Collection.objects.filter(bill=bill).first()
    if collection is None or payment is None:
        return None
    outstanding = amount_outstanding(bill)
    applied = min(amount, outstanding)
    if bill.state == BillState.VOID and applied == outstanding and applied:
        reopen_bill(bill, by=None, reason="late payment")
    shares = _shares(list(collection.parts.order_by("pk")), skip=bill.amount - outstanding, amount=applied)
    locked_rows = Agreement.objects.select_for_update().filter(pk__in=shares).order_by("pk")
    for row in list(locked_rows):
        _book(collection, row, payment, shares[row.pk])
    surplus = amount - applied
    return Claim(applied, surplus, f"More arrived for bill {bill.code} than it asked for." if surplus else "")


def _shares(parts: list[CollectionPart], *, skip: Decimal, amount: Decimal) -> dict[int, Decimal]:
    """Return how much each agreement gets (by id): parts in order, those that earlier money has filled left out."""
    shares: dict[int, Decimal] = defaultdict(Decimal)
    for part in parts:
        filled = min(part.amount, skip)
        skip -= filled
        share = min(part.amount - filled, amount)
        amount -= share
        if share:
            shares[part.agreement_id] += share
    return shares


def _book(collection: Collection, agreement: Agreement, payment: Payment, share: Decimal) -> None:
    at = payment.captured_at
    if collection.purpose == Collection.Purpose.BUYOUT:
        rule = partial(rules.buy_out, amount=share, payment=payment.key, at=at)
    else:
        day = local_day(at, policy_from(agreement.numbers).zone)
        rule = partial(rules.pay, amount=share, payment=payment.key, on=day)
    row = take_step(agreement, rule, by=None, reason=f"bill {collection.bill.code} paid")
    letters.rent_received(row, amount=share, payment=payment.key)


def split_over(owed: list[tuple[int, list[Decimal]]], amount: Decimal) -> dict[int, Decimal]:
    """Split `amount` over debts in order: (agreement, [amounts by rank]); what is left goes to the first agreement.

    Rank by rank: what is due of all of them comes before what is to come of any.
    """
    shares: dict[int, Decimal] = {key: ZERO for key, _ in owed}
    left = amount
    for rank in range(max((len(ranks) for _, ranks in owed), default=0)):
        for key, ranks in owed:
            part = min(left, ranks[rank])
            shares[key] += part
            left -= part
    shares[owed[0][0]] += left
    return {key: share for key, share in shares.items() if share}
