"""Signed webhooks: sent at least once, in no promised order, tried again when refused; and the faults of all that."""

import asyncio
import hashlib
import hmac
import http.client
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.agenda import Agenda
from sandbox.clock import Clock
from sandbox.refusing import BadControl, Missing
from sandbox.store import Store, Thing, public

RETRY_AFTER = (5, 60, 600)  # seconds; Stripe's test mode tries three times within hours
PATIENCE = 10.0  # seconds the receiver has for its answer
MOST_PARALLEL = 16
ORDERS = ("made", "reversed", "shuffled")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
KIND = "event"


@dataclass
class Manners:
    """How webhooks misbehave. `drop` is a share of 0 to 1, `delay` and `gather` are seconds, `duplicate` extra copies.

    With `hold` nothing leaves until `release`; with `gather` the events of so many seconds leave together, `order`ed.
    """

    drop: float = 0.0
    delay: float = 0.0
    duplicate: int = 0
    hold: bool = False
    gather: float = 0.0
    order: str = "made"
    seed: int = 0
    parallel: int = 1
    types: list[str] = field(default_factory=list)


def arrange(names: list[str], order: str, dice: random.Random) -> list[str]:
    """Return events in the order in which they shall leave."""
    arranged = list(names)
    if order == "reversed":
        arranged.reverse()
    elif order == "shuffled":
        dice.shuffle(arranged)
    return arranged


def signature(body: bytes, secrets: list[str], at: int) -> str:
    """Return the Stripe-Signature header of `body`: one v1 for each secret in force (https://docs.stripe.com/webhooks)."""
    signed = b"%d." % at + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


