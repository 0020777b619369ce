"""What tests sell: a session on the hosted page, a saved card, a charge off-session."""

from typing import Any

SUCCESS = "http://127.0.0.1:9/paid?session={CHECKOUT_SESSION_ID}"
CANCEL = "http://127.0.0.1:9/cart"
CARD = {"email": "dara@example.com", "expiry": "12/39", "cvc": "123", "name": "Dara Sok"}
VISA, ALWAYS_3DS, SETUP_3DS = "4242424242424242", "4000002760003184", "4000002500003155"
DECLINED, POOR, SAVED_THEN_FAILS = "4000000000000002", "4000000000009995", "4000000000000341"
POOR_AFTER_3DS, OFF_SESSION_OK = "4000008260003178", "4000003800000446"
PENDING_REFUND, FAILING_REFUND, DISPUTES = "4000000000007726", "4000000000005126", "4000000000000259"


def line(name: str = "ThinkPad T14", amount: int = 50500, quantity: int = 1, currency: str = "usd") -> dict[str, Any]:
    """Return a line item."""
    product = {"name": name, "description": "Grade B"}
    return {
        "price_data": {"currency": currency, "unit_amount": amount, "product_data": product},
        "quantity": quantity,
    }


def start_session(client: Any, **changes: Any) -> Any:
    """Return a new Checkout Session."""
    params = {
        "mode": "payment",
        "success_url": SUCCESS,
        "cancel_url": CANCEL,
        "line_items": [line()],
        "client_reference_id": "attempt-1",
        "payment_intent_data": {"metadata": {"attempt": "attempt-1"}},
        **changes,
    }
    return client.v1.checkout.sessions.create(params)


def pay_session(sandbox: Any, session: Any, number: str = VISA) -> Any:
    """Pay a session's page by a card and return the page's answer."""
    return sandbox.post(session.url, **CARD, number=number)


def save_card(sandbox: Any, client: Any, number: str = VISA, customer: str | None = None) -> tuple[str, str]:
    """Save a card by a session in setup mode, 3-D Secure included; return customer and payment method."""
    name = customer or client.v1.customers.create({"email": "dara@example.com"}).id
    session = client.v1.checkout.sessions.create(
        {"mode": "setup", "success_url": SUCCESS, "currency": "usd", "customer": name}
    )
    answer = sandbox.post(session.url, **CARD, number=number)
    if answer.location.startswith("/3ds/"):
        answer = sandbox.post(answer.location, answer="pass")
    assert answer.location.startswith("http://127.0.0.1:9/paid")
    setup = client.v1.setup_intents.retrieve(client.v1.checkout.sessions.retrieve(session.id).setup_intent)
    assert setup.status == "succeeded"
    return name, setup.payment_method


def charge_off_session(client: Any, customer: str, method: str, amount: int = 8333, **options: Any) -> Any:
    """Charge a saved card while the customer is away."""
    params = {
        "amount": amount,
        "currency": "usd",
        "customer": customer,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        "metadata": {"attempt": "instalment-3"},
    }
    return client.v1.payment_intents.create(params, options)


def paid_intent(client: Any, alias: str = "pm_card_visa", amount: int = 10000) -> Any:
    """Return a paid PaymentIntent."""
    return client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "payment_method": alias,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
