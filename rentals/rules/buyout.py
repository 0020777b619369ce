"""The price of owning the machine now: the quote, its life, and what paying it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.money import CURRENCIES, ZERO, fraction_of, round_half_up
from core.refusals import Conflict, Refusal
from rentals.rules.ledger import RENT, Account, Kind, allocate, new_account, owe_credit_back, pay_targets, take_in
from rentals.rules.policy import BuyoutMethod
from rentals.rules.schedule import local_day, start_of
from rentals.rules.terms import RentalTerms

SAME_AS_CASH = "same_as_cash"


@dataclass(frozen=True, kw_only=True)
class BuyoutPrice:
    """What owning costs on a day, and what it is made of. `waived` is the rent that the customer saves."""

    basis: str
    rent_paid: Decimal
    due_unpaid: Decimal
    future_unpaid: Decimal
    rent_part: Decimal
    charges: Decimal
    amount: Decimal
    waived: Decimal
    cost_to_finish: Decimal


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A price that holds until `expires_at`, as long as the ledger stands at `ledger_seq`."""

    price: BuyoutPrice
    ledger_seq: int
    made_at: datetime
    expires_at: datetime

    def holds(self, account: Account, at: datetime) -> bool:
        """Tell whether the customer may still have the machine for this price at the instant `at`."""
        return self.made_at <= at < self.expires_at and self.ledger_seq == account.ledger_seq


def is_same_as_cash(account: Account, day: date) -> bool:
    """Tell whether on `day` all rent paid counts towards the cash price (the window's last day included)."""
    window = account.terms.policy.buyout.sac_days
    return window is not None and (day - account.anchor).days <= window


def buyout_price(account: Account, day: date) -> BuyoutPrice:
    """Return what it costs to own the machine on `day`: unpaid charges, and rent by the policy's method.

    Never below zero and never above the cost to finish. Sources: Cal. 1812.632(a) (same as cash); NY 504(1),
    Cal. 1812.632(b), Haw. 481M-6 (cash fraction); S.C. 37-2-702(1)(g) (percentage); Ohio 1351.06, 42 Pa.C.S. 6905(b)
    (half credit).
    """
    due_unpaid = account.rent_due(day)
    future_unpaid = account.rent_outstanding - due_unpaid
    if is_same_as_cash(account, day):
        basis = SAME_AS_CASH
        rent_part = _less_credit(account, Decimal(1))
    else:
        basis = str(account.terms.policy.buyout.method)
        rent_part = _by_method(account, due_unpaid, future_unpaid)
    charges = account.charges_outstanding
    return BuyoutPrice(
        basis=basis,
        rent_paid=account.rent_paid,
        due_unpaid=due_unpaid,
        future_unpaid=future_unpaid,
        rent_part=rent_part,
        charges=charges,
        amount=rent_part + charges,
        waived=due_unpaid + future_unpaid - rent_part,
        cost_to_finish=account.cost_to_finish,
    )


def _less_credit(account: Account, credited: Decimal) -> Decimal:
    """Return the cash price less this fraction of the rent paid, within zero and the unpaid rent."""
    terms = account.terms
    rest = terms.buyout_cash_price - round_half_up(credited * account.rent_paid, terms.currency)
    return max(ZERO, min(rest, account.rent_outstanding))


def _by_method(account: Account, due_unpaid: Decimal, future_unpaid: Decimal) -> Decimal:
    terms, rule = account.terms, account.terms.policy.buyout
    if rule.method is BuyoutMethod.CASH_MINUS_CREDIT:
        return _less_credit(account, rule.credit_pct)
    if not future_unpaid:
        return due_unpaid
    if rule.method is BuyoutMethod.CASH_FRACTION:
        part = fraction_of(terms.buyout_cash_price, future_unpaid, terms.total, terms.currency)
        if rule.floor_one_payment:
            part = max(part, terms.amounts[0])
    else:
        part = round_half_up(rule.pct * future_unpaid, terms.currency)
    # The last cents are not given away by rounding: the price is zero only when nothing is owed.
    part = max(part, CURRENCIES[terms.currency].quantum)
    return due_unpaid + min(future_unpaid, part)


