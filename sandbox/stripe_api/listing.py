"""Lists page by page, filters by time, and `expand`."""

from typing import Any

from sandbox.store import Thing, public
from sandbox.stripe_api.errors import ApiError, invalid, missing, unreadable
from sandbox.stripe_api.params import Params, Reader, integer, many, nested, optional_text, period, text
from sandbox.world import World

MOST = 100
DEEPEST = 4
EXPANDABLE = frozenset(
    {
        "balance_transaction",
        "charge",
        "customer",
        "data",
        "failure_balance_transaction",
        "latest_charge",
        "line_items",
        "payment_intent",
        "payment_method",
        "setup_intent",
        "source",
    }
)
EXPAND: dict[str, Reader] = {"expand": many(text)}
PAGE: dict[str, Reader] = {"limit": integer, "starting_after": text, "ending_before": text, **EXPAND}
CREATED: dict[str, Reader] = {"created": period}
ADDRESS = nested(
    city=optional_text,
    country=optional_text,
    line1=optional_text,
    line2=optional_text,
    postal_code=optional_text,
    state=optional_text,
)


def in_period(thing: Thing, bounds: dict[str, int] | None) -> bool:
    """Tell whether a thing was made within the bounds of a `created` filter."""
    made = thing["created"]
    checks = {"gt": made.__gt__, "gte": made.__ge__, "lt": made.__lt__, "lte": made.__le__}
    return all(checks[name](second) for name, second in (bounds or {}).items())


def page(things: list[Thing], params: Params, path: str) -> dict[str, Any]:
    """Return one page of things (given oldest first), the newest first.

    Raises a 400 ApiError for a limit outside 1 to 100 or an unknown cursor.
    """
    limit = params.get("limit", 10)
    if not 1 <= limit <= MOST:
        raise unreadable("This value must be between 1 and 100.", param="limit", code="parameter_invalid_integer")
    newest = things[::-1]
    names = [thing["id"] for thing in newest]
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and params[cursor] not in names:
            raise missing("object", params[cursor], param=cursor, status=400)
    if "ending_before" in params:
        before = newest[: names.index(params["ending_before"])]
        chosen, more = before[-limit:], len(before) > limit
    else:
        start = names.index(params["starting_after"]) + 1 if "starting_after" in params else 0
        chosen, more = newest[start : start + limit], len(newest) > start + limit
    return {"object": "list", "url": path, "has_more": more, "data": [public(thing) for thing in chosen]}


def check_expand(paths: list[str]) -> None:
    """Refuse to expand what no object has, before anything is done.

    Raises a 400 ApiError.
    """
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise unreadable(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", param="expand"
            )
        if not EXPANDABLE.issuperset(parts):
            raise unreadable(not_expandable(path).content["message"], param="expand")


def expanded(world: World, answer: Any, paths: list[str]) -> Any:
    """Return an answer with the ids at `paths` replaced by their objects.

    Raises a 400 ApiError for what this object cannot expand.
    """
    for path in paths:
        expand_one(world, answer, path.split("."), path)
    return answer


def expand_one(world: World, spot: Any, parts: list[str], path: str) -> None:
    """Replace the id at one path below `spot`, in each element of a list."""
    if isinstance(spot, list):
        for element in spot:
            expand_one(world, element, parts, path)
        return
    name, rest = parts[0], parts[1:]
    if name == "line_items" and isinstance(spot, dict) and spot.get("object") == "checkout.session":
        session = world.store.find("checkout.session", spot["id"])
        spot[name] = (
            page(session["_items"][::-1], {}, f"/v1/checkout/sessions/{spot['id']}/line_items") if session else None
        )
    if not isinstance(spot, dict) or name not in spot:
        raise not_expandable(path)
    if isinstance(spot[name], str):
        found = world.store.find_any(spot[name])
        if found is None:
            raise not_expandable(path)
        spot[name] = public(found)
    if rest and spot[name] is not None:
        expand_one(world, spot[name], rest, path)


def not_expandable(path: str) -> ApiError:
    """Return Stripe's words for a property that is no id."""
    return invalid(f"This property cannot be expanded ({path}).", param="expand")
