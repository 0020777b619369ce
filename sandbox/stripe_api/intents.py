"""PaymentIntents: made, confirmed (off-session too), authenticated, canceled, searched."""

import re
from typing import Any

from sandbox.store import Thing, new_id, public
from sandbox.stripe_api.cards import REFUSALS, UNAUTHENTICATED, Refusal
from sandbox.stripe_api.charging import INTENT, attempt, capture, fail, move
from sandbox.stripe_api.customers import METHOD, find_customer, find_method, not_theirs
from sandbox.stripe_api.errors import ApiError, card_error, invalid, unreadable
from sandbox.stripe_api.events import emit
from sandbox.stripe_api.money import check_amount
from sandbox.stripe_api.params import Params, merged
from sandbox.world import World

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = CONFIRMABLE
TERM = re.compile(r"""^(?:(\w+)|metadata\[(['"])(.+?)\2\])\s*:\s*(['"])(.*)\4$""")
SEARCHABLE = ("status", "customer", "currency", "amount")


def create_intent(world: World, params: Params) -> Thing:
    """Make an intent, and confirm it when `confirm` is true.

    Raises ApiError: 400 for what makes no sense, 402 when the card was not charged (the intent exists then).
    """
    check_amount(params["amount"], params["currency"])
    if params.get("off_session") and not params.get("confirm"):
        raise unreadable("The parameter `off_session` can only be used when `confirm` is true.", param="off_session")
    if "customer" in params:
        find_customer(world, params["customer"])
    method = find_method(world, params["payment_method"]) if "payment_method" in params else None
    if method is not None:
        check_owner(params.get("customer"), method)
    if params.get("confirm"):
        check_return(params.get("automatic_payment_methods", {}), params, params.get("return_url"))
    intent = add_intent(world, params)
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    if params.get("confirm"):
        confirm(world, intent, params)
    return intent


def add_intent(world: World, params: Params) -> Thing:
    """Return a new intent without a card."""
    name = new_id("pi")
    automatic = params.get("automatic_payment_methods", {})
    intent = world.store.add(
        INTENT,
        {
            "id": name,
            "object": "payment_intent",
            "allowed_payment_method_types": params.get("allowed_payment_method_types"),
            "amount": params["amount"],
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": {
                "allow_redirects": automatic.get("allow_redirects", "always"),
                "enabled": automatic.get("enabled", True),
            },
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": params.get("capture_method", "automatic_async"),
            "client_secret": f"{name}_secret_{new_id('x', 25)[2:]}",
            "confirmation_method": "automatic",
            "created": world.clock.now(),
            "currency": params["currency"],
            "customer": params.get("customer"),
            "customer_account": None,
            "description": params.get("description"),
            "excluded_payment_method_types": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "managed_payments": {"enabled": False},
            "metadata": merged({}, params.get("metadata")),
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {"card": {"installments": None, "request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": params.get("receipt_email"),
            "review": None,
            "setup_future_usage": params.get("setup_future_usage"),
            "shipping": None,
            "source": None,
            "statement_descriptor": params.get("statement_descriptor"),
            "statement_descriptor_suffix": params.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
            "_session": None,
            "_return_url": params.get("return_url"),
            "_no_action": False,
            "_off_session": False,
        },
    )
    emit(world, "payment_intent.created", intent)
    return intent


def check_owner(customer: str | None, method: Thing) -> None:
    """Refuse a card that is not this customer's.

    Raises a 400 ApiError.
    """
    if method["customer"] is None and not method["_used_up"]:
        return
    if method["customer"] is None:
        message = (
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
            "with a connected account without Customer attachment, or was detached from a Customer. It may not be used "
            "again."
        )
        raise invalid(message, code="payment_method_unexpected_state")
    if customer is None:
        message = (
            f"The PaymentMethod {method['id']} belongs to the Customer {method['customer']}. Please include the "
            "Customer in the `customer` parameter on the PaymentIntent."
        )
        raise invalid(message, param="payment_method")
    if method["customer"] != customer:
        raise not_theirs(method["id"])


def check_return(automatic: Params, params: Params, return_url: str | None) -> None:
    """Refuse an on-session attempt that may redirect but names no way back.

    Raises a 400 ApiError.
    """
    if automatic.get("allow_redirects", "always") == "always" and not params.get("off_session") and not return_url:
        message = (
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. If "
            "you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents."
        )
        raise invalid(message, param="return_url")


def confirm(world: World, intent: Thing, params: Params) -> Thing:
    """Try to pay an intent.

    Raises ApiError: 400 in a state that allows no attempt, 402 when the card was not charged.
    """
    if intent["_session"] is not None:
        raise of_checkout(intent, "confirm")
    if intent["status"] not in CONFIRMABLE:
        raise wrong_state(intent, "confirm", CONFIRMABLE)
    name = params.get("payment_method") or intent["payment_method"]
    if name is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken."
        )
        raise unexpected(intent, message)
    method = find_method(world, name)
    check_owner(intent["customer"], method)
    check_return(intent["automatic_payment_methods"], params, params.get("return_url") or intent["_return_url"])
    intent["setup_future_usage"] = params.get("setup_future_usage", intent["setup_future_usage"])
    intent["receipt_email"] = params.get("receipt_email", intent["receipt_email"])
    intent["_return_url"] = params.get("return_url", intent["_return_url"])
    intent["_no_action"] = params.get("error_on_requires_action", False)
    refusal = attempt(world, intent, method, off_session=params.get("off_session", False))
    if refusal is not None:
        raise not_charged(intent, method, refusal)
    return intent


