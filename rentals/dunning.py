"""The clock comes round to each running agreement once a day: letters, past due, late fees, default.

A shop that was away for days does what it missed and nothing early; of several letters about one payment only the last
one that still says something is written.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial

import structlog
from django.db.models import Min, Q

from core import clock
from core.db import atomic_retry
from payments.flow import PaymentState
from rentals import letters
from rentals.asking import live_attempts
from rentals.bookkeeping import locked, read_lease
from rentals.collecting import Progress, checked_instant, has_card
from rentals.flow import AgreementState
from rentals.models import Agreement, CollectionPart, LateFee
from rentals.rules import lease as rules
from rentals.rules.arrears import Step, arrears_calendar, steps
from rentals.rules.buyout import buyout_price, is_same_as_cash
from rentals.rules.lease import Lease
from rentals.rules.ledger import receive
from rentals.rules.schedule import local_day
from rentals.steps import take_step

log = structlog.get_logger(__name__)


def let_days_come(*, as_of: datetime | None = None, progress: Progress | None = None) -> Counter[str]:
    """Let the day of `as_of` (now) come for every running agreement; return "looked_at", "late_fees", "failed".

    Raises Refusal("as_of_in_future") unless this is a development shop.
    """
    at = checked_instant(as_of)
    day = clock.day_of(at)
    waiting = list(
        Agreement.objects.running()
        .filter(Q(looked_on=None) | Q(looked_on__lt=day))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    done: Counter[str] = Counter()
    for number, key in enumerate(waiting, start=1):
        try:
            done["late_fees"] += let_day_come(key, at=at)
            done["looked_at"] += 1
        except Exception:
            log.exception("day_not_come", agreement=key)
            done["failed"] += 1
        if progress is not None:
            progress(number, len(waiting))
    return +done


@atomic_retry
def let_day_come(agreement_id: int, *, at: datetime) -> int:
    """Let the local day of `at` come for one agreement, once; return how many late fees it brought."""
    row = locked(Agreement(pk=agreement_id))
    before = read_lease(row)
    day = local_day(at, before.account.terms.policy.zone)
    if row.looked_on is not None and row.looked_on >= day:
        return 0
    excused = excused_from_fees(row, before, day)
    since, was_in = row.looked_on, row.state
    row = take_step(row, partial(rules.tick, on=day, excused=excused), by=None, reason=f"it is {day}")
    fees = list(
        LateFee.objects.filter(instalment__agreement=row, assessed_on=day).select_related("instalment__agreement")
    )
    for fee in fees:
        letters.late_fee_charged(fee)
    if row.state == AgreementState.DEFAULTED and was_in != row.state:
        letters.agreement_in_default(row)
    if row.state in (AgreementState.ACTIVE, AgreementState.PAST_DUE):
        _write_letters(row, before, since, day, fees=fees)
    row.looked_on = day
    row.save(update_fields=["looked_on"])
    return len(fees)


def excused_from_fees(agreement: Agreement, lease: Lease, day: date) -> frozenset[int]:
    """Return the instalments that get no late fee on `day`: a payment is under way, or asking was our own failure.

    We have failed when the customer was not asked in time (the grace counts from when we asked), and when a card was
    tried and no bank has answered.
    """
    numbers = {due.number for due in lease.account.dues}
    if live_attempts([agreement]):
        return frozenset(numbers)
    grace = timedelta(days=lease.account.terms.policy.late_fee.grace_days)
    parts = CollectionPart.objects.filter(agreement=agreement, instalment__isnull=False, collection__is_automatic=True)
    asked = dict(parts.values_list("instalment__number").annotate(Min("collection__begun_on")))
    answered = {number for number, begun in asked.items() if day - begun > grace}
    return frozenset(numbers - (answered - _without_answer(agreement)))


def _without_answer(agreement: Agreement) -> set[int]:
    """Return the instalments whose card was tried without any bank answering."""
    tried = CollectionPart.objects.filter(
        agreement=agreement, once_key__isnull=False, collection__bill__state="open"
    ).select_related("collection__bill", "instalment")
    found = set()
    for part in tried:
        last = part.collection.bill.payments.order_by("-pk").first()
        is_ours = last is not None and last.saved_method_id is not None and last.state == PaymentState.CLOSED
        if part.instalment is not None and (part.collection.waits_for_answer or is_ours):
            found.add(part.instalment.number)
    return found


def _write_letters(agreement: Agreement, lease: Lease, since: date | None, day: date, *, fees: list[LateFee]) -> None:
    """Write what `steps` plans for the days after `since`, the last letter for each instalment only."""
    policy = lease.account.terms.policy
    told = {fee.instalment.number for fee in fees}
    rows = {row.number: row for row in agreement.instalments.all()}
    for due in lease.account.dues:
        if not lease.account.debt_of(due.number).outstanding or due.number in lease.disputed | told:
            continue
        planned = [
            (on, step)
            for on, step in steps(due, policy)
            if on <= day and (since is None or on > since) and step in (Step.NOTICE, Step.OVERDUE)
        ]
        if not planned:
            continue
        on, step = planned[-1]
        row = rows[due.number]
        row.agreement = agreement
        if step is Step.OVERDUE:
            letters.rent_past_due(row)
        elif on >= due.counts_from:
            letters.rent_overdue(row, on=on, default_on=arrears_calendar(due.counts_from, policy).default_on)
        elif day <= due.counts_from:
            letters.rent_soon(row, is_card=has_card(agreement))
    _warn_of_same_as_cash(agreement, lease, since, day)


def _warn_of_same_as_cash(agreement: Agreement, lease: Lease, since: date | None, day: date) -> None:
    """Tell the customer, some days before, when owning stops costing the cash price."""
    account, policy = lease.account, lease.account.terms.policy
    if not is_same_as_cash(account, day) or not lease.may_charge:
        return
    last_day = account.anchor + timedelta(days=policy.buyout.sac_days or 0)
    come = [
        days
        for days in policy.sac_notice_days
        if last_day - timedelta(days=days) <= day and (since is None or last_day - timedelta(days=days) > since)
    ]
    if not come:
        return
    next_day = last_day + timedelta(days=1)
    due = account.rent_due(next_day)
    planned = receive(account, due, payment="as planned", on=next_day) if due else account
    letters.same_as_cash_ends(agreement, last_day=last_day, days=min(come), after=buyout_price(planned, next_day))
