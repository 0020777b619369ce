"""Balance transactions: what each charge, refund and dispute did to the account."""

from sandbox.store import Thing, new_id
from sandbox.world import World

KIND = "balance_transaction"
AVAILABLE_AFTER = 2 * 86400  # seconds
DISPUTE_FEE = 1500  # cents


def charge_fee(amount: int) -> int:
    """Return Stripe's fee for a card payment: 2.9 % rounded half up, and 30 cents."""
    return (amount * 29 + 500) // 1000 + 30


def book(
    world: World,
    *,
    kind: str,
    category: str,
    amount: int,
    fee: int,
    currency: str,
    source: str,
    description: str | None,
) -> Thing:
    """Add an entry; `amount` and `fee` in the smallest unit, `amount` below zero when money leaves."""
    now = world.clock.now()
    details = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return world.store.add(
        KIND,
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + AVAILABLE_AFTER,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": amount - fee,
            "reporting_category": category,
            "source": source,
            "status": "pending",
            "type": kind,
        },
    )


def grow_available(world: World) -> None:
    """Make entries available whose two days are over."""
    now = world.clock.now()
    for entry in world.store.all(KIND):
        if entry["status"] == "pending" and entry["available_on"] <= now:
            entry["status"] = "available"
            world.store.touch(KIND, entry)
