"""How agreements end other than by paying: hand-back, cooling-off, cancellation, swap, loss, damage, write-off."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from core.money import ZERO, is_exact, percent_of, round_half_up
from core.refusals import Conflict, Refusal
from rentals.rules.buyout import buyout_price
from rentals.rules.ledger import DAMAGE, LATE_FEE, LOSS, RENT, Account, Kind, owe_credit_back, set_off, take_back
from rentals.rules.schedule import Due, add_months, schedule
from rentals.rules.terms import RentalTerms, terms_by_total


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What is left between shop and customer: `refund_gross` before, `refund_net` after set-off with what is owed."""

    refund_gross: Decimal
    arrears_and_fees: Decimal
    refund_net: Decimal
    still_owed: Decimal


def hand_back(account: Account, day: date) -> tuple[Account, Settlement]:
    """Settle a machine that the carrier took back on `day`.

    A period that has begun stays owed (with proration: its used days, the day of return counted); later ones are void,
    and what was paid for them is set off against arrears and charges, then due back.
    """
    for due in account.dues:
        owed = _owed_of(account, due, day)
        account = _keep_only(account, due.number, owed, on=day, reason="handed back")
    return _settle(account, day)


def hand_back_in_cooling_off(account: Account, day: date) -> tuple[Account, Settlement]:
    """Undo the agreement: all rent is void, what was paid for rent and late fees is due back. Damage stays owed."""
    return _undo(account, day, reason="handed back within the cooling-off time")


def cancel(account: Account, day: date) -> tuple[Account, Settlement]:
    """Undo an agreement whose machine has not reached the customer. Source: NY 502 (cancel without penalty)."""
    return _undo(account, day, reason="cancelled")


def is_cooling_off(account: Account, day: date) -> bool:
    """Tell whether a machine taken back on `day` still is in the cooling-off time (last day: anchor + its days)."""
    return (day - account.anchor).days <= account.terms.policy.cooling_off_days


def _owed_of(account: Account, due: Due, day: date) -> Decimal:
    """Return how much of an instalment is owed when the machine goes back on `day`."""
    amount = account.debt_of(due.number).amount
    if day < due.starts:
        return ZERO
    if not account.terms.policy.prorate_on_return or day >= due.ends:
        return amount
    used, length = (day - due.starts).days + 1, (due.ends - due.starts).days
    return round_half_up(amount * used / length, account.terms.currency)


def _keep_only(account: Account, number: int, owed: Decimal, *, on: date, reason: str) -> Account:
    """Void what goes beyond `owed` of an instalment: first what is unpaid of it, then what was paid."""
    target, debt = f"{RENT}:{number}", account.debt_of(number)
    too_much = max(ZERO, debt.amount - debt.void - debt.waived - owed)
    paid_too_much = too_much - min(too_much, debt.outstanding)
    if paid_too_much:
        account = take_back(account, target, paid_too_much, on=on, reason=reason)
    return account.post(Kind.VOIDED, too_much, on=on, target=target, reason=reason) if too_much else account


def _settle(account: Account, day: date) -> tuple[Account, Settlement]:
    gross, owed = account.credit, account.cost_to_finish
    targets = [f"{RENT}:{due.number}" for due in account.dues] + [target for target, _ in account.charges()]
    account = set_off(account, targets, on=day)
    settlement = Settlement(
        refund_gross=gross,
        arrears_and_fees=owed,
        refund_net=account.credit,
        still_owed=account.cost_to_finish,
    )
    return owe_credit_back(account, on=day, reason="nothing more is owed"), settlement


def _undo(account: Account, day: date, *, reason: str) -> tuple[Account, Settlement]:
    for due in account.dues:
        account = _keep_only(account, due.number, ZERO, on=day, reason=reason)
    late_fees = [(target, debt) for target, debt in account.charges() if target.startswith(f"{LATE_FEE}:")]
    for target, debt in late_fees:
        if debt.paid:
            account = take_back(account, target, debt.paid, on=day, reason=reason)
        if debt.paid + debt.outstanding:
            account = account.post(Kind.WAIVED, debt.paid + debt.outstanding, on=day, target=target, reason=reason)
    return _settle(account, day)


def liability(account: Account, day: date, *, market_value: Decimal) -> Decimal:
    """Return the most that a lost machine can cost the customer: the lower of its market value and its buy-out price.

    Sources: Iowa 537.3605(6), Kan. 50-684(a)(3), N.H. RSA 358-P:4. Raises Refusal("amount_impossible").
    """
    if market_value < 0 or not is_exact(market_value, account.terms.currency):
        raise Refusal("amount_impossible", "A market value is zero or more, in whole units of the currency.")
    return min(market_value, buyout_price(account, day).amount)


def declare_lost(account: Account, day: date, *, market_value: Decimal) -> Account:
    """Put one charge, the liability, in the place of everything that is still to be paid."""
    owed = liability(account, day, market_value=market_value)
    for target, debt in tuple(account.debts.items()):
        if debt.outstanding:
            account = account.post(Kind.WAIVED, debt.outstanding, on=day, target=target, reason="lost")
    return set_off(account.post(Kind.CHARGED, owed, on=day, target=LOSS), [LOSS], on=day) if owed else account


