"""A customer's banking app: it pays a scanned code rightly, wrongly, late or twice."""

import hashlib
import secrets
from decimal import Decimal
from typing import Any

from sandbox.bakong_api.khqr import Code
from sandbox.refusing import BadControl
from sandbox.store import Thing
from sandbox.world import World

TRANSACTION, MISSING = "bakong.transaction", "bakong.missing_account"
PAYER = "customer@sandbox"
WAYS = {
    "right": "Pay the amount shown",
    "short": "Pay too little",
    "over": "Pay too much",
    "wrong_currency": "Pay in the other currency",
    "wrong_account": "Pay another account",
    "late": "Pay after the code has expired",
    "twice": "Pay twice",
    "failed": "Let the payment fail",
    "reused_hash": "Pay with an old transaction's hash",
}
OTHER = {"USD": "KHR", "KHR": "USD"}
STEP = {"USD": Decimal("0.01"), "KHR": Decimal(100)}
LATE_BY_MS = 60_000


def account_exists(world: World, account: str) -> bool:
    """Tell whether Bakong knows an account; the sandbox knows all that no test has taken away."""
    return world.store.find(MISSING, f"account:{account}") is None


def pay(world: World, code: Code, way: str, *, delay: float = 0.0) -> list[Thing]:
    """Pay a code in one of the WAYS; what was paid shows after `delay` seconds. Return the transactions.

    Raises BadControl for a static code, an unknown payee, or an expired code that is not paid "late".
    """
    if way not in WAYS:
        raise BadControl(f"One can pay {', '.join(WAYS)}.")
    if code.amount is None or code.expires_ms is None:
        raise BadControl(
            "A static code has no amount, and Bakong cannot look its payments up. The sandbox pays dynamic codes."
        )
    if not account_exists(world, code.account):
        raise BadControl(f"Bakong knows no account {code.account}.")
    now = world.clock.milliseconds()
    if now >= code.expires_ms and way != "late":
        raise BadControl("This code has expired. The banking app does not pay it (only “late” does).")
    at = now + int(delay * 1000)
    if way == "late":
        at = max(at, code.expires_ms + LATE_BY_MS)
    facts: dict[str, Any] = {"amount": code.amount, "currency": code.currency, "to": code.account}
    if way == "short":
        facts["amount"] = code.amount - min(STEP[code.currency], code.amount / 2)
    elif way == "over":
        facts["amount"] = code.amount + STEP[code.currency]
    elif way == "wrong_currency":
        facts["currency"] = OTHER[code.currency]
    elif way == "wrong_account":
        facts["to"] = f"not.{code.account}"[-32:]
    elif way == "reused_hash":
        facts["old_hash"] = last_hash(world)
    times = 2 if way == "twice" else 1
    return [add_transaction(world, code, at=at, failed=way == "failed", **facts) for _ in range(times)]


def last_hash(world: World) -> str:
    """Return the hash of the newest transaction.

    Raises BadControl when there is none.
    """
    made = world.store.all(TRANSACTION)
    if not made:
        raise BadControl("There is no older transaction whose hash could be used again.")
    return str(made[-1]["hash"])


def add_transaction(
    world: World, code: Code, *, amount: Decimal, currency: str, to: str, at: int, failed: bool, old_hash: str = ""
) -> Thing:
    """Note a payment that shows from `at` (milliseconds) on."""
    number = len(world.store.all(TRANSACTION)) + 1
    return world.store.add(
        TRANSACTION,
        {
            "id": f"bakong:{number}",
            "hash": old_hash or hashlib.sha256(secrets.token_bytes(32)).hexdigest(),
            "md5": code.md5,
            "from": PAYER,
            "to": to,
            "currency": currency,
            "amount": str(amount),
            "bill_number": code.bill_number,
            "at": at,
            "failed": failed,
            "instruction_ref": f"INS{number:08d}",
            "external_ref": f"EXT{number:08d}",
        },
    )


def visible(world: World, **wanted: Any) -> list[Thing]:
    """Return the payments that show by now and fit, the first paid first."""
    now = world.clock.milliseconds()
    return [
        made
        for made in world.store.all(TRANSACTION)
        if made["at"] <= now and all(made[name] == value for name, value in wanted.items())
    ]