def not_charged(intent: Thing, method: Thing, refusal: Refusal) -> ApiError:
    """Return the 402 that carries the intent and the card (recover on-session by another attempt)."""
    facts = {name: value for name, value in intent["last_payment_error"].items() if name not in {"message", "type"}}
    facts |= {"payment_intent": public(intent), "payment_method": public(method)}
    return card_error(refusal.message, **facts)


def authenticate(world: World, intent: Thing, *, passed: bool) -> Refusal | None:
    """Finish 3-D Secure; return the refusal, if there was one. A stale page changes nothing."""
    if intent["status"] != "requires_action":
        return None
    method = world.store.find(METHOD, intent["payment_method"])
    assert method is not None  # noqa: S101  (set when authentication was asked for)
    if not passed:
        return fail(world, intent, method, UNAUTHENTICATED)
    return attempt(world, intent, method, off_session=False, authenticated=True)


def settle(world: World, intent: Thing, how: str = "succeeded") -> bool:
    """End the bank's thinking by `succeeded` or a decline code; return False for an intent that is not processing."""
    method = world.store.find(METHOD, intent["payment_method"])
    if intent["status"] != "processing" or method is None:
        return False
    if how == "succeeded":
        capture(world, intent, method)
    else:
        fail(world, intent, method, REFUSALS[how])
    return True


def cancel(world: World, intent: Thing, params: Params, *, by_checkout: bool = False) -> Thing:
    """Cancel an intent that is not paid.

    Raises ApiError in a state that cannot be canceled, or for an intent that belongs to a Checkout Session.
    """
    if intent["_session"] is not None and not by_checkout:
        raise of_checkout(intent, "cancel")
    if intent["status"] not in CANCELABLE:
        raise wrong_state(intent, "cancel", CANCELABLE)
    move(world, intent, "canceled", canceled_at=world.clock.now(), payment_method=None)
    intent["cancellation_reason"] = params.get("cancellation_reason")
    emit(world, "payment_intent.canceled", intent)
    return intent


def update_intent(world: World, intent: Thing, params: Params) -> Thing:
    """Change an intent; once an attempt was made only its words and metadata.

    Raises ApiError for anything else.
    """
    frozen = [name for name in ("amount", "currency", "customer", "payment_method") if name in params]
    if frozen and intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        message = (
            f"This PaymentIntent's {frozen[0]} could not be updated because it has a status of {intent['status']}."
        )
        raise unexpected(intent, message)
    if "payment_method" in params:
        method = find_method(world, params["payment_method"])
        check_owner(params.get("customer", intent["customer"]), method)
        intent.update(payment_method=method["id"], status="requires_confirmation")
    if "customer" in params:
        find_customer(world, params["customer"])
    plain = (
        "amount",
        "currency",
        "customer",
        "description",
        "receipt_email",
        "setup_future_usage",
        "statement_descriptor",
    )
    for name in (*plain, "statement_descriptor_suffix"):
        intent[name] = params.get(name, intent[name])
    check_amount(intent["amount"], intent["currency"])
    intent["metadata"] = merged(intent["metadata"], params.get("metadata"))
    world.store.touch(INTENT, intent)
    return intent


def search(world: World, query: str) -> list[Thing]:
    """Return the intents that fit a query of `field:'value'` joined by AND, oldest first.

    Raises a 400 ApiError for anything else of Stripe's query language.
    """
    found = world.store.all(INTENT)
    for term in re.split(r"\s+AND\s+", query.strip()):
        match = TERM.match(term)
        if match is None or (match[1] and match[1] not in SEARCHABLE):
            raise unreadable(f"We were unable to parse your search query at {term!r}.", param="query")
        key, value = match[3] or match[1], match[5]
        found = [each for each in found if str((each["metadata"] if match[3] else each).get(key)) == value]
    return found


def unexpected(intent: Thing, message: str) -> ApiError:
    """Return the 400 for an intent in a state that does not allow this; it carries the intent."""
    return invalid(message, code="payment_intent_unexpected_state", payment_intent=public(intent))


def wrong_state(intent: Thing, deed: str, allowed: tuple[str, ...]) -> ApiError:
    """Return Stripe's words for confirming or canceling at the wrong time."""
    if deed == "confirm" and intent["status"] == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
        )
    else:
        message = (
            f"You cannot {deed} this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be {deed}ed: {', '.join(allowed)}."
        )
    return unexpected(intent, message)


def of_checkout(intent: Thing, deed: str) -> ApiError:
    """Return the 400 for touching the intent of a Checkout Session."""
    message = (
        f"You cannot {deed} this PaymentIntent because it was created by Checkout. Expire the Checkout Session instead."
    )
    return unexpected(intent, message)


def outcome_names() -> tuple[Any, ...]:
    """Return what the control API may force as the next outcome of an attempt."""
    return ("succeeded", "processing", "3d_secure", *REFUSALS)
