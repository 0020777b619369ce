"""The numbers of the house: what an owner may change, and what no policy may say."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.money import CURRENCIES, is_exact
from core.refusals import Refusal


class BuyoutMethod(StrEnum):
    """How the price of owning now is found once same-as-cash is over."""

    CASH_FRACTION = "cash_fraction"
    PCT_REMAINING = "pct_remaining"
    CASH_MINUS_CREDIT = "cash_minus_credit"


class FeeCombination(StrEnum):
    """How percentage, floor and cap of a late fee come together."""

    MIN_CAP = "min_cap"
    GREATER = "greater"


DEFAULT_NUMBERS: dict[str, Any] = {
    "timezone": "Asia/Phnom_Penh",
    "quantum": {"USD": "0.01", "KHR": "100"},
    "min_instalment": {"USD": "1.00", "KHR": "4000"},
    "first_due_offset_months": 0,
    "max_total_to_cash_ratio": "2.00",
    "late_fee": {
        "grace_days": 7,
        "pct": "0.05",
        "combine": "min_cap",
        "floor": {"USD": "2.00", "KHR": "8000"},
        "cap": {"USD": "5.00", "KHR": "20000"},
    },
    "buyout": {
        "method": "cash_fraction",
        "pct": "0.55",
        "credit_pct": "0.50",
        "sac_days": 90,
        "floor_one_payment": False,
        "quote_ttl_hours": 24,
    },
    "default_after_days": 30,
    "reinstate_retained_days": 30,
    "reinstate_returned_days": 21,
    "reinstate_returned_days_two_thirds": 45,
    "cooling_off_days": 7,
    "prorate_on_return": False,
    "swap_credit_pct": "0.00",
    "checkout_hold_minutes": 30,
    "assumed_delivery_days": 7,
    "return_send_days": 14,
    "notice_days": [-3, 14, 25],
    "retry_days": [2, 5, 9],
    "sac_notice_days": [14, 3],
}


@dataclass(frozen=True, kw_only=True)
class LateFeeRule:
    """Once per instalment, on what is unpaid of it. `pct` is a fraction (0.05 = 5 %)."""

    grace_days: int
    pct: Decimal
    combine: FeeCombination
    floor: Mapping[str, Decimal]
    cap: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True)
class BuyoutRule:
    """The price of owning now. `sac_days` None: no same-as-cash window; `pct` and `credit_pct` are fractions."""

    method: BuyoutMethod
    pct: Decimal
    credit_pct: Decimal
    sac_days: int | None
    floor_one_payment: bool
    quote_ttl_hours: int


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All numbers that an agreement is made under. Days are calendar days in `timezone`, fractions are of 1."""

    timezone: str
    quantum: Mapping[str, Decimal]
    min_instalment: Mapping[str, Decimal]
    first_due_offset_months: int
    max_total_to_cash_ratio: Decimal
    late_fee: LateFeeRule
    buyout: BuyoutRule
    default_after_days: int
    reinstate_retained_days: int
    reinstate_returned_days: int
    reinstate_returned_days_two_thirds: int
    cooling_off_days: int
    prorate_on_return: bool
    swap_credit_pct: Decimal
    checkout_hold_minutes: int
    assumed_delivery_days: int
    return_send_days: int
    notice_days: tuple[int, ...]
    retry_days: tuple[int, ...]
    sac_notice_days: tuple[int, ...]

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which due dates are dates."""
        return ZoneInfo(self.timezone)


def merged(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default numbers with `overrides` laid over them, key by key and one level down."""
    numbers = dict(DEFAULT_NUMBERS)
    for name, value in overrides.items():
        below = numbers.get(name)
        numbers[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value
    return numbers


def policy_from(numbers: Mapping[str, Any]) -> Policy:
    """Read a policy from plain JSON values (money and fractions as decimal text).

    Every key of DEFAULT_NUMBERS must be there and no other. Raises Refusal("policy_impossible", fields) naming each
    number that cannot be.
    """
    wrong = _wrong_keys(numbers, DEFAULT_NUMBERS)
    if not wrong:
        try:
            policy = _read(numbers)
        except (InvalidOperation, TypeError, ValueError) as error:
            raise _impossible({"numbers": f"cannot be read: {error}"}) from error
        wrong = _impossible_numbers(policy)
    if wrong:
        raise _impossible(wrong)
    return policy


def _impossible(wrong: Mapping[str, str]) -> Refusal:
    return Refusal(
        "policy_impossible",
        "This policy cannot be: " + "; ".join(f"{name} {why}" for name, why in sorted(wrong.items())) + ".",
        fields=dict(wrong),
    )


def _wrong_keys(numbers: Mapping[str, Any], pattern: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    wrong = {f"{prefix}{name}": "is missing" for name in pattern.keys() - numbers.keys()}
    wrong |= {f"{prefix}{name}": "is not a number of the policy" for name in numbers.keys() - pattern.keys()}
    for name in ("late_fee", "buyout"):
        if name in pattern and name in numbers:
            below = numbers[name]
            if isinstance(below, Mapping):
                wrong |= _wrong_keys(below, pattern[name], f"{name}.")
            else:
                wrong[name] = "is a group of numbers"
    return wrong


def _amounts(values: Mapping[str, Any]) -> dict[str, Decimal]:
    return {code: _decimal(value) for code, value in values.items()}


def _decimal(value: Any) -> Decimal:
    # A float has already lost the number that somebody meant.
    if isinstance(value, float | bool):
        raise TypeError(f"{value!r} is not written as text")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _read(numbers: Mapping[str, Any]) -> Policy:
    fee, buyout = numbers["late_fee"], numbers["buyout"]
    return Policy(
        timezone=str(numbers["timezone"]),
        quantum=_amounts(numbers["quantum"]),
        min_instalment=_amounts(numbers["min_instalment"]),
        max_total_to_cash_ratio=_decimal(numbers["max_total_to_cash_ratio"]),
        late_fee=LateFeeRule(
            grace_days=_whole(fee["grace_days"]),
            pct=_decimal(fee["pct"]),
            combine=FeeCombination(fee["combine"]),
            floor=_amounts(fee["floor"]),
            cap=_amounts(fee["cap"]),
        ),
        buyout=BuyoutRule(
            method=BuyoutMethod(buyout["method"]),
            pct=_decimal(buyout["pct"]),
            credit_pct=_decimal(buyout["credit_pct"]),
            sac_days=None if buyout["sac_days"] is None else _whole(buyout["sac_days"]),
            floor_one_payment=_yes_or_no(buyout["floor_one_payment"]),
            quote_ttl_hours=_whole(buyout["quote_ttl_hours"]),
        ),
        prorate_on_return=_yes_or_no(numbers["prorate_on_return"]),
        swap_credit_pct=_decimal(numbers["swap_credit_pct"]),
        notice_days=tuple(map(_whole, numbers["notice_days"])),
        retry_days=tuple(map(_whole, numbers["retry_days"])),
        sac_notice_days=tuple(map(_whole, numbers["sac_notice_days"])),
        **{name: _whole(numbers[name]) for name in _WHOLE_NUMBERS},
    )


_WHOLE_NUMBERS = (
    "first_due_offset_months",
    "default_after_days",
    "reinstate_retained_days",
    "reinstate_returned_days",
    "reinstate_returned_days_two_thirds",
    "cooling_off_days",
    "checkout_hold_minutes",
    "assumed_delivery_days",
    "return_send_days",
)


def _impossible_numbers(policy: Policy) -> dict[str, str]:
    wrong = _impossible_money(policy)
    checks = {
        "max_total_to_cash_ratio": (policy.max_total_to_cash_ratio >= 1, "is below 1"),
        "first_due_offset_months": (
            policy.first_due_offset_months in (0, 1),
            "is neither 0 (in advance) nor 1 (in arrears)",
        ),
        "default_after_days": (
            policy.default_after_days > policy.late_fee.grace_days,
            "is not longer than the grace of a late fee",
        ),
        "reinstate_returned_days_two_thirds": (
            policy.reinstate_returned_days_two_thirds >= policy.reinstate_returned_days,
            "is shorter than the ordinary window",
        ),
        "timezone": (_is_zone(policy.timezone), "is not a known time zone"),
        "late_fee.grace_days": (policy.late_fee.grace_days >= 0, "is below zero"),
        "buyout.sac_days": ((policy.buyout.sac_days or 0) >= 0, "is below zero"),
        "buyout.quote_ttl_hours": (policy.buyout.quote_ttl_hours >= 1, "is below 1"),
        "notice_days": (_once_each(policy.notice_days), "names a day twice"),
        "retry_days": (_once_each(policy.retry_days) and _after_today(policy.retry_days), "does not count up from 1"),
        "sac_notice_days": (
            _once_each(policy.sac_notice_days) and _after_today(policy.sac_notice_days),
            "does not count up from 1",
        ),
    }
    wrong |= {name: why for name, (is_possible, why) in checks.items() if not is_possible}
    return wrong | {name: "is below zero" for name in _WHOLE_NUMBERS if getattr(policy, name) < 0}


def _impossible_money(policy: Policy) -> dict[str, str]:
    fee, known = policy.late_fee, policy.quantum
    if not known or any(code not in CURRENCIES or CURRENCIES[code].quantum != known[code] for code in known):
        return {"quantum": "is not the smallest amount of a currency"}
    fractions = {
        "late_fee.pct": fee.pct,
        "buyout.pct": policy.buyout.pct,
        "buyout.credit_pct": policy.buyout.credit_pct,
        "swap_credit_pct": policy.swap_credit_pct,
    }
    wrong = {name: "is not between 0 and 1" for name, value in fractions.items() if not 0 <= value <= 1}
    money = {"min_instalment": policy.min_instalment, "late_fee.floor": fee.floor, "late_fee.cap": fee.cap}
    for name, amounts in money.items():
        if amounts.keys() != known.keys():
            wrong[name] = "does not name the currencies of quantum"
        elif any(value < 0 or not is_exact(value, code) for code, value in amounts.items()):
            wrong[name] = "is below zero or not in whole units of its currency"
        elif name == "min_instalment" and not all(amounts.values()):
            wrong[name] = "is zero"
    # Under "greater" the cap plays no part.
    capped = fee.combine is FeeCombination.MIN_CAP and not money.keys() & wrong.keys()
    if capped and any(fee.floor[code] > fee.cap[code] for code in known):
        wrong["late_fee.floor"] = "is above the cap"
    return wrong


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _once_each(days: tuple[int, ...]) -> bool:
    return len(set(days)) == len(days)


def _after_today(days: tuple[int, ...]) -> bool:
    return all(day >= 1 for day in days)


def numbers_of(policy: Policy) -> dict[str, Any]:
    """Return the policy as plain JSON values: what `policy_from` reads."""
    return {name: _plain(value) for name, value in asdict(policy).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(below) for name, below in value.items()}
    if isinstance(value, Decimal | StrEnum):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
