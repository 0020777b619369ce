"""The control API under /_sandbox/: faults, webhooks, time, outcomes, and a look at everything that happened."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sandbox.bakong_api import tokens
from sandbox.bakong_api.khqr import BadCode, read_code
from sandbox.bakong_api.paying import MISSING, pay
from sandbox.refusing import BadControl, Missing
from sandbox.store import Thing
from sandbox.stripe_api import checkout, disputes, intents, refunds
from sandbox.stripe_api.charging import CHARGE, INTENT
from sandbox.web import Request, Response, json_response
from sandbox.world import World

Answer = Callable[[World, str, Any], Any]
ROUTES: list[tuple[str, re.Pattern[str], Answer]] = []


def on(method: str, path: str) -> Callable[[Answer], Answer]:
    """Register an answer to a control call; `{}` in the path stands for an id."""

    def register(answer: Answer) -> Answer:
        ROUTES.append((method, re.compile("^/_sandbox/" + path.replace("{}", r"(?P<id>[^/]+)") + "$"), answer))
        return answer

    return register


def answer_control(world: World, request: Request) -> Response:
    """Answer one control call; everything takes and gives JSON."""
    try:
        content = request.json()
    except ValueError:
        return json_response({"error": "The body is no JSON."}, 400)
    try:
        for method, pattern, answer in ROUTES:
            match = pattern.match(request.path)
            if match and method == request.method:
                return json_response(answer(world, match.groupdict().get("id") or "", content))
        raise Missing(f"There is no {request.method} {request.path}.")
    except BadControl as refusal:
        return json_response({"error": str(refusal)}, 400)
    except Missing as refusal:
        return json_response({"error": str(refusal)}, 404)


def value(content: Any, name: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
    """Return a value of a call's JSON.

    Raises BadControl when it is missing without a default, or of another type.
    """
    if not isinstance(content, dict) or (name not in content and default is ...):
        raise BadControl(f"Say {name!r}.")
    found = content.get(name, default)
    if name in content and (not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool)):
        raise BadControl(f"{name!r} cannot be {found!r}.")
    return found


def find(world: World, kind: str, name: str) -> Thing:
    """Return a thing.

    Raises Missing.
    """
    thing = world.store.find(kind, name)
    if thing is None:
        raise Missing(f"There is no {kind} {name!r}.")
    return thing


# --- The whole ------------------------------------------------------------------------------------------------------


@on("GET", "health")
def health(world: World, _: str, __: Any) -> Any:
    """Say that the sandbox runs, and what it holds."""
    return {"status": "ok", "offset_seconds": world.clock.offset, "now": world.clock.now(), "things": world.summary()}


@on("POST", "reset")
def reset(world: World, _: str, __: Any) -> Any:
    """Forget everything."""
    world.reset()
    if world.settings.bakong_token:
        accept_configured_token(world)
    return {"status": "ok"}


def accept_configured_token(world: World) -> None:
    """Let the Bakong token of the command line be used for 90 days from its first start."""
    tokens.accept_token(world, world.settings.bakong_token, tokens.DEMO_EMAIL, expires=world.clock.now() + tokens.LIFE)


@on("GET", "clock")
def tell_time(world: World, _: str, __: Any) -> Any:
    """Tell the sandbox's time."""
    return {"offset_seconds": world.clock.offset, "now": world.clock.now()}


@on("POST", "clock")
def move_time(world: World, _: str, content: Any) -> Any:
    """Move time to an offset, or on by some seconds; what is due by then happens at once."""
    if isinstance(content, dict) and "advance_seconds" in content:
        offset = world.clock.offset + value(content, "advance_seconds", int)
    else:
        offset = value(content, "offset_seconds", int)
    world.clock.move_to(offset)
    return {"done": world.agenda.run_due(), "offset_seconds": offset, "now": world.clock.now()}


