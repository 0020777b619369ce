"""Late rent: fees, notices, default and the way back."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from core.money import round_half_up
from core.refusals import Conflict, Refusal
from rentals.rules.ledger import LATE_FEE, RENT, Account, Kind
from rentals.rules.policy import FeeCombination, Policy
from rentals.rules.schedule import Due


class Standing(StrEnum):
    """How a running agreement stands on a day, from its ledger and the date alone."""

    CURRENT = "active"
    PAST_DUE = "past_due"
    DEFAULTED = "defaulted"


def days_past_due(account: Account, day: date) -> int:
    """Return for how many days the oldest unpaid instalment has been overdue; 0 when none is."""
    oldest = account.oldest_unpaid(day)
    return oldest.days_late(day) if oldest else 0


def standing(account: Account, day: date) -> Standing:
    """Return how the agreement stands on `day`. Default begins when more than `default_after_days` have passed."""
    late = days_past_due(account, day)
    if late > account.terms.policy.default_after_days:
        return Standing.DEFAULTED
    return Standing.PAST_DUE if late else Standing.CURRENT


def late_fee(unpaid: Decimal, *, currency: str, policy: Policy) -> Decimal:
    """Return the fee on `unpaid` rent, rounded half up; never more than what is unpaid.

    min_cap: lesser of percentage and cap, with a floor (Cal. 1812.626, TX 92.055); greater: greater of percentage and
    floor (NY 501(3)(e)).
    """
    rule = policy.late_fee
    fee = max(round_half_up(rule.pct * unpaid, currency), rule.floor[currency])
    if rule.combine is FeeCombination.MIN_CAP:
        fee = min(fee, rule.cap[currency])
    return min(fee, unpaid)


def assess(account: Account, day: date, *, excused: Collection[int] = ()) -> Account:
    """Charge each instalment that is later than the grace allows its one late fee, on what is unpaid of it on `day`.

    `excused` names instalments that get none today: a payment is under way, a dispute is open, or our own charging
    failed. Running it again changes nothing.
    """
    for due in account.dues:
        unpaid = account.debt_of(due.number).outstanding
        target = f"{LATE_FEE}:{due.number}"
        is_late = due.days_late(day) > account.terms.policy.late_fee.grace_days
        if unpaid and is_late and due.number not in excused and target not in account.debts:
            fee = late_fee(unpaid, currency=account.terms.currency, policy=account.terms.policy)
            if fee:
                account = account.post(Kind.CHARGED, fee, on=day, target=target)
    return account


def waive_charge(account: Account, target: str, *, on: date, reason: str) -> Account:
    """Let go what is unpaid of a charge. Raises Refusal("reason_needed") and Conflict("nothing_to_waive")."""
    if not reason.strip():
        raise Refusal("reason_needed", "Say why the charge is waived.")
    debt = account.debts.get(target)
    if target.startswith(f"{RENT}:") or debt is None or not debt.outstanding:
        raise Conflict("nothing_to_waive", "There is no unpaid charge of this kind.", target=target)
    return account.post(Kind.WAIVED, debt.outstanding, on=on, target=target, reason=reason)


def restart_clock(account: Account, number: int, *, on: date, to: date, reason: str) -> Account:
    """Count the grace and default days of an instalment from `to` (staff defer it on day `on`). Its due date stays."""
    dues = tuple(due.counting_from(to) if due.number == number else due for due in account.dues)
    return replace(account.post(Kind.RESCHEDULED, Decimal(0), on=on, reason=reason), dues=dues)


@dataclass(frozen=True)
class ArrearsCalendar:
    """The days that follow from an instalment that stays unpaid."""

    overdue_from: date
    late_fee_on: date
    default_on: date
    reinstate_until: date


def arrears_calendar(due: date, policy: Policy) -> ArrearsCalendar:
    """Return what happens when to an instalment due on `due` that nobody pays (the machine stays with the customer)."""
    default_on = due + timedelta(days=policy.default_after_days + 1)
    return ArrearsCalendar(
        overdue_from=due + timedelta(days=1),
        late_fee_on=due + timedelta(days=policy.late_fee.grace_days + 1),
        default_on=default_on,
        reinstate_until=default_on + timedelta(days=policy.reinstate_retained_days),
    )


class Step(StrEnum):
    """What the shop does about one instalment."""

    NOTICE = "notice"
    CHARGE = "charge"
    OVERDUE = "overdue"
    LATE_FEE = "late_fee"
    DEFAULT = "default"


def steps(due: Due, policy: Policy) -> Iterator[tuple[date, Step]]:
    """Yield what the shop does about an unpaid instalment, by day: notices, charges (or links), fee and default."""
    calendar = arrears_calendar(due.counts_from, policy)
    planned = [(due.counts_from + timedelta(days=offset), Step.NOTICE) for offset in policy.notice_days]
    planned += [(due.counts_from + timedelta(days=offset), Step.CHARGE) for offset in (0, *policy.retry_days)]
    planned += [
        (calendar.overdue_from, Step.OVERDUE),
        (calendar.late_fee_on, Step.LATE_FEE),
        (calendar.default_on, Step.DEFAULT),
    ]
    return iter(sorted(planned))


def steps_due(account: Account, day: date) -> list[tuple[int, date, Step]]:
    """Return every step that has come by `day` for instalments still unpaid: (instalment, planned day, step).

    A caller that was away for days finds all of them, none early; it must know itself which it has done.
    """
    return [
        (due.number, planned, step)
        for due in account.dues
        if account.debt_of(due.number).outstanding
        for planned, step in steps(due, account.terms.policy)
        if planned <= day
    ]
