"""Checkout Sessions: the hosted payment page's data, its life, and what a payment on it leads to."""

from typing import Any

from sandbox.store import Thing, new_id
from sandbox.stripe_api.charging import INTENT
from sandbox.stripe_api.customers import create_customer, find_customer
from sandbox.stripe_api.errors import invalid, unreadable
from sandbox.stripe_api.events import emit
from sandbox.stripe_api.intents import CANCELABLE, add_intent, cancel
from sandbox.stripe_api.money import check_amount
from sandbox.stripe_api.params import Params, merged
from sandbox.stripe_api.setups import OPEN, SETUP, cancel_setup, create_setup
from sandbox.world import World

KIND = "checkout.session"
SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60  # seconds from creation to expiry
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


def create_session(world: World, params: Params) -> Thing:
    """Make a session and the address of its page.

    Raises a 400 ApiError for what makes no sense, such as an expiry of less than 30 minutes.
    """
    mode = params["mode"]
    now = world.clock.now()
    expires_at = params.get("expires_at", now + LONGEST)
    check_session(params, expires_at - now)
    items, total, currency = read_items(params) if mode == "payment" else ([], None, params.get("currency"))
    customer = find_customer(world, params["customer"]) if "customer" in params else None
    email = params.get("customer_email")
    name = new_id("cs_test", 58)
    details = None
    if customer or email:
        details = blank_details(customer["email"] if customer else email, customer["name"] if customer else None)
    session = world.store.add(
        KIND,
        {
            "id": name,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": False} if mode == "payment" else None,
            "after_expiration": None,
            "allow_promotion_codes": None,
            "allowed_payment_method_types": params.get("allowed_payment_method_types"),
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "billing_address_collection": params.get("billing_address_collection"),
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "client_secret": None,
            "collected_information": None,
            "consent": None,
            "consent_collection": None,
            "created": now,
            "currency": currency,
            "currency_conversion": None,
            "custom_fields": [],
            "custom_text": {
                "after_submit": None,
                "shipping_address": None,
                "submit": params.get("custom_text", {}).get("submit"),
                "terms_of_service_acceptance": None,
            },
            "customer": customer["id"] if customer else None,
            "customer_account": None,
            "customer_creation": None if customer else params.get("customer_creation", "if_required"),
            "customer_details": details,
            "customer_email": email,
            "discounts": [] if mode == "payment" else None,
            "expires_at": expires_at,
            "integration_identifier": None,
            "invoice": None,
            "invoice_creation": {
                "enabled": False,
                "invoice_data": {
                    "account_tax_ids": None,
                    "custom_fields": None,
                    "description": None,
                    "footer": None,
                    "issuer": None,
                    "metadata": {},
                    "rendering_options": None,
                },
            },
            "livemode": False,
            "locale": params.get("locale"),
            "managed_payments": {"enabled": False},
            "metadata": merged({}, params.get("metadata")),
            "mode": mode,
            "origin_context": None,
            "payment_intent": None,
            "payment_link": None,
            "payment_method_collection": "always" if mode == "setup" else "if_required",
            "payment_method_configuration_details": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
            "permissions": None,
            "phone_number_collection": {"enabled": False},
            "recovered_from": None,
            "saved_payment_method_options": None,
            "setup_intent": None,
            "shipping_address_collection": None,
            "shipping_cost": None,
            "shipping_options": [],
            "status": "open",
            "submit_type": params.get("submit_type"),
            "subscription": None,
            "success_url": params["success_url"],
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
            if mode == "payment"
            else None,
            "ui_mode": "hosted_page",
            "url": world.address(f"/pay/{name}"),
            "wallet_options": None,
            "_items": items,
            "_intent_data": params.get("payment_intent_data", {}),
            "_setup_data": params.get("setup_intent_data", {}),
        },
    )
    if mode == "setup":
        setup = create_setup(world, {**session["_setup_data"], **({"customer": customer["id"]} if customer else {})})
        setup["_session"] = name
        session["setup_intent"] = setup["id"]
    world.agenda.plan("expire session", name, after=expires_at - world.clock.exact())
    return session


