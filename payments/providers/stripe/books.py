"""Stripe's balance transactions as movements of money: what reconciliation compares our rows with."""

from datetime import datetime
from typing import Any

from payments.providers.port import Movement, Unknown
from payments.providers.stripe.client import ask, client
from payments.providers.stripe.reading import from_parts, name_of, told

# Stripe's reporting categories (https://docs.stripe.com/reports/reporting-categories) → what they are to us.
KIND_OF = {
    "charge": "capture",
    "refund": "refund",
    "partial_capture_reversal": "refund",
    "refund_failure": "refund_failed",
    "dispute": "dispute",
}


def movements(since: datetime, until: datetime) -> list[Movement] | Unknown:
    """Return the balance transactions from `since` to before `until`, the oldest first."""
    params = {
        "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
        "limit": 100,
        "expand": ["data.source"],
    }
    listed = ask(lambda: list(client().v1.balance_transactions.list(params).auto_paging_iter()))
    return listed if isinstance(listed, Unknown) else [movement_of(entry) for entry in reversed(listed)]


def movement_of(entry: Any) -> Movement:
    """Return one balance transaction. Amounts are the source's own: the account may count in another currency."""
    source = told(entry, "source")
    if source is None or isinstance(source, str):
        # Fees and payouts are about no object of ours.
        amount, name = abs(from_parts(entry["amount"])), source or entry["id"]
        return Movement(kind="other", amount=amount, currency=entry["currency"].upper(), source_id=name)
    kind = KIND_OF.get(entry["reporting_category"], "other")
    own = told(source, "metadata")
    return Movement(
        kind=kind,
        amount=from_parts(source["amount"]) if told(source, "amount") else abs(from_parts(entry["amount"])),
        currency=(told(source, "currency") or entry["currency"]).upper(),
        source_id=source["id"],
        capture_id=name_of(told(source, "payment_intent")),
        key=(told(own, "refund" if kind.startswith("refund") else "attempt") or "") if own is not None else "",
    )