@on("POST", "tick")
def tick(world: World, _: str, __: Any) -> Any:
    """Do what is due now."""
    return {"done": world.agenda.run_due()}


# --- Faults and webhooks --------------------------------------------------------------------------------------------


@on("GET", "faults")
def show_faults(world: World, _: str, __: Any) -> Any:
    """List the faults in force, with how often each was asked and struck."""
    return [rule.facts() for rule in world.faults.rules]


@on("POST", "faults")
def add_fault(world: World, _: str, content: Any) -> Any:
    """Switch a fault on."""
    return world.faults.add(content).facts()


@on("DELETE", "faults")
def clear_faults(world: World, _: str, __: Any) -> Any:
    """Switch all faults off."""
    world.faults.clear()
    return []


@on("DELETE", "faults/{}")
def remove_fault(world: World, name: str, _: Any) -> Any:
    """Switch one fault off."""
    world.faults.remove(name)
    return [rule.facts() for rule in world.faults.rules]


@on("GET", "webhooks")
def show_webhooks(world: World, _: str, __: Any) -> Any:
    """Show the manners, the secrets in force, and each event's deliveries."""
    events = [
        {"id": event["id"], "type": event["type"], "delivery": event["_delivery"], "attempts": event["_attempts"]}
        for event in world.store.all("event")
    ]
    hooks = world.webhooks
    return {
        "manners": asdict(hooks.manners),
        "secrets": hooks.secrets,
        "on_the_way": hooks.on_the_way,
        "events": events,
    }


@on("PUT", "webhooks")
def change_manners(world: World, _: str, content: Any) -> Any:
    """Make webhooks misbehave, or behave again."""
    world.webhooks.behave(content)
    return asdict(world.webhooks.manners)


@on("POST", "webhooks/release")
def release_webhooks(world: World, _: str, content: Any) -> Any:
    """Send what was held."""
    order, times = value(content, "order", str, "made"), value(content, "times", int, 1)
    return {"released": world.webhooks.release(order=order, times=times, seed=value(content, "seed", int, 0))}


@on("POST", "webhooks/resend")
def resend_webhooks(world: World, _: str, content: Any) -> Any:
    """Send named events again, in that order."""
    return {"sent": world.webhooks.resend(value(content, "events", list))}


@on("POST", "webhooks/roll")
def roll_secret(world: World, _: str, content: Any) -> Any:
    """Sign with a new secret, and with the old ones too unless told otherwise."""
    world.webhooks.roll(value(content, "secret", str), keep_old=value(content, "keep_old", bool, True))
    return {"secrets": world.webhooks.secrets}


# --- Stripe ---------------------------------------------------------------------------------------------------------


@on("GET", "calls")
def show_calls(world: World, _: str, __: Any) -> Any:
    """List all calls to the providers' APIs since the start, with their idempotency keys."""
    return [asdict(call) for call in world.calls]


@on("GET", "stripe/totals")
def show_totals(world: World, _: str, __: Any) -> Any:
    """Return captures and refunds by PaymentIntent."""
    return refunds.totals(world)


@on("GET", "things/{}")
def show_things(world: World, kind: str, _: Any) -> Any:
    """List all things of a kind with the sandbox's own notes, oldest first."""
    return world.store.all(kind)


@on("POST", "stripe/keys")
def change_keys(world: World, _: str, content: Any) -> Any:
    """Replace the API keys that are accepted."""
    world.keys = {str(key) for key in value(content, "keys", list)}
    return sorted(world.keys)


@on("POST", "stripe/outcomes")
def force_outcomes(world: World, _: str, content: Any) -> Any:
    """Set what comes of the next attempts to pay (`payments`) and of the next refunds (`refunds`), in that order."""
    for name, queue, known in (
        ("payments", world.outcomes, intents.outcome_names()),
        ("refunds", world.refund_outcomes, refunds.OUTCOMES),
    ):
        wanted = value(content, name, list, [])
        if set(wanted) - set(known):
            raise BadControl(f"{name} end in one of {', '.join(known)}.")
        queue.extend(wanted)
    return {"payments": list(world.outcomes), "refunds": list(world.refund_outcomes)}