def check_session(params: Params, life: int) -> None:
    """Refuse parameters that contradict each other; `life` is the time to expiry in seconds.

    Raises a 400 ApiError.
    """
    mode = params["mode"]
    if life < SHORTEST:
        raise unreadable(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if life > LONGEST:
        raise unreadable(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
    if "customer" in params and "customer_email" in params:
        raise unreadable("You may only specify one of these parameters: customer, customer_email.", param="customer")
    if "customer" in params and "customer_creation" in params:
        raise unreadable(
            "`customer_creation` can only be used when `customer` is not provided.", param="customer_creation"
        )
    if mode == "payment" and not params.get("line_items"):
        raise unreadable("You must pass `line_items` in `payment` mode.", param="line_items", code="parameter_missing")
    wrong = {"payment": "setup_intent_data", "setup": "payment_intent_data"}[mode]
    if wrong in params or (mode == "setup" and "line_items" in params):
        raise unreadable(
            f"You can not pass `{wrong if wrong in params else 'line_items'}` in `{mode}` mode.", param=wrong
        )
    if mode == "setup" and "currency" not in params and "allowed_payment_method_types" not in params:
        raise unreadable("You must specify `currency` in `setup` mode.", param="currency", code="parameter_missing")


def read_items(params: Params) -> tuple[list[Thing], int, str]:
    """Return the line items as Stripe shows them, their sum in the smallest unit, and the one currency.

    Raises a 400 ApiError for mixed currencies and for sums that no card can be charged.
    """
    currencies = {item["price_data"]["currency"] for item in params["line_items"]}
    if len(currencies) > 1 or params.get("currency", *currencies) not in currencies:
        raise unreadable("All line items must have the same currency.", param="line_items")
    items = []
    for item in params["line_items"]:
        price, quantity = item["price_data"], item.get("quantity", 1)
        if quantity < 1:
            raise unreadable("Quantity must be greater than 0.", param="line_items", code="parameter_invalid_integer")
        amount = price["unit_amount"] * quantity
        product = price["product_data"]
        items.append(
            {
                "id": new_id("li"),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount,
                "currency": price["currency"],
                "description": product["name"],
                "price": None,
                "quantity": quantity,
                "_about": product.get("description", ""),
            }
        )
    total = sum(item["amount_total"] for item in items)
    [currency] = currencies
    check_amount(total, currency, param="line_items")
    return items, total, currency


def blank_details(email: str | None, name: str | None) -> dict[str, Any]:
    """Return a session's `customer_details`."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def expire_session(world: World, session: Thing) -> Thing:
    """End an open session; its unpaid intent is canceled.

    Raises a 400 ApiError for a session that is not open, or whose payment the bank is thinking about.
    """
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
        raise invalid(message)
    session.update(status="expired", url=None)
    world.store.touch(KIND, session)
    intent = world.store.find(INTENT, session["payment_intent"])
    if intent is not None and intent["status"] in CANCELABLE:
        cancel(world, intent, {"cancellation_reason": "automatic"}, by_checkout=True)
    setup = world.store.find(SETUP, session["setup_intent"])
    if setup is not None and setup["status"] in OPEN:
        cancel_setup(world, setup, {"cancellation_reason": None}, by_checkout=True)
    emit(world, "checkout.session.expired", session)
    return session


def expire_in_time(world: World, name: str) -> None:
    """Expire a session whose time is over, if it is still open."""
    session = world.store.find(KIND, name)
    if session is not None and session["status"] == "open":
        expire_session(world, session)


def update_session(world: World, session: Thing, params: Params) -> Thing:
    """Change a session's metadata."""
    session["metadata"] = merged(session["metadata"], params.get("metadata"))
    world.store.touch(KIND, session)
    return session


def intent_of(world: World, session: Thing) -> Thing:
    """Return the session's PaymentIntent, which the customer's first attempt makes, not the session's creation."""
    intent = world.store.find(INTENT, session["payment_intent"])
    if intent is None:
        data = session["_intent_data"]
        if session["customer"] is None and (session["customer_creation"] == "always" or "setup_future_usage" in data):
            session["customer"] = new_customer(world, session)
        facts = {"amount": session["amount_total"], "currency": session["currency"], **data}
        if session["customer"]:
            facts["customer"] = session["customer"]
        intent = add_intent(world, facts)
        intent["_session"] = session["id"]
        intent["_return_url"] = world.address(f"/pay/{session['id']}")
        session["payment_intent"] = intent["id"]
        world.store.touch(KIND, session)
    return intent


def new_customer(world: World, session: Thing) -> str:
    """Make the customer that a session without one needs; return the id."""
    details = session["customer_details"] or {}
    facts = {name: details[name] for name in ("email", "name") if details.get(name)}
    return create_customer(world, facts)["id"]


def follow_intent(world: World, intent: Thing) -> None:
    """Bring a session up to date after its intent moved: completed, paid or failed later."""
    session = world.store.find(KIND, intent["_session"])
    if session is None:
        return
    if session["status"] == "open" and intent["status"] in {"succeeded", "processing"}:
        paid = intent["status"] == "succeeded"
        session.update(status="complete", payment_status="paid" if paid else "unpaid", url=None)
        world.store.touch(KIND, session)
        emit(world, "checkout.session.completed", session)
    elif session["status"] == "complete" and session["payment_status"] == "unpaid" and intent["status"] != "processing":
        paid = intent["status"] == "succeeded"
        session["payment_status"] = "paid" if paid else "unpaid"
        world.store.touch(KIND, session)
        emit(world, f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)


def follow_setup(world: World, setup: Thing) -> None:
    """Complete a session whose card was saved."""
    session = world.store.find(KIND, setup["_session"])
    if session is not None and session["status"] == "open" and setup["status"] == "succeeded":
        session.update(status="complete", url=None)
        world.store.touch(KIND, session)
        emit(world, "checkout.session.completed", session)


def way_back(session: Thing) -> str:
    """Return the address to which a finished session sends the customer."""
    return session["success_url"].replace(PLACEHOLDER, session["id"])
