"""The addresses of the Stripe part: which deed answers which call, with which parameters, on which object."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.store import Thing, public
from sandbox.stripe_api import balance, checkout, customers, disputes, events, intents, refunds, schemas, setups
from sandbox.stripe_api.charging import CHARGE, INTENT
from sandbox.stripe_api.errors import missing
from sandbox.stripe_api.listing import CREATED, EXPAND, PAGE, in_period, page
from sandbox.stripe_api.params import Params, Reader, boolean, choice, many, optional_text, text
from sandbox.world import World

Deed = Callable[[World, str, Params], Any]
Touches = Callable[[World, str, Params], list[str]]


@dataclass(frozen=True)
class Route:
    """One call: how it looks, what it takes, what it does, and which objects it may change."""

    method: str
    pattern: re.Pattern[str]
    schema: dict[str, Reader]
    deed: Deed
    touches: Touches


def own(_: World, name: str, __: Params) -> list[str]:
    """Say that a call changes the object in its address."""
    return [name] if name else []


def refunded(world: World, _: str, params: Params) -> list[str]:
    """Say that a refund changes its charge."""
    return [refunds.refunded_charge(world, params)["id"]]


def route(method: str, path: str, schema: dict[str, Reader], deed: Deed, touches: Touches = own) -> Route:
    """Return a route; `{}` in the path stands for an id."""
    pattern = re.compile("^/v1/" + path.replace("{}", r"(?P<id>[A-Za-z0-9_]+)") + "$")
    return Route(method, pattern, schema, deed, touches)


def find(world: World, kind: str, name: str) -> Thing:
    """Return the object in a call's address.

    Raises the 404 ApiError.
    """
    thing = world.store.find(kind, name)
    if thing is None:
        raise missing(kind, name)
    return thing


def creating(deed: Callable[[World, Params], Thing]) -> Deed:
    """Return a call that makes an object."""
    return lambda world, _, params: public(deed(world, params))


def changing(kind: str, deed: Callable[[World, Thing, Params], Thing]) -> Deed:
    """Return a call that changes an object."""
    return lambda world, name, params: public(deed(world, find(world, kind, name), params))


def doing(kind: str, deed: Callable[[World, Thing], Thing]) -> Deed:
    """Return a call that does something to an object and takes no parameters."""
    return lambda world, name, _: public(deed(world, find(world, kind, name)))


def showing(kind: str) -> Deed:
    """Return a call that shows an object."""
    return lambda world, name, _: public(find(world, kind, name))


def listing(kind: str, path: str, *fields: str) -> Deed:
    """Return a call that lists objects, filtered by fields of theirs."""

    def answer(world: World, _: str, params: Params) -> Any:
        wanted = {name: params[name] for name in fields if name in params}
        things = [
            thing
            for thing in world.store.all(kind)
            if not thing.get("deleted") and in_period(thing, params.get("created"))
            if all(thing[name] == value for name, value in wanted.items())
        ]
        return page(things, params, f"/v1/{path}")

    return answer


def show_customer(world: World, name: str, _: Params) -> Any:
    """Show a customer; of a deleted one only that."""
    customer = find(world, customers.KIND, name)
    return {"id": name, "object": "customer", "deleted": True} if customer.get("deleted") else public(customer)


def list_saved(world: World, name: str, params: Params) -> Any:
    """List a customer's saved cards."""
    find(world, customers.KIND, name)
    return page(customers.saved_cards(world, name), params, f"/v1/customers/{name}/payment_methods")


def list_methods(world: World, _: str, params: Params) -> Any:
    """List the saved cards of the customer named in a parameter."""
    name = params.get("customer", "")
    return page(customers.saved_cards(world, name) if name else [], params, "/v1/payment_methods")


def attach(world: World, name: str, params: Params) -> Any:
    """Save a card for a customer; an alias such as `pm_card_visa` makes a new card."""
    method = customers.find_method(world, name)
    return public(customers.attach(world, method, customers.find_customer(world, params["customer"])))


def list_items(world: World, name: str, params: Params) -> Any:
    """List what a Checkout Session sells."""
    session = find(world, checkout.KIND, name)
    return page(session["_items"][::-1], params, f"/v1/checkout/sessions/{name}/line_items")


def list_events(world: World, _: str, params: Params) -> Any:
    """List the events of the last 30 days."""
    things = [event for event in events.listed(world, params) if in_period(event, params.get("created"))]
    return page(things, params, "/v1/events")


def list_balance(world: World, name: str, params: Params) -> Any:
    """List balance transactions, or show one."""
    balance.grow_available(world)
    if name:
        return public(find(world, balance.KIND, name))
    return listing(balance.KIND, "balance_transactions", "currency", "source", "type")(world, name, params)


def search_intents(world: World, _: str, params: Params) -> Any:
    """Search PaymentIntents. Stripe's index lags behind by up to a minute; this one does not."""
    found = page(
        intents.search(world, params["query"]), {"limit": params.get("limit", 10)}, "/v1/payment_intents/search"
    )
    return found | {"object": "search_result", "next_page": None}