class Webhooks:
    """The queue of events on their way to the shop."""

    def __init__(self, url: str, secrets: list[str], store: Store, clock: Clock, agenda: Agenda) -> None:
        if url and urlsplit(url).hostname not in LOOPBACK:
            raise BadControl("The sandbox sends webhooks to this machine only (127.0.0.1, localhost or ::1).")
        self.url = url
        self.first_secrets = list(secrets)
        self.secrets = list(secrets)
        self.store = store
        self.clock = clock
        self.agenda = agenda
        self.manners = Manners()
        self.dice = random.Random(0)  # noqa: S311  (repeatable, not secret)
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.on_the_way = 0
        self._gathered: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(1)
        agenda.deeds["send webhook"] = self.put_on_the_way
        agenda.deeds["release gathered webhooks"] = lambda _: self.release_gathered()

    # --- What happens to a new event ---------------------------------------------------------------------------------

    def take(self, event: Thing) -> None:
        """Send a new event as the manners say."""
        manners = self.manners
        if not self.url:
            event["_delivery"] = "nobody listens"
        elif manners.types and event["type"] not in manners.types:
            self.put_on_the_way(event["id"])
        elif self.dice.random() < manners.drop:
            event["_delivery"] = "dropped"
        elif manners.hold:
            event["_delivery"] = "held"
        elif manners.gather:
            if not self._gathered:
                self.agenda.plan("release gathered webhooks", "", after=manners.gather)
            self._gathered.append(event["id"])
        else:
            self.send_copies(event["id"])

    def send_copies(self, name: str) -> None:
        """Send an event as often and as late as the manners say."""
        for _ in range(1 + self.manners.duplicate):
            if self.manners.delay:
                self.agenda.plan("send webhook", name, after=self.manners.delay)
            else:
                self.put_on_the_way(name)

    def put_on_the_way(self, name: str) -> None:
        """Send an event now."""
        self.on_the_way += 1
        self.queue.put_nowait(name)

    def release_gathered(self) -> None:
        """Send what was gathered, in the order of the manners."""
        names, self._gathered = self._gathered, []
        for name in arrange(names, self.manners.order, self.dice):
            self.send_copies(name)

    # --- What a test or a person does --------------------------------------------------------------------------------

    def behave(self, facts: Any) -> None:
        """Change manners from JSON; what is not named falls back to good manners.

        Raises BadControl for unknown names and values.
        """
        known = vars(Manners())
        if not isinstance(facts, dict) or set(facts) - set(known):
            raise BadControl(f"Webhooks know {', '.join(known)}.")
        for name, value in facts.items():
            if not isinstance(value, (int, float) if isinstance(known[name], float) else type(known[name])):
                raise BadControl(f"{name} cannot be {value!r}.")
        if facts.get("order", "made") not in ORDERS or not 0 < facts.get("parallel", 1) <= MOST_PARALLEL:
            raise BadControl(f"order is one of {', '.join(ORDERS)}; parallel is 1 to {MOST_PARALLEL}.")
        self.manners = Manners(**facts)
        self.dice = random.Random(self.manners.seed)  # noqa: S311  (repeatable, not secret)
        self._places = asyncio.Semaphore(self.manners.parallel)

    def release(self, *, order: str, times: int, seed: int) -> int:
        """Send everything that was held, `times` times over; return how many events."""
        if order not in ORDERS or times < 1:
            raise BadControl(f"order is one of {', '.join(ORDERS)}; times is 1 or more.")
        held = [event["id"] for event in self.store.all(KIND) if event["_delivery"] == "held"]
        dice = random.Random(seed)  # noqa: S311  (repeatable, not secret)
        for name in arrange(held * times, order, dice):
            self.put_on_the_way(name)
        for name in held:
            self._note(name, "waiting")
        return len(held)

    def resend(self, names: list[str]) -> int:
        """Send events again, whatever became of them.

        Raises Missing for an unknown one.
        """
        for name in names:
            if self.store.find(KIND, name) is None:
                raise Missing(f"There is no event {name!r}.")
        for name in names:
            self.put_on_the_way(name)
        return len(names)

    def roll(self, secret: str, *, keep_old: bool) -> None:
        """Sign with a new secret, and for a while with the old ones too."""
        self.secrets = [secret, *(self.secrets if keep_old else [])]

    def reset(self) -> None:
        """Good manners, the first secrets, an empty queue."""
        self.manners = Manners()
        self.secrets = list(self.first_secrets)
        self.dice = random.Random(0)  # noqa: S311  (repeatable, not secret)
        self._gathered.clear()
        self._places = asyncio.Semaphore(1)
        while not self.queue.empty():
            self.queue.get_nowait()
            self.on_the_way -= 1

    # --- On the way --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver what is in the queue, for ever; first what an earlier process left on the way."""
        for event in self.store.all(KIND):
            if event["_delivery"] == "waiting" and self.url:
                self.put_on_the_way(event["id"])
        try:
            while True:
                name = await self.queue.get()
                places = self._places
                await places.acquire()
                task = asyncio.create_task(self._deliver(name, places))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _deliver(self, name: str, places: asyncio.Semaphore) -> None:
        try:
            event = self.store.find(KIND, name)
            if event is not None:
                # The wall clock, not the sandbox's: receivers compare the signature's time with theirs.
                body = json.dumps(public(event), indent=2, ensure_ascii=False).encode()
                header = signature(body, self.secrets, int(time.time()))
                said = await asyncio.to_thread(post, self.url, body, header)
                self._settle(name, said)
        finally:
            places.release()
            self.on_the_way -= 1

    def _settle(self, name: str, said: str) -> None:
        """Note how a delivery went, and plan the next try of a refused one."""
        event = self.store.find(KIND, name)
        if event is None:
            return
        event["_attempts"].append({"at": self.clock.now(), "said": said})
        if said.startswith("2"):
            event["pending_webhooks"] = 0
            event["_delivery"] = "delivered"
        elif event["_delivery"] != "delivered":
            event["_delivery"] = "refused"
            if event["_retries"] < len(RETRY_AFTER):
                self.agenda.plan("send webhook", name, after=RETRY_AFTER[event["_retries"]])
                event["_retries"] += 1
        self.store.touch(KIND, event)
        self.store.save()

    def _note(self, name: str, delivery: str) -> None:
        event = self.store.find(KIND, name)
        if event is not None:
            event["_delivery"] = delivery
            self.store.touch(KIND, event)


def post(url: str, body: bytes, signature_header: str) -> str:
    """Send one webhook and return the answer's status, or what went wrong. Blocks; for a thread of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PATIENCE)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature_header,
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        connection.request("POST", parts.path or "/", body, headers)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error.__class__.__name__}"
    finally:
        connection.close()
