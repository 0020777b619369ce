"""Stripe's hosted pages: the payment page of a Checkout Session, the bank's 3-D Secure page, a receipt."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from sandbox.rendering import message, page
from sandbox.store import Thing
from sandbox.stripe_api import checkout
from sandbox.stripe_api.cards import CARDS, UNAUTHENTICATED, Card, full_year, read_card
from sandbox.stripe_api.charging import INTENT, attempt
from sandbox.stripe_api.customers import METHOD, method_of_card, saved_cards
from sandbox.stripe_api.errors import ApiError
from sandbox.stripe_api.intents import authenticate, check_owner
from sandbox.stripe_api.setups import SETUP, attempt_setup, authenticate_setup
from sandbox.web import Request, Response, see_other
from sandbox.world import World

SHOWN_FIRST = ("4242424242424242", "4000002760003184", "4000000000000002", "4000000000009995")


def find_session(world: World, name: str) -> Thing | None:
    """Return the session of a page, or None."""
    return world.store.find(checkout.KIND, name)


def show_session(
    world: World,
    session: Thing,
    *,
    status: int = 200,
    error: str = "",
    wrong: str = "",
    filled: dict[str, str] | None = None,
) -> Response:
    """Show a session's payment page, or where it ended; `wrong` names the field that the error is about."""
    if session["status"] == "complete":
        return message(
            "Paid already", "This payment is complete.", link=(checkout.way_back(session), "Back to the shop")
        )
    if session["status"] == "expired":
        back = (session["cancel_url"], "Back to the shop") if session["cancel_url"] else None
        return message("This page has expired", "Nothing was paid. Start again in the shop.", status=410, link=back)
    filled = filled or {}
    details = session["customer_details"] or {}
    fields = {name: filled.get(name) or details.get(name) or "" for name in ("email", "name")}
    return page(
        "checkout.html",
        status=status,
        leads_to=(session["success_url"], session["cancel_url"]),
        session=session,
        items=session["_items"],
        fields=fields,
        cards=sorted(CARDS.values(), key=lambda card: card.number not in SHOWN_FIRST),
        saved=saved_cards(world, session["customer"]) if session["customer"] else [],
        error=error,
        wrong=wrong,
        ends=datetime.fromtimestamp(session["expires_at"], UTC),
    )


def use_session(world: World, session: Thing, request: Request) -> Response:
    """Answer the payment page's form: pay (or save the card), or let the session expire."""
    form = request.form
    if session["status"] != "open":
        return (
            see_other(checkout.way_back(session)) if session["status"] == "complete" else show_session(world, session)
        )
    if form.get("action") == "expire":
        checkout.expire_session(world, session)
        return show_session(world, session)
    try:
        method = chosen_method(world, session, form)
    except ApiError as error:
        return show_session(
            world, session, status=402, error=str(error), wrong=error.content.get("param", ""), filled=form
        )
    note_details(world, session, method)
    if session["mode"] == "setup":
        return save_card(world, session, method)
    intent = checkout.intent_of(world, session)
    check_owner(intent["customer"], method)
    refusal = attempt(world, intent, method, off_session=False)
    checkout.follow_intent(world, intent)
    if refusal is not None:
        return show_session(world, session, status=402, error=refusal.message, wrong="number", filled=form)
    return onward(session, intent)


def save_card(world: World, session: Thing, method: Thing) -> Response:
    """Save the card of a session in setup mode."""
    setup = world.store.find(SETUP, session["setup_intent"])
    assert setup is not None  # noqa: S101  (made together with the session)
    if setup["customer"] is None:
        setup["customer"] = session["customer"] = checkout.new_customer(world, session)
    refusal = attempt_setup(world, setup, method)
    checkout.follow_setup(world, setup)
    if refusal is not None:
        return show_session(world, session, status=402, error=refusal.message, wrong="number")
    return onward(session, setup)


def onward(session: Thing, intent: Thing) -> Response:
    """Send the customer on: to the bank, or back to the shop."""
    if intent["status"] == "requires_action":
        return see_other(f"/3ds/{intent['id']}")
    return see_other(checkout.way_back(session))


