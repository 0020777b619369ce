"""Everything the sandbox is made of, held together, so that deeds need one argument."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.agenda import Agenda
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.locks import PATIENCE, Locks
from sandbox.store import Store, Thing
from sandbox.webhooks import Webhooks

CALLS_KEPT = 50_000


@dataclass(frozen=True)
class Settings:
    """How the sandbox was started."""

    public_url: str = "http://127.0.0.1:8420"
    secret_keys: tuple[str, ...] = ("sk_test_sandbox",)
    webhook_url: str = ""
    webhook_secrets: tuple[str, ...] = ("whsec_sandbox",)
    state_file: Path | None = None
    clock_file: Path | None = None
    bakong_token: str = ""
    lock_patience: float = PATIENCE


@dataclass
class Call:
    """One call to a provider's API, for `/_sandbox/calls`."""

    provider: str
    method: str
    path: str
    at: float
    idempotency_key: str | None = None
    status: int | None = None
    acted: bool = False
    replayed: bool = False
    fault: str | None = None
    request_id: str | None = None


@dataclass
class World:
    """The sandbox's parts. Made anew for each process; what must last lives in the store."""

    settings: Settings
    clock: Clock = field(init=False)
    store: Store = field(init=False)
    agenda: Agenda = field(init=False)
    webhooks: Webhooks = field(init=False)
    locks: Locks = field(init=False)
    faults: Faults = field(default_factory=Faults)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    keys: set[str] = field(default_factory=set)
    outcomes: deque[str] = field(default_factory=deque)
    refund_outcomes: deque[str] = field(default_factory=deque)
    call: Call | None = None

    def __post_init__(self) -> None:
        self.clock = Clock(self.settings.clock_file)
        self.store = Store(self.settings.state_file)
        self.agenda = Agenda(self.store, self.clock)
        self.locks = Locks(self.settings.lock_patience)
        self.keys = set(self.settings.secret_keys)
        self.webhooks = Webhooks(
            self.settings.webhook_url, list(self.settings.webhook_secrets), self.store, self.clock, self.agenda
        )

    def address(self, path: str) -> str:
        """Return the full address of one of the sandbox's pages."""
        return f"{self.settings.public_url}{path}"

    def reset(self) -> None:
        """Forget everything that happened and all faults; time runs as on the wall again."""
        self.store.clear()
        self.agenda.reload()
        self.webhooks.reset()
        self.faults.clear()
        self.calls.clear()
        self.outcomes.clear()
        self.refund_outcomes.clear()
        self.keys = set(self.settings.secret_keys)
        self.clock.move_to(0)

    def summary(self) -> dict[str, Any]:
        """Return how many things of each kind there are."""
        kinds = ("checkout.session", "payment_intent", "charge", "refund", "dispute", "event", "bakong.transaction")
        return {kind: len(self.store.all(kind)) for kind in kinds}


def latest_first(things: list[Thing]) -> list[Thing]:
    """Return things with the newest first, as Stripe lists them."""
    return things[::-1]
