"""Customers and their saved cards."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sandbox.store import Thing, new_id
from sandbox.stripe_api.cards import CARDS, REFUSALS, Card, card_of_alias, full_year, missing_alias, read_card
from sandbox.stripe_api.errors import card_error, invalid, missing
from sandbox.stripe_api.events import emit
from sandbox.stripe_api.params import Params, merged
from sandbox.world import World

KIND = "customer"
METHOD = "payment_method"
EMPTY_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


# --- Customers ------------------------------------------------------------------------------------------------------


def create_customer(world: World, params: Params) -> Thing:
    """Make a customer; `payment_method` is saved for them at once."""
    customer = world.store.add(
        KIND,
        {
            "id": new_id("cus", 14),
            "object": "customer",
            "address": params.get("address"),
            "balance": 0,
            "created": world.clock.now(),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": params.get("description"),
            "discount": None,
            "email": params.get("email"),
            "invoice_prefix": new_id("x", 8)[2:].upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": merged({}, params.get("metadata")),
            "name": params.get("name"),
            "next_invoice_sequence": 1,
            "phone": params.get("phone"),
            "preferred_locales": params.get("preferred_locales", []),
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        },
    )
    emit(world, "customer.created", customer)
    if "payment_method" in params:
        attach(world, find_method(world, params["payment_method"]), customer)
    return customer


def find_customer(world: World, name: str, *, param: str = "customer") -> Thing:
    """Return a customer named in a parameter.

    Raises a 400 ApiError for an unknown or deleted one.
    """
    customer = world.store.find(KIND, name)
    if customer is None or customer.get("deleted"):
        raise missing("customer", name, param=param, status=400)
    return customer


def update_customer(world: World, customer: Thing, params: Params) -> Thing:
    """Change a customer's own data and the saved card used by default."""
    for name in ("address", "description", "email", "name", "phone", "preferred_locales"):
        if name in params:
            customer[name] = params[name]
    if "invoice_settings" in params:
        default = params["invoice_settings"].get("default_payment_method")
        if default is not None and find_method(world, default)["customer"] != customer["id"]:
            raise not_theirs(default)
        customer["invoice_settings"]["default_payment_method"] = default
    customer["metadata"] = merged(customer["metadata"], params.get("metadata"))
    world.store.touch(KIND, customer)
    emit(world, "customer.updated", customer)
    return customer


def delete_customer(world: World, customer: Thing) -> Thing:
    """Delete a customer; their saved cards are detached."""
    for method in saved_cards(world, customer["id"]):
        detach(world, method)
    customer["deleted"] = True
    world.store.touch(KIND, customer)
    emit(world, "customer.deleted", customer)
    return {"id": customer["id"], "object": "customer", "deleted": True}


def saved_cards(world: World, customer: str) -> list[Thing]:
    """Return a customer's saved cards, oldest first."""
    return [method for method in world.store.all(METHOD) if method["customer"] == customer]


def not_theirs(method: str) -> Exception:
    """Return the 400 for a card that belongs to another customer or to nobody."""
    return invalid(
        f"The customer does not have a payment method with the ID {method}. "
        "The payment method must be attached to the customer.",
        code="resource_missing",
        param="payment_method",
    )


# --- Payment methods ------------------------------------------------------------------------------------------------


def create_method(world: World, params: Params) -> Thing:
    """Make a payment method from a test card's number (where only a charge is wanted, `pm_card_visa` is shorter)."""
    facts = params["card"]
    today = datetime.fromtimestamp(world.clock.now(), UTC)
    month, year = str(facts["exp_month"]), str(facts["exp_year"])
    card = read_card(facts["number"], month, year, facts.get("cvc", "123"), this_month=(today.year, today.month))
    method = method_of_card(world, card, month=int(month), year=full_year(year), billing=params.get("billing_details"))
    method["metadata"] = merged({}, params.get("metadata"))
    return method


def method_of_card(
    world: World, card: Card, *, month: int = 12, year: int | None = None, billing: dict[str, Any] | None = None
) -> Thing:
    """Return a new payment method for a test card, which belongs to nobody yet."""
    billing = billing or {}
    expiry_year = year or datetime.fromtimestamp(world.clock.now(), UTC).year + 5
    return world.store.add(
        METHOD,
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": {**EMPTY_ADDRESS, **(billing.get("address") or {})},
                "email": billing.get("email"),
                "name": billing.get("name"),
                "phone": billing.get("phone"),
                "tax_id": None,
            },
            "card": card_facts(card, month, expiry_year)
            | {
                "display_brand": card.brand,
                "generated_from": None,
                "networks": {"available": [card.brand], "preferred": None},
                "three_d_secure_usage": {"supported": True},
            },
            "created": world.clock.now(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_number": card.number,
            "_set_up": False,
            "_used_up": False,
        },
    )


def card_facts(card: Card, month: int, year: int) -> dict[str, Any]:
    """Return what payment methods and charges both tell about a card."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": month,
        "exp_year": year,
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": "credit",
        "last4": card.number[-4:],
        "regulated_status": "unregulated",
        "wallet": None,
    }


def find_method(world: World, name: str) -> Thing:
    """Return a payment method named in a parameter; each use of an alias such as `pm_card_visa` makes a new one.

    Raises a 400 ApiError for an unknown one.
    """
    method = world.store.find(METHOD, name)
    if method is None and name.startswith("pm_card_"):
        method = method_of_card(world, card_of_alias(name))
    if method is None:
        raise missing_alias(name)
    return method


def attach(world: World, method: Thing, customer: Thing) -> Thing:
    """Save a card for a customer.

    Raises ApiError when it belongs to another, was used up without a customer, or its bank says no.
    """
    if method["customer"] == customer["id"]:
        return method
    if method["customer"] is not None:
        raise invalid("The payment method you provided has already been attached to a customer.")
    card = CARDS[method["_number"]]
    if not card.saves:
        refusal = REFUSALS[card.decline]
        raise card_error(refusal.message, code=refusal.code, decline_code=refusal.decline)
    if method["_used_up"]:
        message = (
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )
        raise invalid(message, code="payment_method_unexpected_state")
    method["customer"] = customer["id"]
    world.store.touch(METHOD, method)
    emit(world, "payment_method.attached", method)
    return method


def detach(world: World, method: Thing) -> Thing:
    """Take a saved card from its customer; it can never be used again.

    Raises ApiError when it belongs to nobody.
    """
    if method["customer"] is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid(message, param="payment_method")
    previous = {"customer": method["customer"]}
    method.update(customer=None, _used_up=True, _set_up=False)
    world.store.touch(METHOD, method)
    emit(world, "payment_method.detached", method, previous)
    return method


def update_method(world: World, method: Thing, params: Params) -> Thing:
    """Change a saved card's billing details and metadata."""
    method["billing_details"] |= params.get("billing_details", {})
    method["metadata"] = merged(method["metadata"], params.get("metadata"))
    world.store.touch(METHOD, method)
    emit(world, "payment_method.updated", method)
    return method
