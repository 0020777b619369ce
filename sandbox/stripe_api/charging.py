"""One attempt to pay a PaymentIntent by a card: asked for 3-D Secure, refused, pending or captured."""

from typing import Any

from sandbox.store import Thing, new_id, public
from sandbox.stripe_api.balance import book, charge_fee
from sandbox.stripe_api.cards import CARDS, REFUSALS, UNAUTHENTICATED, Refusal
from sandbox.stripe_api.customers import METHOD, attach, card_facts
from sandbox.stripe_api.errors import DOCS
from sandbox.stripe_api.events import emit
from sandbox.world import World

INTENT = "payment_intent"
CHARGE = "charge"
PROCESSING_TAKES = 60  # seconds of the sandbox's clock
CHALLENGE = "3d_secure"  # a forced outcome: ask for 3-D Secure whatever the card


def attempt(
    world: World, intent: Thing, method: Thing, *, off_session: bool, authenticated: bool = False
) -> Refusal | None:
    """Try to pay an intent by a card and move the intent; return the refusal, if there was one.

    The next of `world.outcomes` overrules the card: a decline code, `processing`, or `3d_secure`.
    """
    forced = world.outcomes.popleft() if world.outcomes and not authenticated else ""
    card = CARDS[method["_number"]]
    challenged = forced == CHALLENGE or (
        not forced and card.wants_authentication(off_session=off_session, set_up=method["_set_up"])
    )
    intent["_off_session"] = off_session
    if challenged and not authenticated:
        if off_session or intent["_no_action"]:
            return fail(world, intent, method, REFUSALS["authentication_required"])
        ask_for_authentication(world, intent, method)
    elif forced in REFUSALS or (card.decline and not forced):
        return fail(world, intent, method, REFUSALS[forced or card.decline])
    elif forced == "processing":
        wait_for_bank(world, intent, method)
    else:
        capture(world, intent, method)
    return None


def move(world: World, intent: Thing, status: str, **facts: Any) -> None:
    """Change an intent's status and what goes with it."""
    intent.update(status=status, next_action=None, processing=None, **facts)
    world.store.touch(INTENT, intent)


def ask_for_authentication(world: World, intent: Thing, method: Thing) -> None:
    """Send the customer to the bank's 3-D Secure page."""
    move(world, intent, "requires_action", payment_method=method["id"])
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"url": world.address(f"/3ds/{intent['id']}"), "return_url": intent["_return_url"]},
    }
    emit(world, "payment_intent.requires_action", intent)


def wait_for_bank(world: World, intent: Thing, method: Thing) -> None:
    """Leave the intent neither paid nor refused until the bank has thought about it."""
    move(world, intent, "processing", payment_method=method["id"], last_payment_error=None)
    intent["processing"] = {"type": "card", "card": {"customer_notification": None}}
    emit(world, "payment_intent.processing", intent)
    world.agenda.plan("settle payment", intent["id"], after=PROCESSING_TAKES)


def fail(world: World, intent: Thing, method: Thing, refusal: Refusal) -> Refusal:
    """Note a refused attempt; the intent waits for another card."""
    charge = add_charge(world, intent, method, refusal)
    error = {
        "advice_code": refusal.advice,
        "charge": charge["id"],
        "code": refusal.code,
        "doc_url": DOCS.format(refusal.code.replace("_", "-")),
        "message": refusal.message,
        "payment_method": public(method),
        "type": "card_error",
    }
    if refusal.decline:
        error["decline_code"] = refusal.decline
    if refusal is UNAUTHENTICATED:
        error["type"] = "invalid_request_error"
    move(world, intent, "requires_payment_method", payment_method=None, latest_charge=charge["id"])
    intent["last_payment_error"] = error
    emit(world, "charge.failed", charge)
    emit(world, "payment_intent.payment_failed", intent)
    return refusal


def capture(world: World, intent: Thing, method: Thing) -> Thing:
    """Take the money: exactly once, because only an intent that is not yet paid comes here.

    Raises RuntimeError for a paid or canceled intent: that would be the sandbox's own mistake.
    """
    if intent["status"] in {"succeeded", "canceled"}:
        raise RuntimeError(f"{intent['id']} is {intent['status']}")
    charge = add_charge(world, intent, method, None)
    entry = book(
        world,
        kind="charge",
        category="charge",
        amount=intent["amount"],
        fee=charge_fee(intent["amount"]),
        currency=intent["currency"],
        source=charge["id"],
        description=intent["description"],
    )
    charge["balance_transaction"] = entry["id"]
    move(
        world,
        intent,
        "succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=method["id"],
        last_payment_error=None,
    )
    keep_card(world, intent, method)
    emit(world, "charge.succeeded", charge)
    emit(world, "payment_intent.succeeded", intent)
    card = CARDS[method["_number"]]
    if card.dispute:
        world.agenda.plan("dispute charge", charge["id"], after=0)
    return charge


def keep_card(world: World, intent: Thing, method: Thing) -> None:
    """Save the card for the customer if the intent says so; without a customer it is used up."""
    customer = world.store.find("customer", intent["customer"])
    if customer is not None and intent["setup_future_usage"]:
        attach(world, method, customer)
        method["_set_up"] = method["_set_up"] or intent["setup_future_usage"] == "off_session"
    elif method["customer"] is None:
        method["_used_up"] = True
    world.store.touch(METHOD, method)


def add_charge(world: World, intent: Thing, method: Thing, refusal: Refusal | None) -> Thing:
    """Return a new charge of an intent, paid or refused."""
    paid = refusal is None
    card = CARDS[method["_number"]]
    details = card_facts(card, method["card"]["exp_month"], method["card"]["exp_year"]) | {
        "amount_authorized": intent["amount"] if paid else None,
        "authorization_code": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": new_id("x", 15)[2:] if paid else None,
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "three_d_secure": None,
        "transaction_link_id": None,
    }
    outcome = {
        "advice_code": None if paid else refusal.advice,
        "network_advice_code": None,
        "network_decline_code": None if paid else "05",
        "network_status": "approved_by_network" if paid else "declined_by_network",
        "reason": None if paid else refusal.decline or refusal.code,
        "risk_level": "normal",
        "seller_message": "Payment complete." if paid else "The bank did not return any further details.",
        "type": "authorized" if paid else "issuer_declined",
    }
    return world.store.add(
        CHARGE,
        {
            "id": new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if paid else 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": dict(method["billing_details"]),
            "calculated_statement_descriptor": "COMMERCIA SANDBOX",
            "captured": paid,
            "created": world.clock.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None if paid else refusal.code,
            "failure_message": None if paid else refusal.message,
            "fraud_details": {},
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "on_behalf_of": None,
            "outcome": outcome,
            "paid": paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {"card": details, "type": "card"},
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": world.address(f"/receipt/{intent['id']}") if paid else None,
            "refunded": False,
            "review": None,
            "shipping": None,
            "source": None,
            "source_transfer": None,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "succeeded" if paid else "failed",
            "transfer_data": None,
            "transfer_group": None,
            "_number": card.number,
            "_charged_back": False,
        },
    )
