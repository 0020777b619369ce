"""What one agreement is about: price, number and amount of payments, and the policy it was made under."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import ZERO, amount_text, is_exact, split
from core.refusals import Refusal
from rentals.rules.policy import Policy


@dataclass(frozen=True, kw_only=True)
class RentalTerms:
    """The numbers of an agreement. `amounts` are the instalments in order; all money is in `currency`.

    `credit` is what a swap took off the total; it comes off the cash price for buying out as well.
    """

    currency: str
    cash_price: Decimal
    amounts: tuple[Decimal, ...]
    policy: Policy
    credit: Decimal = ZERO

    @property
    def months(self) -> int:
        """Return how many instalments there are."""
        return len(self.amounts)

    @property
    def total(self) -> Decimal:
        """Return the total of payments: everything it costs to own."""
        return sum(self.amounts, ZERO)

    @property
    def cost_of_rental(self) -> Decimal:
        """Return the total of payments less the cash price (negative for a promotion below the cash price)."""
        return self.total - self.cash_price

    @property
    def buyout_cash_price(self) -> Decimal:
        """Return the cash price from which the price of owning now is reckoned."""
        return self.cash_price - self.credit


def terms_by_rate(*, cash_price: Decimal, monthly: Decimal, months: int, currency: str, policy: Policy) -> RentalTerms:
    """Return terms of `months` equal payments. Raises the refusals of `check_terms`."""
    return _checked(cash_price, [monthly] * max(months, 0), currency, policy)


def terms_by_total(
    *, cash_price: Decimal, total: Decimal, months: int, currency: str, policy: Policy, credit: Decimal = ZERO
) -> RentalTerms:
    """Return terms whose payments split `total`: each rounded down, the remainder in the last, so it is the largest.

    `credit` has been taken off `total` already; the cap counts it back in. Raises the refusals of `check_terms`.
    """
    if months < 1:
        raise Refusal("terms_impossible", "Rent is at least one payment.")
    if not is_exact(total, currency):
        raise Refusal("terms_impossible", "Total is not a multiple of the currency quantum.", total=total)
    return _checked(cash_price, split(total, months, currency), currency, policy, credit)


def _checked(
    cash_price: Decimal, amounts: Sequence[Decimal], currency: str, policy: Policy, credit: Decimal = ZERO
) -> RentalTerms:
    terms = RentalTerms(currency=currency, cash_price=cash_price, amounts=tuple(amounts), policy=policy, credit=credit)
    check_terms(terms)
    return terms


def check_terms(terms: RentalTerms) -> None:
    """Refuse terms that the policy forbids.

    Raises Refusal("terms_impossible"), Refusal("instalment_below_minimum", minimum) and
    Refusal("ratio_above_cap", highest_total). Sources: 42 Pa.C.S. 6905(a), Ohio 1351.06(A) (total at most twice the
    cash price), Cal. Civ. Code 1812.644(c) (2.25).
    """
    policy, code = terms.policy, terms.currency
    money = [terms.cash_price, terms.credit, *terms.amounts]
    if code not in policy.quantum:
        raise Refusal("terms_impossible", f"The policy has no numbers for {code}.", currency=code)
    if not terms.amounts or terms.buyout_cash_price <= 0 or not all(is_exact(m, code) and m >= 0 for m in money):
        raise Refusal("terms_impossible", "Rent and cash price are positive, in whole units of the currency.")
    lowest = policy.min_instalment[code]
    if min(terms.amounts) < lowest:
        raise Refusal(
            "instalment_below_minimum",
            f"Instalment below the minimum of {amount_text(lowest, code)}: {amount_text(min(terms.amounts), code)}.",
            minimum=lowest,
        )
    highest = policy.max_total_to_cash_ratio * terms.cash_price
    if terms.total + terms.credit > highest:
        raise Refusal(
            "ratio_above_cap",
            "Total of payments exceeds the allowed multiple of the cash price: "
            f"{amount_text(terms.total + terms.credit, code)}, at most {amount_text(highest, code)}.",
            highest_total=highest,
        )
