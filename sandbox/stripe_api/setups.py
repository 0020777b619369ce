"""SetupIntents: saving a card for later without a payment."""

from typing import Any

from sandbox.store import Thing, new_id, public
from sandbox.stripe_api.cards import ALWAYS, CARDS, NEVER, REFUSALS, UNAUTHENTICATED, Refusal
from sandbox.stripe_api.customers import METHOD, attach, find_customer, find_method, not_theirs
from sandbox.stripe_api.errors import ApiError, card_error, invalid
from sandbox.stripe_api.events import emit
from sandbox.stripe_api.params import Params, merged
from sandbox.world import World

SETUP = "setup_intent"
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create_setup(world: World, params: Params) -> Thing:
    """Make a SetupIntent, and confirm it when `confirm` is true.

    Raises ApiError: 400 for what makes no sense, 402 when the bank refuses the card.
    """
    if "customer" in params:
        find_customer(world, params["customer"])
    method = find_method(world, params["payment_method"]) if "payment_method" in params else None
    name = new_id("seti")
    setup = world.store.add(
        SETUP,
        {
            "id": name,
            "object": "setup_intent",
            "allowed_payment_method_types": params.get("allowed_payment_method_types"),
            "application": None,
            "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
            "cancellation_reason": None,
            "client_secret": f"{name}_secret_{new_id('x', 31)[2:]}",
            "created": world.clock.now(),
            "customer": params.get("customer"),
            "customer_account": None,
            "description": params.get("description"),
            "excluded_payment_method_types": None,
            "flow_directions": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "livemode": False,
            "mandate": None,
            "metadata": merged({}, params.get("metadata")),
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": method["id"] if method else None,
            "payment_method_configuration_details": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "single_use_mandate": None,
            "status": "requires_confirmation" if method else "requires_payment_method",
            "usage": params.get("usage", "off_session"),
            "_session": None,
            "_return_url": params.get("return_url"),
        },
    )
    emit(world, "setup_intent.created", setup)
    if params.get("confirm"):
        confirm_setup(world, setup, params)
    return setup


def confirm_setup(world: World, setup: Thing, params: Params) -> Thing:
    """Ask the bank to let a card be charged later.

    Raises ApiError: 400 in a state that allows it no more, 402 when the bank refuses.
    """
    if setup["status"] not in OPEN:
        raise unexpected(setup, "confirm")
    name = params.get("payment_method") or setup["payment_method"]
    if name is None:
        raise invalid(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            code="setup_intent_unexpected_state",
        )
    method = find_method(world, name)
    if method["customer"] not in {None, setup["customer"]}:
        raise not_theirs(method["id"])
    setup["_return_url"] = params.get("return_url", setup["_return_url"])
    refusal = attempt_setup(world, setup, method)
    if refusal is not None:
        facts = {name: value for name, value in setup["last_setup_error"].items() if name not in {"message", "type"}}
        raise card_error(refusal.message, **facts, setup_intent=public(setup))
    return setup


def attempt_setup(world: World, setup: Thing, method: Thing) -> Refusal | None:
    """Try to save a card; return the refusal, if there was one."""
    card = CARDS[method["_number"]]
    if not card.saves:
        return refuse(world, setup, method, REFUSALS[card.decline])
    if card.authentication == NEVER:
        save(world, setup, method)
        return None
    # Every card that knows 3-D Secure asks for it when it is saved.
    where = {"url": world.address(f"/3ds/{setup['id']}"), "return_url": setup["_return_url"]}
    move(world, setup, "requires_action", payment_method=method["id"])
    setup["next_action"] = {"type": "redirect_to_url", "redirect_to_url": where}
    emit(world, "setup_intent.requires_action", setup)
    return None


def authenticate_setup(world: World, setup: Thing, *, passed: bool) -> Refusal | None:
    """Finish 3-D Secure; return the refusal, if there was one. A stale page changes nothing."""
    method = world.store.find(METHOD, setup["payment_method"])
    if setup["status"] != "requires_action" or method is None:
        return None
    if not passed:
        return refuse(world, setup, method, UNAUTHENTICATED)
    save(world, setup, method)
    return None


def save(world: World, setup: Thing, method: Thing) -> None:
    """Save the card for the customer; a card that always asks for 3-D Secure will still ask off-session."""
    customer = world.store.find("customer", setup["customer"])
    if customer is not None:
        attach(world, method, customer)
    method["_set_up"] = CARDS[method["_number"]].authentication != ALWAYS
    world.store.touch(METHOD, method)
    move(world, setup, "succeeded", payment_method=method["id"], last_setup_error=None)
    emit(world, "setup_intent.succeeded", setup)


def refuse(world: World, setup: Thing, method: Thing, refusal: Refusal) -> Refusal:
    """Note that the bank does not let this card be saved."""
    code = "setup_intent_authentication_failure" if refusal is UNAUTHENTICATED else refusal.code
    move(world, setup, "requires_payment_method", payment_method=None)
    setup["last_setup_error"] = {
        "code": code,
        "message": refusal.message,
        "payment_method": public(method),
        "type": "card_error",
        **({"decline_code": refusal.decline} if refusal.decline else {}),
    }
    emit(world, "setup_intent.setup_failed", setup)
    return refusal


def cancel_setup(world: World, setup: Thing, params: Params, *, by_checkout: bool = False) -> Thing:
    """Cancel a SetupIntent that has not succeeded.

    Raises ApiError otherwise, and for one that belongs to a Checkout Session.
    """
    if setup["status"] not in OPEN or (setup["_session"] and not by_checkout):
        raise unexpected(setup, "cancel")
    move(world, setup, "canceled", cancellation_reason=params.get("cancellation_reason"))
    emit(world, "setup_intent.canceled", setup)
    return setup


def update_setup(world: World, setup: Thing, params: Params) -> Thing:
    """Change a SetupIntent's words and metadata."""
    setup["description"] = params.get("description", setup["description"])
    setup["metadata"] = merged(setup["metadata"], params.get("metadata"))
    world.store.touch(SETUP, setup)
    return setup


def move(world: World, setup: Thing, status: str, **facts: Any) -> None:
    """Change a SetupIntent's status and what goes with it."""
    setup.update(status=status, next_action=None, **facts)
    world.store.touch(SETUP, setup)


def unexpected(setup: Thing, deed: str) -> ApiError:
    """Return the 400 for a SetupIntent in a state that does not allow this."""
    message = f"You cannot {deed} this SetupIntent because it has a status of {setup['status']}."
    return invalid(message, code="setup_intent_unexpected_state", setup_intent=public(setup))
