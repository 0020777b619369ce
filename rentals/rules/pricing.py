"""What a plan costs in all: the numbers that stand next to every monthly price."""

from dataclasses import dataclass
from decimal import Decimal

from core.money import ratio, round_down
from core.refusals import Refusal
from rentals.rules.policy import Policy


@dataclass(frozen=True, kw_only=True)
class PlanPrice:
    """A plan in numbers. `ratio` is total to own ÷ cash price, to four places."""

    payment: Decimal
    payments: int
    total: Decimal
    difference_to_cash: Decimal
    ratio: Decimal
    is_allowed: bool


def price_of(*, cash_price: Decimal, payment: Decimal, payments: int, policy: Policy) -> PlanPrice:
    """Return what `payments` of `payment` come to, beside the cash price; whether the policy allows it is exact.

    The rounded ratio is for reading only. Raises Refusal("terms_impossible") for a price or number not above zero.
    """
    if cash_price <= 0 or payment <= 0 or payments < 1:
        raise Refusal("terms_impossible", "Cash price, payment and number of payments are above zero.")
    total = payment * payments
    return PlanPrice(
        payment=payment,
        payments=payments,
        total=total,
        difference_to_cash=total - cash_price,
        ratio=ratio(total, cash_price),
        is_allowed=total <= policy.max_total_to_cash_ratio * cash_price,
    )


def payback_months(cost: Decimal, monthly: Decimal) -> int:
    """Return after how many whole monthly payments a unit that cost `cost` has earned its cost."""
    if monthly <= 0:
        raise Refusal("terms_impossible", "A monthly price is above zero.")
    whole, rest = divmod(cost, monthly)
    return int(whole) + (1 if rest > 0 else 0)


def proposed_monthly(*, cash_price: Decimal, months: int, ratio_wanted: Decimal, currency: str) -> Decimal:
    """Return the highest monthly price at which `months` payments stay within `ratio_wanted` × the cash price."""
    return round_down(cash_price * ratio_wanted / months, currency)
