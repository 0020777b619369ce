"""The life of one agreement without its database: state, account and the dates that follow from them.

Deeds read a lease from their rows, call one of these functions and store the difference. `passed` names the states that
a call went through, so that each one becomes a row of the timeline.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.refusals import Conflict, Refusal
from rentals.flow import AGREEMENT_FLOW, ENDED, RUNNING, AgreementState
from rentals.rules import arrears, buyout, endings, ledger
from rentals.rules.ledger import RENT, Account, Kind
from rentals.rules.schedule import local_day
from rentals.rules.terms import RentalTerms

S = AgreementState


@dataclass(frozen=True, kw_only=True)
class Lease:
    """One agreement. `disputed` are instalments on hold; dates are None until what they date has happened."""

    state: AgreementState
    account: Account
    before_return: AgreementState | None = None
    reinstate_until: date | None = None
    owned_since: date | None = None
    disputed: frozenset[int] = frozenset()
    passed: tuple[AgreementState, ...] = ()

    @property
    def may_charge(self) -> bool:
        """Tell whether the shop may collect rent by itself."""
        return self.state in RUNNING and not self.disputed


def to_collect(lease: Lease, on: date) -> list[int]:
    """Return the instalments that the shop may charge by itself on day `on`: due, unpaid, none on hold."""
    if not lease.may_charge:
        return []
    account = lease.account
    return [due.number for due in account.dues if due.due <= on and account.debt_of(due.number).outstanding]


def draft(terms: RentalTerms, on: date) -> Lease:
    """Return a new agreement. Until delivery its schedule is provisional and counts from `on`."""
    return Lease(state=S.DRAFT, account=ledger.new_account(terms, on))


def _to(lease: Lease, state: AgreementState, **changes: object) -> Lease:
    if not AGREEMENT_FLOW.allows(lease.state, state):
        raise Conflict(
            "wrong_state",
            f"This agreement is {lease.state.label.lower()}; it cannot become {state.label.lower()}.",
            state=str(lease.state),
            wanted=str(state),
        )
    return replace(lease, state=state, passed=(*lease.passed, state), **changes)


def _must_be(lease: Lease, *states: AgreementState) -> None:
    if lease.state not in states:
        raise Conflict("wrong_state", f"This agreement is {lease.state.label.lower()}.", state=str(lease.state))


def sign(lease: Lease) -> Lease:
    """Accept the terms."""
    return _to(lease, S.PENDING_PAYMENT)


def first_payment(lease: Lease, *, payment: str, on: date) -> Lease:
    """Book the first instalment, paid with the order. Late money revives an expired agreement.

    The caller sees to it that the order is revived whole. The same payment again changes nothing.
    """
    if payment in lease.account.purses:
        return lease
    confirmed = _to(lease, S.CONFIRMED)
    account = lease.account
    if lease.state == S.EXPIRED:
        for due in account.dues:
            target = f"{RENT}:{due.number}"
            account = account.post(Kind.REVIVED, account.debts[target].void, on=on, target=target)
    amount = account.debt_of(1).amount
    account = ledger.take_in(account, amount, payment=payment, on=on)
    return replace(confirmed, account=ledger.allocate(account, payment=payment, on=on))


def expire(lease: Lease, *, on: date) -> Lease:
    """End an agreement whose first payment did not come in time."""
    account, _ = endings.cancel(lease.account, on)
    return _to(lease, S.EXPIRED, account=account)


def cancel(lease: Lease, *, on: date) -> Lease:
    """End an agreement before the machine has left, or because its delivery was refused: everything goes back."""
    account, _ = endings.cancel(lease.account, on)
    return _to(lease, S.CANCELLED, account=account)


def ship(lease: Lease) -> Lease:
    """The machine has left."""
    return _to(lease, S.SHIPPED)


def deliver(lease: Lease, *, on: date) -> Lease:
    """The machine has arrived on `on`: the anchor. Dates move, amounts never."""
    delivered = _to(lease, S.ACTIVE)
    delivered = replace(delivered, account=ledger.reanchored(lease.account, on, on=on, reason="delivered"))
    # Everything may have been prepaid while the machine was on its way.
    return _improved(delivered, on)


def tick(lease: Lease, *, on: date, excused: frozenset[int] = frozenset()) -> Lease:
    """Let the day come: late fees, past due, default. The same day again, or an earlier one, changes nothing."""
    if lease.state not in RUNNING:
        return lease
    account = arrears.assess(lease.account, on, excused=excused | lease.disputed)
    return _worsened(replace(lease, account=account), on)


def _worsened(lease: Lease, on: date) -> Lease:
    """Go as far down as the ledger and the date say. Nothing gets better here: only money does that."""
    if lease.disputed:
        return lease
    now = arrears.standing(lease.account, on)
    if lease.state == S.ACTIVE and now is not arrears.Standing.CURRENT:
        lease = _to(lease, S.PAST_DUE)
    if lease.state == S.PAST_DUE and now is arrears.Standing.DEFAULTED:
        oldest = lease.account.oldest_unpaid(on)
        policy = lease.account.terms.policy
        until = arrears.arrears_calendar(oldest.counts_from, policy).reinstate_until if oldest else None
        lease = _to(lease, S.DEFAULTED, reinstate_until=until)
    return lease


def pay(lease: Lease, amount: Decimal, *, payment: str, on: date) -> Lease:
    """Book money that arrived. Real money is never refused: what an ended agreement does not owe is due back at once.

    The same payment again changes nothing.
    """
    account = ledger.receive(lease.account, amount, payment=payment, on=on)
    if account is lease.account:
        return lease
    lease = _improved(replace(lease, account=account), on)
    if lease.state in ENDED:
        account = ledger.owe_credit_back(lease.account, on=on, reason="nothing more is owed")
    return replace(lease, account=account if lease.state in ENDED else lease.account)


def _improved(lease: Lease, on: date) -> Lease:
    """Go as far up as the ledger says: owned when nothing is owed, active when nothing due is unpaid."""
    account = lease.account
    if lease.state in RUNNING | {S.LOST} and not account.cost_to_finish and not lease.disputed:
        account = ledger.owe_credit_back(account, on=on, reason="more than the total")
        return _to(lease, S.COMPLETED, account=account, owned_since=on)
    if lease.state == S.PAST_DUE and account.oldest_unpaid(on) is None:
        return _to(lease, S.ACTIVE)
    if lease.state == S.DEFAULTED and account.oldest_unpaid(on) is None and not account.charges_outstanding:
        in_time = lease.reinstate_until is None or on <= lease.reinstate_until
        return _to(lease, S.ACTIVE, reinstate_until=None) if in_time else lease
    return lease


def waive_charge(lease: Lease, target: str, *, on: date, reason: str) -> Lease:
    """Let a charge go; the last one may complete the agreement or cure its default."""
    return _improved(replace(lease, account=arrears.waive_charge(lease.account, target, on=on, reason=reason)), on)


def defer(lease: Lease, number: int, *, on: date, to: date, reason: str) -> Lease:
    """Give the customer until `to` for an instalment: fees and default count from then, its due date stays.

    Raises Conflict "wrong_state" and "nothing_to_defer", Refusal "reason_needed" and "day_impossible" (not after today,
    not after the day it counts from, or further away than default is).
    """
    _must_be(lease, *RUNNING)
    account = lease.account
    if not reason.strip():
        raise Refusal("reason_needed", "Say why the customer gets more time.")
    if not 1 <= number <= len(account.dues) or not account.debt_of(number).outstanding:
        raise Conflict("nothing_to_defer", "Nothing of this payment is unpaid.")
    latest = on + timedelta(days=account.terms.policy.default_after_days)
    if not max(on, account.due_of(number).counts_from) < to <= latest:
        raise Refusal("day_impossible", f"Choose a day after today, up to {latest}.", latest=str(latest))
    return _improved(replace(lease, account=arrears.restart_clock(account, number, on=on, to=to, reason=reason)), on)


def buy_out(lease: Lease, *, amount: Decimal, payment: str, at: datetime) -> Lease:
    """Book money that came for a buy-out: enough buys the machine, too little is ordinary rent.

    A price of zero (same as cash, all of it paid) needs no payment: then `amount` is zero.
    """
    on = local_day(at, lease.account.terms.policy.zone)
    if lease.state not in RUNNING or lease.disputed:
        return pay(lease, amount, payment=payment, on=on)
    account, bought = buyout.money_for_buyout(lease.account, amount=amount, payment=payment, at=at)
    if account is lease.account:
        return lease
    if bought:
        return _to(lease, S.BOUGHT_OUT, account=account, owned_since=on)
    return _improved(replace(lease, account=account), on)


def ask_return(lease: Lease) -> Lease:
    """The customer wants to hand the machine back: charging stops."""
    return _to(lease, S.RETURN_PENDING, before_return=lease.state)


def return_not_sent(lease: Lease, *, on: date, excused: frozenset[int] = frozenset()) -> Lease:
    """The machine was not sent in time: the agreement goes on where it was, and catches up with the day.

    `excused` names instalments that get no late fee today: nobody was asked for them while it was on its way back.
    """
    _must_be(lease, S.RETURN_PENDING)
    lease = _to(lease, lease.before_return or S.ACTIVE, before_return=None)
    return tick(_improved(lease, on), on=on, excused=excused)


def take_return(lease: Lease, *, on: date, damage: Decimal | None = None, market_value: Decimal | None = None) -> Lease:
    """The machine is back and inspected; `on` is the day the carrier took it. Settles by cooling-off or ordinary rule.

    `damage` beyond normal wear is capped by `market_value` and the buy-out price; none is charged for a machine that
    never arrived.
    """
    _must_be(lease, S.RETURN_PENDING)
    account = lease.account
    never_arrived = lease.before_return == S.SHIPPED
    if damage is not None and not never_arrived:
        value = damage if market_value is None else market_value
        account = endings.charge_damage(account, on, assessed=damage, market_value=value)
    if never_arrived or endings.is_cooling_off(account, on):
        account, _ = endings.hand_back_in_cooling_off(account, on)
        return _to(lease, S.RETURNED, account=account, reinstate_until=None, before_return=None)
    account, _ = endings.hand_back(account, on)
    until = endings.last_day_to_reinstate(account, on)
    return _to(lease, S.RETURNED, account=account, reinstate_until=until, before_return=None)


def reinstate(lease: Lease, *, on: date) -> Lease:
    """Take an agreement up again after its return, with a comparable machine delivered on `on`.

    Raises Conflict("wrong_state"), Refusal("reinstatement_over", until) and Conflict("overdue").
    """
    _must_be(lease, S.RETURNED)
    if lease.reinstate_until is None or on > lease.reinstate_until:
        raise Refusal(
            "reinstatement_over", "This agreement can no longer be taken up again.", until=str(lease.reinstate_until)
        )
    account = endings.revive(lease.account, on)
    if not account.cost_to_finish:
        raise Refusal("reinstatement_over", "Nothing was left to pay when it ended.")
    return _to(lease, S.ACTIVE, account=account, reinstate_until=None)


def swap_out(lease: Lease, *, on: date) -> Lease:
    """End this agreement because another machine takes its place. Raises Conflict("overdue")."""
    account, _ = endings.swap_out(lease.account, on)
    return _to(lease, S.SWAPPED, account=account)


def declare_lost(lease: Lease, *, on: date, market_value: Decimal) -> Lease:
    """The machine is lost or stolen: one capped charge takes the place of all that is unpaid."""
    lost = _to(lease, S.LOST)
    account = endings.declare_lost(lease.account, on, market_value=market_value)
    return _improved(replace(lost, account=account, disputed=frozenset()), on)


def write_off(lease: Lease, *, on: date, by: str, approved_by: str, reason: str) -> Lease:
    """Give up a debt. Raises Refusal("two_persons_needed"), Refusal("reason_needed"), Conflict("nothing_owed")."""
    if not lease.account.cost_to_finish:
        raise Conflict("nothing_owed", "Nothing is owed.")
    account = endings.write_off(lease.account, on, by=by, approved_by=approved_by, reason=reason)
    return _to(lease, S.WRITTEN_OFF, account=account, reinstate_until=None)


def open_dispute(lease: Lease, *, payment: str) -> Lease:
    """The customer's bank doubts a payment: its instalments are held, nothing is charged and no fee grows."""
    _must_be(lease, *RUNNING)
    numbers = {
        int(entry.target.split(":")[1])
        for entry in lease.account.entries
        if entry.payment == payment and entry.kind is Kind.PAID and entry.target.startswith(f"{RENT}:")
    }
    return replace(lease, disputed=lease.disputed | numbers)


def close_dispute(lease: Lease, *, payment: str, lost: bool, on: date) -> Lease:
    """The dispute is decided. Lost: the payment is reversed, its instalments unpaid again. Won: all is as it was."""
    account = endings.reverse_payment(lease.account, payment=payment, on=on) if lost else lease.account
    lease = replace(lease, account=account, disputed=frozenset())
    return tick(_improved(lease, on), on=on)