def make_quote(account: Account, at: datetime) -> Quote:
    """Return the price at the instant `at` with its expiry.

    The earliest of: the policy's hours, the end of the local day before the next due date, the end of the last
    same-as-cash day. Raises Refusal("nothing_to_buy_out") when nothing is owed any more.
    """
    policy = account.terms.policy
    day = local_day(at, policy.zone)
    if not account.cost_to_finish:
        raise Refusal("nothing_to_buy_out", "Everything is paid already.")
    ends = [at + timedelta(hours=policy.buyout.quote_ttl_hours)]
    ends += [
        start_of(due.due, policy.zone)
        for due in account.dues
        if due.due > day and account.debt_of(due.number).outstanding
    ]
    if is_same_as_cash(account, day):
        last_day = account.anchor + timedelta(days=policy.buyout.sac_days or 0)
        ends.append(start_of(last_day + timedelta(days=1), policy.zone))
    return Quote(price=buyout_price(account, day), ledger_seq=account.ledger_seq, made_at=at, expires_at=min(ends))


def exercise(account: Account, quote: Quote, *, amount: Decimal, payment: str, at: datetime) -> Account:
    """Buy the machine for `quote`: what it asks is paid, the rest of the rent is waived, a surplus is due back.

    Raises Conflict("quote_stale") when the quote no longer holds, Refusal("amount_short") below its amount.
    """
    if not quote.holds(account, at):
        raise Conflict("quote_stale", "This price no longer holds. Look at today's price.", made_at=str(quote.made_at))
    if amount < quote.price.amount:
        raise Refusal("amount_short", "This is less than the price of owning it now.", price=quote.price.amount)
    on = local_day(at, account.terms.policy.zone)
    if amount:
        account = take_in(account, amount, payment=payment, on=on)
    return _buy(account, quote.price, payment=payment, on=on)


def money_for_buyout(account: Account, *, amount: Decimal, payment: str, at: datetime) -> tuple[Account, bool]:
    """Book money that came in for a buy-out, priced anew at `at`; tell whether it bought the machine.

    Enough: the machine is bought and a surplus is due back. Too little: the ordinary rule allocates it and the
    agreement goes on. The same payment again changes nothing and tells False.
    """
    on = local_day(at, account.terms.policy.zone)
    price = buyout_price(account, on)
    if amount == price.amount == 0:
        return _buy(account, price, payment=payment, on=on), True
    after = take_in(account, amount, payment=payment, on=on)
    if after is account:
        return account, False
    if amount < price.amount:
        return allocate(after, payment=payment, on=on), False
    return _buy(after, price, payment=payment, on=on), True


def _buy(account: Account, price: BuyoutPrice, *, payment: str, on: date) -> Account:
    rent = [f"{RENT}:{due.number}" for due in account.dues]
    if price.amount:
        account = pay_targets(account, rent, payment=payment, on=on, at_most=price.rent_part)
        account = pay_targets(account, [target for target, _ in account.charges()], payment=payment, on=on)
    for target in rent:
        left = account.debts[target].outstanding
        if left:
            account = account.post(Kind.WAIVED, left, on=on, target=target, reason="bought out")
    return owe_credit_back(account, on=on, reason="more than the price of owning it")


@dataclass(frozen=True)
class CurvePoint:
    """One month of the curve: after `payments_made` payments on time, owning costs `buyout` on `day`."""

    payments_made: int
    day: date
    price: BuyoutPrice

    @property
    def total_if_bought(self) -> Decimal:
        """Return everything the customer will have paid in all."""
        return self.price.rent_paid + self.price.amount


def buyout_curve(terms: RentalTerms, anchor: date) -> Iterator[CurvePoint]:
    """Yield, for each payment made on its due date, what owning costs the day after."""
    account = new_account(terms, anchor)
    for due, amount in zip(account.dues, terms.amounts, strict=True):
        payment = f"month {due.number}"
        account = allocate(take_in(account, amount, payment=payment, on=due.due), payment=payment, on=due.due)
        day = due.due + timedelta(days=1)
        yield CurvePoint(due.number, day, buyout_price(account, day))
