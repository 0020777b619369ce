"""Policies, terms and accounts for tests of the rules."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from rentals.rules.ledger import Account, new_account
from rentals.rules.policy import Policy, merged, policy_from
from rentals.rules.terms import RentalTerms, terms_by_rate, terms_by_total

D = Decimal
GOLDENS = json.loads((Path(__file__).parent / "goldens" / "rentals.json").read_text(encoding="utf-8"))
ANCHOR = date(2026, 1, 15)


def make_policy(**overrides: Any) -> Policy:
    """Return the default policy with some numbers changed; groups are merged key by key."""
    return policy_from(merged(overrides))


def make_terms(monthly: str = "65.00", months: int = 12, cash: str = "600.00", **policy: Any) -> RentalTerms:
    """Return the reference terms: 12 × 65.00, cash price 600.00 USD, unless told otherwise."""
    return terms_by_rate(
        cash_price=D(cash), monthly=D(monthly), months=months, currency="USD", policy=make_policy(**policy)
    )


def make_account(anchor: date = ANCHOR, **terms: Any) -> Account:
    """Return an account that begins on `anchor`."""
    return new_account(make_terms(**terms), anchor)


def golden_terms(case: dict[str, Any]) -> RentalTerms:
    """Return the terms that a golden case is about. Raises what the rules refuse."""
    given = case["input"]
    shared = {
        "cash_price": D(given["cash_price"]),
        "months": given["term"],
        "currency": given["currency"],
        "policy": make_policy(**case.get("policy_overrides", {})),
    }
    if "total" in given:
        return terms_by_total(total=D(given["total"]), **shared)
    return terms_by_rate(monthly=D(given["monthly_rate"]), **shared)
