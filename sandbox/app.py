"""The ASGI program: which part answers a request, and what faults do to it on the way."""

import asyncio
import contextlib
import sys
import traceback
from urllib.parse import urlsplit

from sandbox import control, desk, rendering
from sandbox.bakong_api import scanning
from sandbox.bakong_api.gate import BakongGate
from sandbox.bakong_api.gate import broken as bakong_broken
from sandbox.faults import Fault
from sandbox.locks import LockTimeout
from sandbox.stripe_api import checkout, disputes, hosted, intents, refunds
from sandbox.stripe_api.charging import INTENT
from sandbox.stripe_api.gate import StripeGate
from sandbox.stripe_api.gate import broken as stripe_broken
from sandbox.web import (
    BodyTooLarge,
    ClientGone,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    cut_connection,
    json_response,
    read_request,
    send_response,
)
from sandbox.world import Call, World

OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
TICK = 0.2  # seconds between two looks at the agenda


class Sandbox:
    """The program as uvicorn runs it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stripe = StripeGate(world)
        self.bakong = BakongGate(world)
        self.hosts = OWN_HOSTS | {urlsplit(world.settings.public_url).hostname or ""}
        world.agenda.deeds |= {
            "expire session": lambda name: checkout.expire_in_time(world, name),
            "settle payment": self.settle_payment,
            "settle refund": lambda name: refunds.settle_in_time(world, name),
            "dispute charge": lambda name: disputes.dispute_in_time(world, name),
            "dispute deadline": lambda name: disputes.miss_deadline(world, name),
        }

    def settle_payment(self, name: str) -> None:
        """Let a processing payment succeed when its time has come."""
        intent = self.world.store.find(INTENT, name)
        if intent is not None and intents.settle(self.world, intent):
            checkout.follow_intent(self.world, intent)

    # --- Life --------------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of uvicorn's: the program's life, or one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            with contextlib.suppress(ClientGone):
                await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self.world.settings.bakong_token:
            control.accept_configured_token(self.world)
        tasks = [asyncio.create_task(self.world.webhooks.run()), asyncio.create_task(self._tick())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.world.store.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                self.world.agenda.run_due()
                self.world.store.save()
            except Exception:  # noqa: BLE001  (one bad entry must not stop the clock)
                traceback.print_exc(file=sys.stderr)

    # --- One request -------------------------------------------------------------------------------------------------

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await read_request(scope, receive)
        except BodyTooLarge:
            await send_response(Response(413, b"Too large.\n", headers={"connection": "close"}), send)
            return
        try:
            response = await self._answer(request)
        except Exception:  # noqa: BLE001  (its own mistake must be seen, and answered as a provider would)
            traceback.print_exc(file=sys.stderr)
            response = json_response(stripe_broken().body, 500)
        if response is None:
            await cut_connection(scope, receive)
        else:
            await send_response(response, send)

    async def _answer(self, request: Request) -> Response | None:
        """Return the answer, or None when the connection shall be cut."""
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        if host not in self.hosts or (
            request.headers.get("sec-fetch-site") == "cross-site" and request.method != "GET"
        ):
            return Response(403, b"The sandbox talks to this machine only.\n")
        if request.path.startswith("/v1/"):
            return await self._call(request)
        if request.path.startswith("/_sandbox/"):
            response = control.answer_control(self.world, request)
        else:
            try:
                async with self.world.locks.hold(self._changed_by(request)):
                    response = self._page(request)
            except LockTimeout:
                response = rendering.message("Busy", "Another page uses this payment. Try again.", status=409)
        self.world.store.save()
        return response

    async def _call(self, request: Request) -> Response | None:
        """Answer a call to a provider's API, with the fault that strikes it."""
        name = request.path.removeprefix("/v1/")
        provider = "bakong" if name in self.bakong.names and request.method == "POST" else "stripe"
        gate = self.bakong if provider == "bakong" else self.stripe
        call = Call(provider, request.method, request.path, self.world.clock.exact())
        self.world.calls.append(call)
        fault = self.world.faults.choose(provider, request.method, request.path)
        if fault is not None:
            call.fault = fault.kind
            if fault.when == "before" and fault.kind != "slow":
                broken_answer = await strike(fault, provider)
                if broken_answer is not PASS:
                    return self._note(call, broken_answer)
        response: Response | None = await gate.answer(request, call, fault)
        if fault is not None and fault.when == "after" and fault.kind != "slow":
            broken_answer = await strike(fault, provider)
            if broken_answer is not PASS and not (
                # Stripe keeps its own mistake for the idempotency key, so the gate has answered already.
                fault.kind == "status" and fault.body == "json" and provider == "stripe"
            ):
                response = broken_answer
        return self._note(call, response)

    def _note(self, call: Call, response: Response | None) -> Response | None:
        call.status = response.status if response else None
        return response

    def _changed_by(self, request: Request) -> list[str]:
        """Return the objects that a form changes, under the names by which the API locks them."""
        first, _, name = request.path.lstrip("/").partition("/")
        if request.method != "POST" or first not in {"pay", "3ds"}:
            return []
        challenge = hosted.find_challenge(self.world, name)
        return [(challenge[1]["_session"] or name) if challenge else name]

    def _page(self, request: Request) -> Response:
        """Return a page, or what its form leads to."""
        world, posted = self.world, request.method == "POST"
        first, _, name = request.path.lstrip("/").partition("/")
        found: Response | None = None
        if first == "pay" and (session := hosted.find_session(world, name)):
            found = hosted.use_session(world, session, request) if posted else hosted.show_session(world, session)
        elif first == "3ds" and name == "done":
            found = rendering.message("Thank you", "You can close this page and go back to the shop.")
        elif first == "3ds" and (challenge := hosted.find_challenge(world, name)):
            answer = hosted.answer_challenge if posted else None
            found = answer(world, *challenge, request) if answer else hosted.show_challenge(world, *challenge)
        elif first == "receipt":
            found = hosted.show_receipt(world, name)
        elif first == "bakong" and name == "pay" and posted:
            found = scanning.pay_code(world, request)
        elif first == "bakong" and not posted:
            found = scanning.open_link(world, name) if name else scanning.show_scan(world, request)
        elif request.path == "/desk" and posted:
            found = desk.use_desk(world, request)
        elif request.path == "/":
            found = desk.show_desk(world)
        elif request.path == "/sandbox.css":
            found = rendering.stylesheet()
        return found or rendering.message("Nothing here", "The sandbox has no such page.", status=404)


PASS = Response(0)


async def strike(fault: Fault, provider: str) -> Response | None:
    """Let a fault happen: wait, and return PASS to go on, None to cut the connection, or the wrong answer."""
    if fault.kind in {"delay", "timeout"}:
        await asyncio.sleep(fault.seconds)
    if fault.kind == "delay":
        return PASS
    if fault.kind == "status":
        if fault.body == "json":
            body = stripe_broken(fault.status).body if provider == "stripe" else bakong_broken(fault.status)
            return json_response(body, fault.status)
        kind = "text/html" if fault.body == "html" else "application/json"
        return Response(fault.status, fault.page(), kind)
    return None