@on("POST", "stripe/payment_intents/{}/settle")
def settle_payment(world: World, name: str, content: Any) -> Any:
    """End a processing payment by `succeeded` or a decline code."""
    how = value(content, "how", str, "succeeded")
    if how not in intents.outcome_names() or how in {"processing", "3d_secure"}:
        raise BadControl("A payment settles by succeeded or a decline code.")
    intent = find(world, INTENT, name)
    if intents.settle(world, intent, how):
        checkout.follow_intent(world, intent)
    return {"status": intent["status"]}


@on("POST", "stripe/refunds/{}/settle")
def settle_refund(world: World, name: str, content: Any) -> Any:
    """Let a refund succeed or fail."""
    refund = find(world, refunds.KIND, name)
    reason = value(content, "reason", str, "expired_or_canceled_card")
    refunds.settle_refund(world, refund, value(content, "status", str), reason=reason)
    return {"status": refund["status"]}


@on("POST", "stripe/disputes")
def open_dispute(world: World, _: str, content: Any) -> Any:
    """Let the cardholder of a charge or PaymentIntent dispute it."""
    name = (
        value(content, "charge", str, "") or find(world, INTENT, value(content, "payment_intent", str))["latest_charge"]
    )
    reason, amount = value(content, "reason", str, "fraudulent"), value(content, "amount", int, None)
    return disputes.open_dispute(world, find(world, CHARGE, name), reason=reason, amount=amount)


@on("POST", "stripe/disputes/{}/decide")
def decide_dispute(world: World, name: str, content: Any) -> Any:
    """End a dispute: won or lost."""
    dispute = find(world, disputes.KIND, name)
    verdict = value(content, "verdict", str)
    if verdict not in {"won", "lost"}:
        raise BadControl("A dispute is won or lost.")
    disputes.decide(world, dispute, verdict)
    return {"status": dispute["status"]}


# --- Bakong ---------------------------------------------------------------------------------------------------------


@on("POST", "bakong/token")
def make_token(world: World, _: str, content: Any) -> Any:
    """Give a token for a registered demonstration shop; `life` in seconds."""
    life = value(content, "life", int, tokens.LIFE)
    return {
        "token": tokens.make_token(world, tokens.DEMO_EMAIL, life=life)
        if life != tokens.LIFE
        else tokens.demo_token(world)
    }


@on("DELETE", "bakong/token")
def revoke_tokens(world: World, _: str, __: Any) -> Any:
    """Make all tokens useless at once."""
    return {"revoked": tokens.revoke_all(world)}


@on("GET", "bakong/letters")
def show_letters(world: World, _: str, __: Any) -> Any:
    """Show the codes that Bakong sent by e-mail."""
    return [
        {"to": each["email"], "code": each["code"]} for each in world.store.all(tokens.REGISTRATION) if each["code"]
    ]


@on("POST", "bakong/accounts")
def take_accounts_away(world: World, _: str, content: Any) -> Any:
    """Make Bakong forget accounts (`missing`) and know all others."""
    for known in world.store.all(MISSING):
        world.store.remove(MISSING, known["id"])
    for account in value(content, "missing", list):
        world.store.add(MISSING, {"id": f"account:{account}"})
    return [known["id"] for known in world.store.all(MISSING)]


@on("POST", "bakong/pay")
def pay_code(world: World, _: str, content: Any) -> Any:
    """Scan and pay a code in one of the ways; `delay` in seconds until the payment shows."""
    try:
        code = read_code(value(content, "qr", str))
    except BadCode as problem:
        raise BadControl(str(problem)) from None
    return pay(world, code, value(content, "way", str, "right"), delay=value(content, "delay", (int, float), 0))