def charge_damage(account: Account, day: date, *, assessed: Decimal, market_value: Decimal) -> Account:
    """Charge damage beyond normal wear, at most the liability of a lost machine on `day`.

    An agreement that was taken up again can come back damaged again. Raises Refusal("amount_impossible").
    """
    if assessed <= 0 or not is_exact(assessed, account.terms.currency):
        raise Refusal("amount_impossible", "A damage is above zero, in whole units of the currency.")
    number = 1 + sum(target.startswith(f"{DAMAGE}:") for target in account.debts)
    amount = min(assessed, liability(account, day, market_value=market_value))
    return account.post(Kind.CHARGED, amount, on=day, target=f"{DAMAGE}:{number}") if amount else account


def write_off(account: Account, day: date, *, by: str, approved_by: str, reason: str) -> Account:
    """Give up what is owed. Two persons decide. Raises Refusal("two_persons_needed"), Refusal("reason_needed")."""
    if not by or not approved_by or by == approved_by:
        raise Refusal("two_persons_needed", "One person writes off, another one approves.")
    if not reason.strip():
        raise Refusal("reason_needed", "Say why the debt is written off.")
    account = set_off(account, tuple(account.debts), on=day)
    for target, debt in tuple(account.debts.items()):
        if debt.outstanding:
            account = account.post(Kind.WRITTEN_OFF, debt.outstanding, on=day, target=target, reason=reason)
    return account


def swap_credit(account: Account) -> Decimal:
    """Return what rent paid so far is worth when the customer swaps the machine for another."""
    terms = account.terms
    return percent_of(account.rent_paid, terms.policy.swap_credit_pct * 100, terms.currency)


def swap_out(account: Account, day: date) -> tuple[Account, Settlement]:
    """End the old agreement of a swap: rent to come is void, what was prepaid is due back.

    Raises Conflict("overdue") when rent or a charge is unpaid.
    """
    if account.rent_due(day) or account.charges_outstanding:
        raise Conflict(
            "overdue",
            "Pay what is due first; then the machine can be swapped.",
            due=account.rent_due(day) + account.charges_outstanding,
        )
    return hand_back(account, day)


def swap_in(*, cash_price: Decimal, monthly: Decimal, months: int, credit: Decimal, like: RentalTerms) -> RentalTerms:
    """Return the terms of the new agreement of a swap: `credit` comes off its total and off its cash price.

    Raises the refusals of `check_terms` (so a credit that leaves less than the smallest instalments is refused).
    """
    return terms_by_total(
        cash_price=cash_price,
        total=monthly * months - credit,
        months=months,
        currency=like.currency,
        policy=like.policy,
        credit=credit,
    )


def reinstate_window(account: Account) -> int:
    """Return for how many days after its return an agreement can be taken up again (more when 2/3 of it is paid).

    Sources: WA 63.19.060, Alaska 45.35.050.
    """
    policy = account.terms.policy
    mostly_paid = account.rent_paid * 3 >= account.terms.total * 2
    return policy.reinstate_returned_days_two_thirds if mostly_paid else policy.reinstate_returned_days


def last_day_to_reinstate(account: Account, returned_on: date) -> date:
    """Return the last day on which an agreement that ended by return can be taken up again."""
    return returned_on + timedelta(days=reinstate_window(account))


def revive(account: Account, day: date) -> Account:
    """Take an agreement up again with a comparable machine delivered on `day`: void rent is owed again, from then.

    Raises Conflict("overdue") while arrears or charges are unpaid.
    """
    if account.cost_to_finish:
        raise Conflict("overdue", "Pay what is owed first; then the agreement goes on.", owed=account.cost_to_finish)
    void = [due.number for due in account.dues if account.debt_of(due.number).void]
    kept = account.dues[: len(account.dues) - len(void)]
    anchor, offset = day, account.terms.policy.first_due_offset_months
    # Handed back and taken up again within days: no two instalments fall due on one day.
    while kept and add_months(anchor, offset) <= kept[-1].due:
        anchor += timedelta(days=1)
    fresh = schedule(anchor, void, offset_months=offset)
    for number in void:
        target = f"{RENT}:{number}"
        account = account.post(Kind.REVIVED, account.debts[target].void, on=day, target=target, reason="reinstated")
    return replace(account, dues=(*kept, *fresh))


def reverse_payment(account: Account, *, payment: str, on: date) -> Account:
    """Book a lost dispute: the bank has taken `payment` back, and what it had paid is unpaid again.

    Due dates stay; the grace and default clocks of its instalments begin anew on `on`. Money of it that has gone back
    to the customer is not taken twice. Running it again changes nothing.
    """
    paid_for: dict[str, Decimal] = {}
    for entry in account.entries:
        if entry.payment == payment and entry.kind in (Kind.PAID, Kind.UNPAID):
            sign = 1 if entry.kind is Kind.PAID else -1
            paid_for[entry.target] = paid_for.get(entry.target, ZERO) + sign * entry.amount
    reversed_numbers = set()
    for target, amount in paid_for.items():
        if amount:
            account = account.post(
                Kind.UNPAID, amount, on=on, target=target, payment=payment, reason="the bank took the payment back"
            )
            if target.startswith(f"{RENT}:"):
                reversed_numbers.add(int(target.split(":")[1]))
    purse = account.purses.get(payment)
    if purse is not None and purse.credit:
        account = account.post(Kind.REVERSED, purse.credit, on=on, payment=payment)
    dues = tuple(due.counting_from(on) if due.number in reversed_numbers else due for due in account.dues)
    return replace(account, dues=dues)
