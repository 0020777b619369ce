"""What the shop asks of a payment provider, and the answers it understands.

A provider is one module below payments/providers/ with one subclass of `Provider`, named in `registry.py`. It knows no
tables: it gets an `Attempt`, talks to its API outside every transaction, and returns facts. Only the shop decides what
follows from them (payments.finalising). Each method may be called again at any time, after a crash too: `Attempt.key`
is the idempotency key, and an answer that did not arrive is `Unknown`, never a failure.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.db import in_transaction


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card that the provider keeps for later charges."""

    customer_id: str
    method_id: str
    brand: str = ""
    last4: str = ""
    expires_month: int | None = None
    expires_year: int | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt to collect money, as a provider sees it. `amount` is in `currency`, what the provider moves."""

    key: str
    method: str
    amount: Decimal
    currency: str
    description: str
    payer_email: str
    return_url: str
    cancel_url: str
    started_at: datetime
    asked_at: datetime | None = None
    expires_at: datetime | None = None
    provider_id: str = ""
    capture_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    # The card to charge now (charge_saved), or the customer to keep a card for (start with saves_card).
    card: Card | None = None
    customer_id: str = ""
    saves_card: bool = False


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What must be committed before the provider is asked: made on this machine, without any network.

    `charge_amount`, `charge_currency` and `rate` are set when the provider moves another currency than the bill's.
    """

    expires_at: datetime
    provider_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    charge_amount: Decimal | None = None
    charge_currency: str = ""
    rate: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Captured:
    """Money has moved: how much, and its unique name at the provider (PaymentIntent, Bakong hash).

    `card` is kept for later charges; `brand` and `last4` are what a receipt says of any card.
    """

    capture_id: str
    amount: Decimal
    currency: str
    provider_id: str = ""
    card: Card | None = None
    brand: str = ""
    last4: str = ""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """Nothing has moved yet, and still may. `data` is merged into the attempt's (`url`: where the customer pays).

    `is_processing`: the customer has done their part and the bank has not, so nobody may be asked to pay again.
    """

    provider_id: str = ""
    capture_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    is_processing: bool = False
    # Why the last card did not work, while the customer may try another one.
    failure_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Nothing has moved, and through this attempt nothing can any more. `code` is the provider's (decline) code."""

    code: str
    reason: str
    provider_id: str = ""
    capture_id: str = ""


@dataclass(frozen=True, kw_only=True)
class NeedsAction:
    """A charge of a saved card that its owner must confirm; this attempt is over, the customer is asked to come."""

    code: str
    provider_id: str = ""
    capture_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """No answer, or one that says nothing about the money. `is_alarm`: staff must act (wrong key, expired token).

    `is_missing`: the provider has no object of this name, which may be the fault of a wrong key too.
    """

    reason: str
    is_alarm: bool = False
    is_missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """Money has moved that does not fit the attempt (amount, currency, account): listed, never counted as paid."""

    capture_id: str
    reason: str
    amount: Decimal
    currency: str


Result = Captured | Pending | Failed | NeedsAction | Unknown | Mismatch


@dataclass(frozen=True, kw_only=True)
class RefundOrder:
    """A refund as a provider sees it; `amount` is in `currency`, what the provider moved."""

    key: str
    amount: Decimal
    currency: str
    capture_id: str
    provider_id: str = ""
    asked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Refunded:
    """The provider has sent the money back."""

    provider_id: str


@dataclass(frozen=True, kw_only=True)
class RefundPending:
    """The refund is on its way."""

    provider_id: str


@dataclass(frozen=True, kw_only=True)
class RefundFailed:
    """The money stays with us; a person must find another way."""

    reason: str
    provider_id: str = ""


RefundResult = Refunded | RefundPending | RefundFailed | Unknown


@dataclass(frozen=True, kw_only=True)
class DisputeFacts:
    """How a dispute stands at the provider, in the currency the money was moved in."""

    dispute_id: str
    capture_id: str
    amount: Decimal
    currency: str
    reason: str
    status: str
    evidence_due_at: datetime | None
    is_closed: bool


@dataclass(frozen=True, kw_only=True)
class Event:
    """A provider's message after its signature was checked. Who it is about is told by any of the names in it."""

    event_id: str
    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a message is about: an attempt or a refund by our own key or by the provider's names."""

    kind: str  # "payment", "refund", "dispute", "saved_method", "" (of no interest)
    key: str = ""
    provider_ids: Sequence[str] = ()
    capture_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One line of a provider's books, in the currency the money was moved in. `amount` is positive either way.

    `source_id` names the refund or dispute, else the charge; `key` is our own key, where the provider keeps it.
    """

    kind: str  # "capture", "refund", "refund_failed", "dispute", "other" (fees, payouts)
    amount: Decimal
    currency: str
    source_id: str
    capture_id: str = ""
    key: str = ""


class EventRefused(Exception):
    """A message that is not the provider's, or not for this shop. The text is for our log, not for the sender."""


