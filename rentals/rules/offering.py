"""What renting comes to, month by month: the one source of calculator, contract, API and structured data."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.money import ZERO
from rentals.rules.buyout import buyout_price
from rentals.rules.ledger import Account, allocate, new_account, take_in
from rentals.rules.terms import RentalTerms


@dataclass(frozen=True, kw_only=True)
class Month:
    """One payment made on time, and where the customer stands the day after it."""

    number: int
    due: date
    payment: Decimal
    paid: Decimal
    to_own: Decimal
    to_finish: Decimal


@dataclass(frozen=True, kw_only=True)
class StepUp:
    """Same as cash is over: on `day` owning costs `to_own`, more than `before` on the day before."""

    day: date
    before: Decimal
    to_own: Decimal


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a plan comes to when every payment is made on its day. `first_payment` is due with the order."""

    currency: str
    cash_price: Decimal
    first_payment: Decimal
    last_payment: Decimal
    payments: int
    total: Decimal
    cost_of_rental: Decimal
    counted_from: date
    same_as_cash_days: int | None
    same_as_cash_until: date | None
    step_up: StepUp | None
    months: tuple[Month, ...]

    @property
    def is_even(self) -> bool:
        """Tell whether all payments are equal (a swap's may end with a larger one)."""
        return self.first_payment == self.last_payment


def offer_of(terms: RentalTerms, on: date) -> Offer:
    """Return what `terms` come to for a machine delivered on `on`. Amounts hold for any day, dates for this one."""
    account = new_account(terms, on)
    window = terms.policy.buyout.sac_days
    until = on + timedelta(days=window) if window is not None else None
    step_up, months, paid = None, [], ZERO
    for due, amount in zip(account.dues, terms.amounts, strict=True):
        if step_up is None and until is not None and due.due > until:
            step_up = _step_up(account, until)
        payment = f"month {due.number}"
        account = allocate(take_in(account, amount, payment=payment, on=due.due), payment=payment, on=due.due)
        paid += amount
        price = buyout_price(account, due.due + timedelta(days=1))
        months.append(
            Month(
                number=due.number,
                due=due.due,
                payment=amount,
                paid=paid,
                to_own=price.amount,
                to_finish=price.cost_to_finish,
            )
        )
    return Offer(
        currency=terms.currency,
        cash_price=terms.cash_price,
        first_payment=terms.amounts[0],
        last_payment=terms.amounts[-1],
        payments=terms.months,
        total=terms.total,
        cost_of_rental=terms.cost_of_rental,
        counted_from=on,
        same_as_cash_days=window,
        same_as_cash_until=until,
        step_up=step_up if step_up is not None and step_up.to_own > step_up.before else None,
        months=tuple(months),
    )


def _step_up(account: Account, until: date) -> StepUp:
    day = until + timedelta(days=1)
    return StepUp(day=day, before=buyout_price(account, until).amount, to_own=buyout_price(account, day).amount)
