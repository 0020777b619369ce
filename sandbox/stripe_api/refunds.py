"""Refunds: made, pending, failed later; never more than was paid."""

from typing import Any

from sandbox.store import Thing, new_id
from sandbox.stripe_api.balance import book
from sandbox.stripe_api.cards import CARDS
from sandbox.stripe_api.charging import CHARGE, INTENT
from sandbox.stripe_api.errors import ApiError, invalid, missing, unreadable
from sandbox.stripe_api.events import emit
from sandbox.stripe_api.money import written
from sandbox.stripe_api.params import Params, merged
from sandbox.world import World

KIND = "refund"
OUTCOMES = ("succeeded", "pending", "fails")
SETTLES_AFTER = 60  # seconds of the sandbox's clock


def refunded_charge(world: World, params: Params) -> Thing:
    """Return the paid charge that refund parameters name.

    Raises a 400 ApiError for none, both, an unknown or an unpaid one.
    """
    if ("charge" in params) == ("payment_intent" in params):
        raise unreadable("One of the following params should be provided for this request: payment_intent or charge.")
    if "charge" in params:
        charge = world.store.find(CHARGE, params["charge"])
        if charge is None:
            raise missing("charge", params["charge"], param="charge", status=400)
    else:
        intent = world.store.find(INTENT, params["payment_intent"])
        if intent is None:
            raise missing("payment_intent", params["payment_intent"], param="payment_intent", status=400)
        charge = world.store.find(CHARGE, intent["latest_charge"])
        if charge is None or intent["status"] != "succeeded":
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise invalid(message, code="payment_intent_unexpected_state")
    if not charge["paid"]:
        raise invalid(f"Charge {charge['id']} has not been paid, so it cannot be refunded.", param="charge")
    return charge


def refuse_refund(charge: Thing, amount: int) -> ApiError | None:
    """Return why this much cannot be refunded, or None."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["_charged_back"]:
        return invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        return invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount > left:
        asked, rest = written(amount, charge["currency"]), written(left, charge["currency"])
        return invalid(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount")
    return None


def create_refund(world: World, params: Params) -> Thing:
    """Give money of a charge back: `amount`, or all that is left.

    Raises a 400 ApiError for more than is left, a fully refunded or a disputed charge.
    """
    charge = refunded_charge(world, params)
    amount = params.get("amount", charge["amount"] - charge["amount_refunded"])
    refusal = refuse_refund(charge, amount)
    if refusal is not None:
        raise refusal
    outcome = world.refund_outcomes.popleft() if world.refund_outcomes else CARDS[charge["_number"]].refund
    name = new_id("re")
    pending = outcome == "pending"
    refund = world.store.add(
        KIND,
        {
            "id": name,
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": world.clock.now(),
            "currency": charge["currency"],
            "customer": charge["customer"],
            "customer_account": None,
            "destination_details": {
                "card": {
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": merged({}, params.get("metadata")),
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if pending else "succeeded",
            "transfer_reversal": None,
        },
    )
    if pending:
        refund["pending_reason"] = "processing"
    else:
        pay_out(world, refund)
    change_refunded(world, charge, amount)
    emit(world, "refund.created", refund)
    emit(world, "charge.refunded", charge)
    if outcome in {"pending", "fails"}:
        world.agenda.plan("settle refund", name, after=SETTLES_AFTER)
    return refund


def pay_out(world: World, refund: Thing) -> None:
    """Book the money that leaves; Stripe keeps its fee."""
    entry = book(
        world,
        kind="refund",
        category="refund",
        amount=-refund["amount"],
        fee=0,
        currency=refund["currency"],
        source=refund["id"],
        description="REFUND FOR CHARGE",
    )
    refund["balance_transaction"] = entry["id"]


def change_refunded(world: World, charge: Thing, by: int) -> None:
    """Change how much of a charge is refunded, in the smallest unit."""
    charge["amount_refunded"] += by
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.store.touch(CHARGE, charge)


def settle_refund(world: World, refund: Thing, status: str, *, reason: str = "expired_or_canceled_card") -> None:
    """End a refund: a pending one succeeds or fails, a succeeded one may still fail; anything else changes nothing."""
    before = refund["status"]
    if (before, status) not in {("pending", "succeeded"), ("pending", "failed"), ("succeeded", "failed")}:
        return
    refund["status"] = status
    refund.pop("pending_reason", None)
    if status == "succeeded":
        pay_out(world, refund)
    else:
        refund["failure_reason"] = reason
        charge = world.store.find(CHARGE, refund["charge"])
        assert charge is not None  # noqa: S101  (a refund never outlives its charge)
        if before == "succeeded":
            take_back(world, refund)
        change_refunded(world, charge, -refund["amount"])
    world.store.touch(KIND, refund)
    emit(world, "refund.updated", refund, {"status": before})
    if status == "failed":
        emit(world, "refund.failed", refund, {"status": before})


def take_back(world: World, refund: Thing) -> None:
    """Book the money of a failed refund that comes back."""
    entry = book(
        world,
        kind="refund_failure",
        category="refund_failure",
        amount=refund["amount"],
        fee=0,
        currency=refund["currency"],
        source=refund["id"],
        description="REFUND FAILURE",
    )
    refund["failure_balance_transaction"] = entry["id"]


def settle_in_time(world: World, name: str) -> None:
    """Settle a refund as its card has it: a pending one succeeds, the other one fails."""
    refund = world.store.find(KIND, name)
    if refund is not None:
        settle_refund(world, refund, "succeeded" if refund["status"] == "pending" else "failed")


def update_refund(world: World, refund: Thing, params: Params) -> Thing:
    """Change a refund's metadata."""
    refund["metadata"] = merged(refund["metadata"], params.get("metadata"))
    world.store.touch(KIND, refund)
    emit(world, "refund.updated", refund)
    return refund


def totals(world: World) -> dict[str, Any]:
    """Return captures and refunds by PaymentIntent, for tests that count money."""
    sums: dict[str, dict[str, Any]] = {}
    for charge in world.store.all(CHARGE):
        if charge["paid"]:
            row = sums.setdefault(charge["payment_intent"], {"captures": 0, "captured": 0, "refunded": 0})
            row["captures"] += 1
            row["captured"] += charge["amount"]
            row["refunded"] += charge["amount_refunded"]
    return sums