FIND = CREATED | PAGE
STATUS = choice("open", "complete", "expired")
ROUTES = (
    route("POST", "customers", schemas.CREATE_CUSTOMER, creating(customers.create_customer)),
    route("GET", "customers", {**FIND, "email": text}, listing(customers.KIND, "customers", "email")),
    route("GET", "customers/{}", EXPAND, show_customer),
    route("POST", "customers/{}", schemas.UPDATE_CUSTOMER, changing(customers.KIND, customers.update_customer)),
    route("DELETE", "customers/{}", {}, doing(customers.KIND, customers.delete_customer)),
    route("GET", "customers/{}/payment_methods", {**PAGE, "type": choice("card")}, list_saved),
    route("POST", "payment_methods", schemas.CREATE_METHOD, creating(customers.create_method)),
    route("GET", "payment_methods", {**PAGE, "customer": text, "type": choice("card")}, list_methods),
    route("GET", "payment_methods/{}", EXPAND, showing(customers.METHOD)),
    route("POST", "payment_methods/{}", schemas.UPDATE_METHOD, changing(customers.METHOD, customers.update_method)),
    route("POST", "payment_methods/{}/attach", schemas.ATTACH, attach),
    route("POST", "payment_methods/{}/detach", EXPAND, doing(customers.METHOD, customers.detach)),
    route("POST", "payment_intents", schemas.CREATE_INTENT, creating(intents.create_intent)),
    route("GET", "payment_intents", {**FIND, "customer": text}, listing(INTENT, "payment_intents", "customer")),
    route("GET", "payment_intents/search", schemas.SEARCH, search_intents),
    route("GET", "payment_intents/{}", {**EXPAND, "client_secret": text}, showing(INTENT)),
    route("POST", "payment_intents/{}", schemas.UPDATE_INTENT, changing(INTENT, intents.update_intent)),
    route("POST", "payment_intents/{}/confirm", schemas.CONFIRM_INTENT, changing(INTENT, intents.confirm)),
    route("POST", "payment_intents/{}/cancel", schemas.CANCEL_INTENT, changing(INTENT, intents.cancel)),
    route("POST", "setup_intents", schemas.CREATE_SETUP, creating(setups.create_setup)),
    route(
        "GET",
        "setup_intents",
        {**FIND, "customer": text, "payment_method": text},
        listing(setups.SETUP, "setup_intents", "customer", "payment_method"),
    ),
    route("GET", "setup_intents/{}", {**EXPAND, "client_secret": text}, showing(setups.SETUP)),
    route("POST", "setup_intents/{}", schemas.UPDATE_SETUP, changing(setups.SETUP, setups.update_setup)),
    route("POST", "setup_intents/{}/confirm", schemas.CONFIRM_SETUP, changing(setups.SETUP, setups.confirm_setup)),
    route("POST", "setup_intents/{}/cancel", schemas.CANCEL_SETUP, changing(setups.SETUP, setups.cancel_setup)),
    route("POST", "checkout/sessions", schemas.CREATE_SESSION, creating(checkout.create_session)),
    route(
        "GET",
        "checkout/sessions",
        {**FIND, "customer": text, "payment_intent": text, "status": STATUS},
        listing(checkout.KIND, "checkout/sessions", "customer", "payment_intent", "status"),
    ),
    route("GET", "checkout/sessions/{}", EXPAND, showing(checkout.KIND)),
    route("POST", "checkout/sessions/{}", schemas.UPDATE_SESSION, changing(checkout.KIND, checkout.update_session)),
    route("POST", "checkout/sessions/{}/expire", EXPAND, doing(checkout.KIND, checkout.expire_session)),
    route("GET", "checkout/sessions/{}/line_items", PAGE, list_items),
    route(
        "GET",
        "charges",
        {**FIND, "customer": text, "payment_intent": text},
        listing(CHARGE, "charges", "customer", "payment_intent"),
    ),
    route("GET", "charges/{}", EXPAND, showing(CHARGE)),
    route("POST", "refunds", schemas.CREATE_REFUND, creating(refunds.create_refund), refunded),
    route(
        "GET",
        "refunds",
        {**FIND, "charge": text, "payment_intent": text},
        listing(refunds.KIND, "refunds", "charge", "payment_intent"),
    ),
    route("GET", "refunds/{}", EXPAND, showing(refunds.KIND)),
    route("POST", "refunds/{}", schemas.UPDATE_REFUND, changing(refunds.KIND, refunds.update_refund)),
    route(
        "GET",
        "disputes",
        {**FIND, "charge": text, "payment_intent": text},
        listing(disputes.KIND, "disputes", "charge", "payment_intent"),
    ),
    route("GET", "disputes/{}", EXPAND, showing(disputes.KIND)),
    route("POST", "disputes/{}", schemas.UPDATE_DISPUTE, changing(disputes.KIND, disputes.update_dispute)),
    route("POST", "disputes/{}/close", EXPAND, doing(disputes.KIND, disputes.close_dispute)),
    route("GET", "events", {**FIND, "type": text, "types": many(text), "delivery_success": boolean}, list_events),
    route("GET", "events/{}", EXPAND, showing(events.KIND)),
    route(
        "GET", "balance_transactions", {**FIND, "currency": optional_text, "source": text, "type": text}, list_balance
    ),
    route("GET", "balance_transactions/{}", EXPAND, list_balance),
)


def choose(method: str, path: str) -> tuple[Route, str] | None:
    """Return the route of a call and the id in its address, or None."""
    for each in ROUTES:
        match = each.pattern.match(path)
        if match and each.method == method:
            return each, match.groupdict().get("id") or ""
    return None
