"""Money is Decimal in whole quanta of its currency, and this is the only file that rounds.

Rules: percentages and fractions round half up; splits round down, with the remainder in the last part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from itertools import accumulate

ZERO = Decimal(0)
HUNDRED = Decimal(100)
# Every money column: up to 999 999 999.99 USD or 9 999 999 900 KHR.
MONEY_DIGITS = {"max_digits": 12, "decimal_places": 2}


@dataclass(frozen=True)
class Currency:
    """A currency as the shop uses it: the smallest amount that can change hands, and how it is written."""

    code: str
    quantum: Decimal
    decimals: int
    symbol: str


CURRENCIES = {
    "USD": Currency("USD", Decimal("0.01"), 2, "$"),
    "EUR": Currency("EUR", Decimal("0.01"), 2, "€"),
    # Riel notes start at 100; nobody can pay less.
    "KHR": Currency("KHR", Decimal(100), 0, "៛"),
}


def currency(code: str) -> Currency:
    """Return the currency called `code`. Raises KeyError when the shop does not know it."""
    return CURRENCIES[code]


def _to_quanta(amount: Decimal, code: str, rounding: str) -> Decimal:
    quantum = CURRENCIES[code].quantum
    whole = (amount / quantum).quantize(Decimal(1), rounding=rounding)
    return (whole * quantum).quantize(Decimal("0.01"))


def round_half_up(amount: Decimal, code: str) -> Decimal:
    """Round to the currency's quantum, halves away from zero."""
    return _to_quanta(amount, code, ROUND_HALF_UP)


def round_down(amount: Decimal, code: str) -> Decimal:
    """Round towards zero to the currency's quantum."""
    return _to_quanta(amount, code, ROUND_DOWN)


def round_up(amount: Decimal, code: str) -> Decimal:
    """Round away from zero to the currency's quantum."""
    return _to_quanta(amount, code, ROUND_UP)


def is_exact(amount: Decimal, code: str) -> bool:
    """Tell whether `amount` is a whole number of quanta."""
    return amount.is_finite() and amount % CURRENCIES[code].quantum == 0


def percent_of(amount: Decimal, percent: Decimal, code: str) -> Decimal:
    """Return `percent` per cent of `amount`, rounded half up."""
    return round_half_up(amount * percent / HUNDRED, code)


def fraction_of(amount: Decimal, part: Decimal, whole: Decimal, code: str) -> Decimal:
    """Return `amount` × `part` ÷ `whole`, rounded half up once, at the end. `whole` is above zero."""
    return round_half_up(amount * part / whole, code)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """Return `part` ÷ `whole` to four places, rounded half up. `whole` is above zero."""
    return (part / whole).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def tax_inside(gross: Decimal, percent: Decimal, code: str) -> Decimal:
    """Return the tax contained in a price that includes tax at `percent` per cent, rounded half up."""
    return round_half_up(gross * percent / (HUNDRED + percent), code)


def split(total: Decimal, parts: int, code: str) -> list[Decimal]:
    """Split `total` into `parts` equal amounts, each rounded down, the remainder in the last."""
    base = round_down(total / parts, code)
    return [base] * (parts - 1) + [total - base * (parts - 1)]


def share(total: Decimal, weights: Sequence[Decimal], code: str) -> list[Decimal]:
    """Share `total` in proportion to `weights` so that the shares add up to `total` exactly.

    Each share is the difference of two rounded running totals, so an error never builds up. All weights zero
    puts everything into the last share.
    """
    whole = sum(weights, ZERO)
    if not weights:
        return []
    if whole == 0:
        return [ZERO] * (len(weights) - 1) + [total]
    running = [round_half_up(total * upto / whole, code) for upto in accumulate(weights)]
    running[-1] = total
    return [upto - before for before, upto in zip([ZERO, *running], running, strict=False)]


def amount_text(amount: Decimal, code: str) -> str:
    """Write an amount for a person: "$1,234.50", "៛41,000"."""
    known = CURRENCIES[code]
    sign = "-" if amount < 0 else ""
    return f"{sign}{known.symbol}{abs(amount):,.{known.decimals}f}"
