"""Where calls to the Stripe part come in: key, parameters, idempotency, locks, the deed, and its answer kept."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Fault
from sandbox.locks import LockTimeout
from sandbox.store import new_id
from sandbox.stripe_api import errors, idempotency
from sandbox.stripe_api.errors import ApiError
from sandbox.stripe_api.listing import check_expand, expanded
from sandbox.stripe_api.params import Params, apply, nest
from sandbox.stripe_api.routes import Route, choose
from sandbox.web import Request, Response, json_response
from sandbox.world import Call, World

VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$")


@dataclass(frozen=True)
class Visit:
    """One call on its way through the gate."""

    route: Route
    name: str
    path: str
    pairs: list[tuple[str, str]]
    key: str | None
    call: Call
    fault: Fault | None


class StripeGate:
    """Answers calls to `/v1/…` of the Stripe part."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.running = idempotency.Running()

    async def answer(self, request: Request, call: Call, fault: Fault | None) -> Response:
        """Return the answer to one call; `fault` may make it slow or break it from inside."""
        call.request_id = new_id("req", 14)
        key = call.idempotency_key = request.headers.get("idempotency-key") if request.method == "POST" else None
        headers = {"request-id": call.request_id, "stripe-version": request.headers.get("stripe-version", "")}
        if key:
            headers["idempotency-key"] = key
        try:
            self._check_caller(request)
            chosen = choose(request.method, request.path)
            if chosen is None:
                raise errors.unknown_address(request.method, request.path)
            pairs = request.body_pairs if request.method == "POST" else request.query_pairs
            visit = Visit(*chosen, request.path, pairs, key, call, fault)
            if key is not None:
                return await self._act_once(visit, key, headers)
            status, body = await self._act(visit)
            return json_response(body, status, headers)
        except ApiError as error:
            return json_response(error.body, error.status, headers | error.headers)

    def _check_caller(self, request: Request) -> None:
        """Refuse a wrong API key and a version that cannot be."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or key not in self.world.keys:
            raise errors.bad_key(key)
        version = request.headers.get("stripe-version", "")
        if version and not VERSION.match(version):
            raise errors.invalid(f"Invalid Stripe API version: {version}.", kept=False)

    async def _act_once(self, visit: Visit, key: str, headers: dict[str, str]) -> Response:
        """Act for a new idempotency key; give the kept answer for a known one."""
        kept = idempotency.recall(self.world, key, visit.path, visit.pairs)
        if kept is not None:
            visit.call.replayed = True
            replayed = {"idempotent-replayed": "true", "original-request": kept["request"]}
            return json_response(kept["body"], kept["status"], headers | replayed)
        self.running.start(key)
        try:
            status, body = await self._act(visit)
        finally:
            self.running.end(key)
        return json_response(body, status, headers)

    async def _act(self, visit: Visit) -> tuple[int, Any]:
        """Read the parameters, hold the objects, and act.

        Raises ApiError for parameters that fail validation and for objects held too long by another call.
        """
        params = apply(visit.route.schema, nest(visit.pairs))
        check_expand(params.get("expand", []))
        try:
            async with self.world.locks.hold(visit.route.touches(self.world, visit.name, params)):
                if visit.fault is not None and visit.fault.kind == "slow":
                    await asyncio.sleep(visit.fault.seconds)
                # From here to the written answer nothing waits, so no other call can come between.
                return self._act_at_once(visit, params)
        except LockTimeout:
            raise errors.locked() from None

    def _act_at_once(self, visit: Visit, params: Params) -> tuple[int, Any]:
        """Act, keep the answer for its key, and write all of it down in one transaction before anybody hears."""
        world, fault = self.world, visit.fault
        world.call = visit.call
        kept = True
        try:
            status, body = 200, visit.route.deed(world, visit.name, params)
            body = expanded(world, body, params.get("expand", []))
        except ApiError as error:
            status, body, kept = error.status, error.body, error.kept
        finally:
            world.call = None
        visit.call.acted = True
        if fault is not None and fault.kind == "status" and fault.body == "json" and fault.when == "after":
            # Stripe itself broke after acting: this is the result it keeps and gives again.
            status, body = fault.status, broken().body
        if visit.key is not None and kept:
            request = visit.call.request_id or ""
            facts = {"status": status, "body": body, "request": request}
            idempotency.keep(world, visit.key, visit.path, visit.pairs, **facts)
        world.store.save()
        return status, body


def broken(status: int = 500) -> ApiError:
    """Return Stripe's own words for a mistake of its own, or for a status that a fault asks for."""
    words = {401: "Invalid API Key provided.", 403: "This key may not do that.", 429: "Too many requests."}
    codes = {429: {"code": "rate_limit"}}
    kind = "api_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004  (HTTP's own numbers)
    return ApiError(status, kind, words.get(status, "An unknown error occurred"), **codes.get(status, {}))
