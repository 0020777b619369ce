"""What Bakong's answers mean. Only a transaction that is told in full counts as paid; nothing unclear counts as unpaid.

Source: Bakong Open API 1.0.2. Field names differ between its editions, so what decides nothing (the dates) is not read.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

HASH = re.compile(r"[0-9a-f]{64}")
CURRENCY = re.compile(r"[A-Z]{3}")
# No amount of Bakong's is longer; a money column could not hold it.
LARGEST_AMOUNT, SMALLEST_PART = Decimal(10) ** 10, Decimal("0.01")
LONGEST_REASON = 200


class Outcome(Enum):
    """What is known after a call. Only PAID, NOT_FOUND and FAILED speak of the payment, the others of Bakong."""

    PAID = "paid"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    # The token has expired or is refused, or Bakong does not serve this machine's address: an alarm for the staff.
    UNAUTHORIZED = "unauthorized"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"


# Bakong's errorCode → what it means. Every other number is a question that we should not have asked.
OUTCOME_OF = {1: Outcome.NOT_FOUND, 3: Outcome.FAILED, 6: Outcome.UNAUTHORIZED, 9: Outcome.UNAVAILABLE}
OUTCOME_OF_ROW = {"NOT_FOUND": Outcome.NOT_FOUND, "FAILED": Outcome.FAILED, "SERVICE_FAILED": Outcome.UNAVAILABLE}


@dataclass(frozen=True)
class Transaction:
    """Money that moved at Bakong to `account_id`. `amount` is in whole currency (12.50 USD), `hash` in lower case."""

    hash: str
    account_id: str
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Answer:
    """What one question brought: the transaction when it is paid, `data` when something else was asked for.

    `reason` is Bakong's own text, for staff. `retry_after` is in seconds; 0 when Bakong names no time.
    """

    outcome: Outcome
    transaction: Transaction | None = None
    data: Any = None
    reason: str = ""
    retry_after: int = 0


def read_json(body: bytes) -> Any:
    """Return JSON with exact numbers, None for anything that is no JSON."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def read_envelope(content: Any) -> Answer:
    """Return what Bakong's envelope says; PAID stands for "yes" until `read_transaction` has looked at the data."""
    if not isinstance(content, dict) or not _is_number(content.get("responseCode")):
        return Answer(Outcome.MALFORMED, reason="no answer in Bakong's form")
    error, reason = content.get("errorCode"), str(content.get("responseMessage"))[:LONGEST_REASON]
    if content["responseCode"] == 0 and error in (None, 0):
        return Answer(Outcome.PAID, data=content.get("data"))
    # Seen in the wild: "Daily request limit of 100 exceeded.", with HTTP 200 and no errorCode.
    if error is None and "limit" in reason.lower():
        return Answer(Outcome.RATE_LIMITED, reason=reason)
    return Answer(OUTCOME_OF.get(error, Outcome.MALFORMED) if _is_number(error) else Outcome.MALFORMED, reason=reason)


def read_transaction(answer: Answer) -> Answer:
    """Return the answer with its transaction; MALFORMED when "paid" stands there without what, to whom, how much."""
    if answer.outcome is not Outcome.PAID:
        return answer
    told = answer.data if isinstance(answer.data, dict) else {}
    found, payee, currency = (_text(told.get(name)) for name in ("hash", "toAccountId", "currency"))
    amount = _amount(told.get("amount"))
    if not HASH.fullmatch(found.lower()) or not payee or not CURRENCY.fullmatch(currency) or amount is None:
        return Answer(Outcome.MALFORMED, reason="a payment without hash, account, currency or amount")
    return Answer(Outcome.PAID, Transaction(found.lower(), payee, currency, amount))


def read_rows(answer: Answer, md5s: Iterable[str]) -> dict[str, Answer]:
    """Return each asked MD5's own answer out of a list's answer; MALFORMED for what the list leaves out."""
    if answer.outcome is not Outcome.PAID:
        return dict.fromkeys(md5s, answer)
    rows = answer.data if isinstance(answer.data, list) else []
    told = {row["md5"]: _read_row(row) for row in rows if isinstance(row, dict) and isinstance(row.get("md5"), str)}
    return {md5: told.get(md5, Answer(Outcome.MALFORMED, reason="left out of the list")) for md5 in md5s}


def _read_row(row: dict[str, Any]) -> Answer:
    status, reason = row.get("status"), str(row.get("message"))[:LONGEST_REASON]
    if status == "SUCCESS":
        return read_transaction(Answer(Outcome.PAID, data=row.get("data") or row.get("transaction")))
    known = OUTCOME_OF_ROW.get(status) if isinstance(status, str) else None
    return Answer(known or Outcome.MALFORMED, reason=reason)


def _amount(value: Any) -> Decimal | None:
    """Return a positive amount in whole hundredths, None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    fits = amount.is_finite() and 0 < amount < LARGEST_AMOUNT
    return amount if fits and amount % SMALLEST_PART == 0 else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")
