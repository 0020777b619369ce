"""Events: what happened, as a copy of the object at that moment, for the list and for the webhooks."""

from typing import Any

from sandbox.store import Thing, new_id, public
from sandbox.world import World

KIND = "event"
API_VERSION = "2026-10-28.endive"
DAYS_LISTED = 30


def emit(world: World, kind: str, thing: Thing, previous: dict[str, Any] | None = None) -> Thing:
    """Record that something happened to `thing` and send the webhook; `previous` holds values that changed."""
    data = {"object": public(thing)}
    if previous is not None:
        data["previous_attributes"] = previous
    call = world.call
    event = world.store.add(
        KIND,
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": world.clock.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1 if world.webhooks.url else 0,
            "request": {
                "id": call.request_id if call else None,
                "idempotency_key": call.idempotency_key if call else None,
            },
            "type": kind,
            "_delivery": "waiting",
            "_attempts": [],
            "_retries": 0,
        },
    )
    world.webhooks.take(event)
    return event


def listed(world: World, params: dict[str, Any]) -> list[Thing]:
    """Return the events of the last 30 days that fit the filters, oldest first."""
    since = world.clock.now() - DAYS_LISTED * 86400
    kinds = params.get("types", [params["type"]] if "type" in params else [])
    return [
        event
        for event in world.store.all(KIND)
        if event["created"] >= since and (not kinds or any(fits(event["type"], kind) for kind in kinds))
        if params.get("delivery_success") in {None, event["pending_webhooks"] == 0}
    ]


def fits(name: str, wanted: str) -> bool:
    """Tell whether an event's type is the wanted one, or of a wanted group such as `charge.*`."""
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted
