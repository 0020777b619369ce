"""Stripe's objects as facts about an attempt."""

from decimal import Decimal
from typing import Any

from core.money import is_exact
from payments.providers.port import Attempt, Captured, Card, Failed, Mismatch, Pending, Result

# Currencies of the shop have two decimals at Stripe, riel included.
PARTS = 100
DECLINED = "Your card was declined."


def to_parts(amount: Decimal, currency: str) -> int:
    """Return an amount in hundredths, as Stripe counts. Raises ValueError for one that cannot be paid exactly."""
    if not is_exact(amount, currency):
        raise ValueError(f"{amount} {currency} cannot be paid exactly")
    return int(amount * PARTS)


def from_parts(parts: int) -> Decimal:
    """Return hundredths as an amount."""
    return Decimal(parts) / PARTS


def told(thing: Any, name: str) -> Any:
    """Return a field of a Stripe object, None when it has none of that name."""
    return thing[name] if thing is not None and name in thing else None


def name_of(thing: Any) -> str:
    """Return the id of an object that may be expanded, or ""."""
    return "" if thing is None else thing if isinstance(thing, str) else thing["id"]


def card_in(intent: Any) -> Card | None:
    """Return the card that a PaymentIntent has saved for later, when its payment method is expanded."""
    method, customer = told(intent, "payment_method"), name_of(told(intent, "customer"))
    if not told(intent, "setup_future_usage") or not customer or method is None or isinstance(method, str):
        return None
    return card_of(method, customer)


def card_of(method: Any, customer: str) -> Card:
    """Return a PaymentMethod as a saved card."""
    card = told(method, "card")
    return Card(
        customer_id=customer,
        method_id=method["id"],
        brand=told(card, "brand") or "",
        last4=told(card, "last4") or "",
        expires_month=told(card, "exp_month"),
        expires_year=told(card, "exp_year"),
    )


def shown_of(intent: Any) -> tuple[str, str]:
    """Return brand and last four digits of the card that paid, ("", "") when the payment method is not expanded."""
    method = told(intent, "payment_method")
    card = None if isinstance(method, str) else told(method, "card")
    return told(card, "brand") or "", told(card, "last4") or ""


def decline_of(intent: Any) -> tuple[str, str]:
    """Return code and words of a PaymentIntent's last error, ("", "") when it has none."""
    error = told(intent, "last_payment_error")
    if error is None:
        return "", ""
    return told(error, "decline_code") or told(error, "code") or "declined", told(error, "message") or DECLINED


def session_result(attempt: Attempt, session: Any) -> Result:
    """Return how an attempt on the hosted page stands. The session's `payment_intent` is expanded."""
    intent = told(session, "payment_intent")
    if intent is not None and intent["status"] == "succeeded":
        return captured(attempt, intent, provider_id=session["id"])
    if intent is not None and intent["status"] == "processing":
        return Pending(provider_id=session["id"], is_processing=True)
    code, words = decline_of(intent)
    if session["status"] == "open":
        return Pending(provider_id=session["id"], data={"url": session["url"]}, failure_code=code)
    if session["status"] == "complete":
        return Failed(code=code or "declined", reason=words or DECLINED, provider_id=session["id"])
    return Failed(code="expired", reason="The payment page was open for too long.", provider_id=session["id"])


def intent_result(attempt: Attempt, intent: Any) -> Result:
    """Return how a charge of a saved card stands."""
    if intent["status"] == "succeeded":
        return captured(attempt, intent, provider_id=intent["id"])
    if intent["status"] in {"processing", "requires_capture"}:
        return Pending(provider_id=intent["id"], is_processing=True)
    code, words = decline_of(intent)
    return Failed(code=code or intent["status"], reason=words or DECLINED, provider_id=intent["id"])


def captured(attempt: Attempt, intent: Any, *, provider_id: str) -> Captured | Mismatch:
    """Return the capture of a succeeded PaymentIntent, checked against what was asked for."""
    amount, currency = from_parts(intent["amount_received"]), intent["currency"].upper()
    complaint = ""
    if told(intent["metadata"], "attempt") != attempt.key:
        complaint = f"{intent['id']} belongs to another attempt"
    elif (amount, currency) != (attempt.amount, attempt.currency):
        complaint = f"{amount} {currency} came, {attempt.amount} {attempt.currency} were asked for"
    elif attempt.customer_id and name_of(told(intent, "customer")) != attempt.customer_id:
        complaint = f"{intent['id']} belongs to another customer"
    if complaint:
        return Mismatch(capture_id=intent["id"], reason=complaint, amount=amount, currency=currency)
    brand, last4 = shown_of(intent)
    return Captured(
        capture_id=intent["id"],
        amount=amount,
        currency=currency,
        provider_id=provider_id,
        card=card_in(intent),
        brand=brand,
        last4=last4,
    )