def chosen_method(world: World, session: Thing, form: dict[str, str]) -> Thing:
    """Return the card of the form: a saved one, or a new one from number, expiry and security code.

    Raises a 402 ApiError for a card that cannot be.
    """
    saved = world.store.find(METHOD, form.get("saved"))
    if saved is not None and session["customer"] and saved["customer"] == session["customer"]:
        return saved
    month, _, year = form.get("expiry", "").replace(" ", "").partition("/")
    card = read_card(form.get("number", ""), month, year, form.get("cvc", ""), this_month=this_month(world))
    billing = {"email": form.get("email") or None, "name": form.get("name") or None}
    return method_of_card(world, card, month=int(month), year=full_year(year), billing=billing)


def this_month(world: World) -> tuple[int, int]:
    """Return the sandbox's year and month."""
    today = datetime.fromtimestamp(world.clock.now(), UTC)
    return today.year, today.month


def note_details(world: World, session: Thing, method: Thing) -> None:
    """Keep the e-mail address and name that the customer typed."""
    details = session["customer_details"] or checkout.blank_details(None, None)
    for name in ("email", "name"):
        details[name] = details[name] or method["billing_details"][name]
    session["customer_details"] = details
    world.store.touch(checkout.KIND, session)


def find_challenge(world: World, name: str) -> tuple[str, Thing] | None:
    """Return kind and intent of a 3-D Secure page, or None."""
    for kind in (INTENT, SETUP):
        intent = world.store.find(kind, name)
        if intent is not None:
            return kind, intent
    return None


def show_challenge(world: World, kind: str, intent: Thing) -> Response:
    """Show the bank's 3-D Secure page; once it was answered it leads on."""
    if intent["status"] != "requires_action":
        return see_other(way_on(world, intent))
    method = world.store.find(METHOD, intent["payment_method"])
    card: Card | None = CARDS[method["_number"]] if method else None
    targets = (way_on(world, intent), target_of_session(world, intent))
    return page("challenge.html", leads_to=targets, intent=intent, card=card, pays=kind == INTENT)


def answer_challenge(world: World, kind: str, intent: Thing, request: Request) -> Response:
    """Answer the bank's page: the customer passed, or did not. A stale page changes nothing."""
    passed = request.form.get("answer") == "pass"
    waiting = intent["status"] == "requires_action"
    if kind == INTENT:
        refusal = authenticate(world, intent, passed=passed)
        if waiting and intent["_session"]:
            checkout.follow_intent(world, intent)
    else:
        refusal = authenticate_setup(world, intent, passed=passed)
        if waiting and intent["_session"]:
            checkout.follow_setup(world, intent)
    session = find_session(world, intent["_session"] or "")
    if refusal is not None and session is not None:
        words = UNAUTHENTICATED.message if refusal is UNAUTHENTICATED else refusal.message
        return show_session(world, session, status=402, error=words, wrong="number")
    return see_other(way_on(world, intent))


def target_of_session(world: World, intent: Thing) -> str | None:
    """Return where the intent's session will send the customer, if it has one."""
    session = find_session(world, intent["_session"] or "")
    return checkout.way_back(session) if session else None


def way_on(world: World, intent: Thing) -> str:
    """Return where the customer goes from the bank's page."""
    session = find_session(world, intent["_session"] or "")
    if session is not None:
        return checkout.way_back(session) if session["status"] == "complete" else world.address(f"/pay/{session['id']}")
    if not intent["_return_url"]:
        return world.address("/3ds/done")
    outcome = "failed" if intent["status"] in {"requires_payment_method", "canceled"} else intent["status"]
    facts = {
        intent["object"]: intent["id"],
        f"{intent['object']}_client_secret": intent["client_secret"],
        "redirect_status": outcome,
    }
    return f"{intent['_return_url']}{'&' if '?' in intent['_return_url'] else '?'}{urlencode(facts)}"


def show_receipt(world: World, name: str) -> Response | None:
    """Show the receipt of a paid intent, or None."""
    intent = world.store.find(INTENT, name)
    charge = world.store.find("charge", intent["latest_charge"]) if intent else None
    if charge is None or not charge["paid"]:
        return None
    return page("receipt.html", charge=charge, paid_at=datetime.fromtimestamp(charge["created"], UTC))
