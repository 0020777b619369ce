"""Disputes: a cardholder asks the bank for the money back; evidence until a deadline; won or lost."""

from datetime import UTC, datetime, time, timedelta

from sandbox.refusing import BadControl
from sandbox.store import Thing, new_id
from sandbox.stripe_api.balance import DISPUTE_FEE, book
from sandbox.stripe_api.cards import CARDS
from sandbox.stripe_api.charging import CHARGE
from sandbox.stripe_api.errors import invalid
from sandbox.stripe_api.events import emit
from sandbox.stripe_api.params import Params, merged
from sandbox.world import World

KIND = "dispute"
DAYS_FOR_EVIDENCE = 9
OPEN = ("needs_response", "under_review")
REASONS = ("fraudulent", "product_not_received", "product_unacceptable", "duplicate", "credit_not_processed", "general")
EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
# What a person writes into `uncategorized_text` to decide a test dispute (https://docs.stripe.com/testing#disputes).
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_dispute(world: World, charge: Thing, *, reason: str = "fraudulent", amount: int | None = None) -> Thing:
    """Let the cardholder dispute a charge: the money and a fee leave the account. Only the money
    comes back when the case is won.

    Raises BadControl for a charge that is unpaid, fully refunded, or disputed already.
    """
    if not charge["paid"] or charge["refunded"] or charge["disputed"]:
        raise BadControl(f"{charge['id']} is unpaid, fully refunded or disputed already; nobody can dispute it.")
    amount = amount or charge["amount"]
    if not 0 < amount <= charge["amount"] or reason not in REASONS:
        raise BadControl(f"amount is 1 to {charge['amount']}, reason one of {', '.join(REASONS)}.")
    now = world.clock.now()
    last_day = datetime.fromtimestamp(now, UTC).date() + timedelta(days=DAYS_FOR_EVIDENCE)
    dispute = world.store.add(
        KIND,
        {
            "id": new_id("du"),
            "object": "dispute",
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
            "evidence_details": {
                "due_by": int(datetime.combine(last_day, time(23, 59, 59), UTC).timestamp()),
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {
                "card": {
                    "brand": charge["payment_method_details"]["card"]["brand"],
                    "case_type": "chargeback",
                    "network": charge["payment_method_details"]["card"]["network"],
                    "network_reason_code": "10.4",
                },
                "type": "card",
            },
            "reason": reason,
            "status": "needs_response",
        },
    )
    charge.update(disputed=True, _charged_back=True)
    world.store.touch(CHARGE, charge)
    emit(world, "charge.dispute.created", dispute)
    move_money(world, dispute, -amount, DISPUTE_FEE)
    emit(world, "charge.dispute.funds_withdrawn", dispute)
    world.agenda.plan("dispute deadline", dispute["id"], after=dispute["evidence_details"]["due_by"] + 1 - now)
    return dispute


def move_money(world: World, dispute: Thing, amount: int, fee: int) -> None:
    """Book the disputed money that leaves or comes back."""
    entry = book(
        world,
        kind="adjustment",
        category="dispute" if amount < 0 else "dispute_reversal",
        amount=amount,
        fee=fee,
        currency=dispute["currency"],
        source=dispute["id"],
        description=f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {dispute['charge']}",
    )
    dispute["balance_transactions"].append({key: value for key, value in entry.items() if not key.startswith("_")})
    world.store.touch(KIND, dispute)


def update_dispute(world: World, dispute: Thing, params: Params) -> Thing:
    """Add evidence, and hand it in unless `submit` is false; Stripe's test words decide the case.

    Raises a 400 ApiError when the case is closed or the deadline is over.
    """
    details = dispute["evidence_details"]
    if "evidence" in params or params.get("submit"):
        if dispute["status"] != "needs_response" or details["past_due"]:
            raise invalid(
                "This dispute is already closed or its evidence was handed in.", code="dispute_already_submitted"
            )
        dispute["evidence"] |= params.get("evidence", {})
        details["has_evidence"] = any(dispute["evidence"][name] for name in EVIDENCE)
    dispute["metadata"] = merged(dispute["metadata"], params.get("metadata"))
    before = dispute["status"]
    if params.get("submit", "evidence" in params):
        details["submission_count"] += 1
        dispute["status"] = "under_review"
    world.store.touch(KIND, dispute)
    emit(world, "charge.dispute.updated", dispute, {"status": before})
    verdict = VERDICTS.get(dispute["evidence"]["uncategorized_text"] or "")
    if verdict and dispute["status"] == "under_review":
        decide(world, dispute, verdict)
    return dispute


def close_dispute(world: World, dispute: Thing) -> Thing:
    """Accept that the case is lost.

    Raises a 400 ApiError for a closed case.
    """
    if dispute["status"] not in OPEN:
        raise invalid("This dispute is already closed", code="dispute_already_closed")
    decide(world, dispute, "lost")
    return dispute


def decide(world: World, dispute: Thing, verdict: str) -> None:
    """End a case: won (the money comes back) or lost. A closed case stays as it is."""
    if dispute["status"] not in OPEN:
        return
    dispute["status"] = verdict
    charge = world.store.find(CHARGE, dispute["charge"])
    if charge is not None and verdict == "won":
        charge["_charged_back"] = False
        world.store.touch(CHARGE, charge)
    world.store.touch(KIND, dispute)
    emit(world, "charge.dispute.closed", dispute)
    if verdict == "won":
        move_money(world, dispute, dispute["amount"], 0)
        emit(world, "charge.dispute.funds_reinstated", dispute)


def miss_deadline(world: World, name: str) -> None:
    """Lose a case for which nobody handed in evidence in time."""
    dispute = world.store.find(KIND, name)
    if dispute is not None and dispute["status"] == "needs_response":
        dispute["evidence_details"]["past_due"] = True
        decide(world, dispute, "lost")


def dispute_in_time(world: World, name: str) -> None:
    """Dispute a charge of a card whose holder always does."""
    charge = world.store.find(CHARGE, name)
    if charge is not None and not charge["disputed"] and not charge["refunded"]:
        open_dispute(world, charge, reason=CARDS[charge["_number"]].dispute)