class Provider(ABC):
    """One payment provider. Every method may be slow and is called outside transactions, but for `prepare`."""

    name: str
    # The values of Payment.Method that it serves.
    methods: tuple[str, ...]
    # Whether `refund` moves money; otherwise a person does it and enters the bank's reference.
    can_refund: bool = False
    # How many attempts `refresh_many` asks about in one call.
    at_once: int = 1
    # Whether `close` can stop it; otherwise `close` only looks, and many given-up attempts are asked about at once.
    can_close: bool = True
    # Whether `events_since` lists what the provider has told us, or meant to.
    lists_events: bool = False
    # Whether `movements` lists the provider's own books.
    lists_movements: bool = False

    @abstractmethod
    def is_configured(self, method: str) -> bool:
        """Tell whether the settings hold what `method` needs. Asked on every checkout page: no network."""

    @abstractmethod
    def prepare(self, attempt: Attempt) -> Prepared:
        """Return what is committed before the call. No network. Raises Refusal when `method` cannot be used now."""

    @abstractmethod
    def start(self, attempt: Attempt) -> Result:
        """Begin to collect; usually `Pending` with what the payment page needs."""

    @abstractmethod
    def refresh(self, attempt: Attempt) -> Result:
        """Ask how an attempt stands, by its own names, whatever the last answer was."""

    @abstractmethod
    def close(self, attempt: Attempt) -> Result:
        """Stop taking money: `Failed` when that is certain, `Captured` when money was faster, `Unknown` without answer.

        `Pending` says that nothing has moved so far and that it cannot be stopped (a code on somebody's telephone):
        the shop gives the attempt up and goes on asking as `next_poll` says, for money may still come.
        """

    @abstractmethod
    def next_poll(self, attempt: Attempt, *, polls: int, now: datetime) -> datetime | None:
        """Return when to ask again about an attempt without a final answer; None gives up (money is then searched by
        reconciliation)."""

    def refresh_many(self, attempts: Sequence[Attempt]) -> dict[str, Result]:
        """Ask about several attempts at once; return the results by key. Providers with a bulk call override it."""
        return {attempt.key: self.refresh(attempt) for attempt in attempts}

    def charge_saved(self, attempt: Attempt) -> Result:
        """Charge `attempt.card` while its owner is away."""
        raise NotImplementedError(f"{self.name} keeps no cards")

    def forget_card(self, card: Card) -> bool:
        """Have the provider keep a card no longer; False without an answer. A card it does not keep is forgotten."""
        raise NotImplementedError(f"{self.name} keeps no cards")

    def refund(self, order: RefundOrder) -> RefundResult:
        """Send money back."""
        raise NotImplementedError(f"{self.name} sends no money back by itself")

    def refresh_refund(self, order: RefundOrder) -> RefundResult:
        """Ask how a refund stands."""
        raise NotImplementedError(f"{self.name} sends no money back by itself")

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Check a message's signature, age, account and mode. Raises EventRefused."""
        raise EventRefused(f"{self.name} sends no messages")

    def subject_of(self, event: Event) -> Subject:
        """Return what a message is about. No network: its content is a hint, the truth is asked for by `refresh`."""
        return Subject(kind="")

    def events_since(self, instant: datetime) -> Sequence[Event] | Unknown:
        """Return everything that happened since `instant`, the oldest first."""
        raise NotImplementedError(f"{self.name} keeps no list of events")

    def movements(self, since: datetime, until: datetime) -> Sequence[Movement] | Unknown:
        """Return what the provider's own books say about the time from `since` to before `until`."""
        raise NotImplementedError(f"{self.name} shows no books")

    def alarms(self, now: datetime) -> Sequence[str]:
        """Return, in words for staff, what must be done soon so that payments go on (a token that ends). No network."""
        return ()

    def dispute(self, dispute_id: str) -> DisputeFacts | Unknown:
        """Ask how a dispute stands."""
        raise NotImplementedError(f"{self.name} knows no disputes")


def forbid_open_transaction() -> None:
    """Raise RuntimeError inside a transaction: a slow provider would hold its locks. Called before every request."""
    if in_transaction():
        raise RuntimeError("A payment provider must not be called inside a database transaction.")
