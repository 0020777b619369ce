"""Stripe behind the shop's port. Every POST bears a key of ours, so a repeated call never charges twice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
from django.conf import settings

from core import clock
from payments.providers.port import (
    Attempt,
    Card,
    DisputeFacts,
    Event,
    Failed,
    Movement,
    NeedsAction,
    Prepared,
    Provider,
    Refunded,
    RefundFailed,
    RefundOrder,
    RefundPending,
    RefundResult,
    Result,
    Subject,
    Unknown,
)
from payments.providers.stripe import books, events
from payments.providers.stripe.client import ask, client, fetch
from payments.providers.stripe.reading import (
    decline_of,
    from_parts,
    intent_result,
    name_of,
    session_result,
    to_parts,
    told,
)

# Stripe takes 30 minutes at least, counted from its own clock; the rest is time for a second try after a lost answer.
PAGE_LIFE = timedelta(minutes=35)
# Stripe forgets idempotency keys after a day; then the same key would charge again.
KEYS_LIVE = timedelta(hours=23)
POLL_AFTER = timedelta(minutes=2)
POLL_A_BANK_AFTER = timedelta(minutes=30)
EXPANDED = ["payment_intent", "payment_intent.payment_method"]
OFF_SESSION = "charge_saved"


class StripeProvider(Provider):
    """Cards by Stripe."""

    name = "stripe"
    methods = ("card",)
    can_refund = True
    lists_events = True
    lists_movements = True

    def is_configured(self, method: str) -> bool:
        """Tell whether key and webhook secret are there."""
        return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRETS)

    def prepare(self, attempt: Attempt) -> Prepared:
        """Fix the end of the payment page now: a repeated call must bear the same parameters."""
        to_parts(attempt.amount, attempt.currency)
        return Prepared(expires_at=clock.now().replace(microsecond=0) + PAGE_LIFE)

    # --- The hosted page ----------------------------------------------------------------------------------------

    def start(self, attempt: Attempt) -> Result:
        """Open a Checkout Session; the customer pays at `data["url"]`."""
        if self._key_is_stale(attempt):
            return self._search(attempt)
        params = self._session_params(attempt)
        try:
            if attempt.saves_card:
                customer = self._customer(attempt)
                if isinstance(customer, Unknown):
                    return customer
                params |= {"customer": customer}
                params["payment_intent_data"] |= {"setup_future_usage": "off_session"}
            else:
                params |= {"customer_email": attempt.payer_email}
            session = ask(lambda: client().v1.checkout.sessions.create(params, {"idempotency_key": attempt.key}))
        except stripe.InvalidRequestError as error:
            # Refused before anything was made: had this key ever made a session, Stripe would have repeated it.
            return refused(error)
        return session if isinstance(session, Unknown) else session_result(attempt, session)

    def refresh(self, attempt: Attempt) -> Result:
        """Ask how an attempt stands; one whose first answer was lost is found again by its key."""
        if attempt.data.get("kind") == OFF_SESSION:
            return self._refresh_charge(attempt)
        if not attempt.provider_id:
            return self._find_session(attempt)
        session = fetch(lambda: client().v1.checkout.sessions.retrieve(attempt.provider_id, {"expand": EXPANDED}))
        return session if isinstance(session, Unknown) else session_result(attempt, session)

    def close(self, attempt: Attempt) -> Result:
        """Expire the payment page. Money that was faster is a capture; a charge under way is waited for."""
        found = self.refresh(attempt)
        provider_id = getattr(found, "provider_id", "")
        if not hasattr(found, "is_processing") or found.is_processing or not provider_id:
            return found
        try:
            session = ask(lambda: client().v1.checkout.sessions.expire(provider_id, {"expand": EXPANDED}))
        except stripe.InvalidRequestError:
            return self.refresh(attempt)
        return session if isinstance(session, Unknown) else session_result(attempt, session)

    def next_poll(self, attempt: Attempt, *, polls: int, now: datetime) -> datetime | None:
        """Every two minutes while the page is open; a bank that thinks is asked every half hour."""
        late = attempt.expires_at is not None and now > attempt.expires_at + PAGE_LIFE
        return now + (POLL_A_BANK_AFTER if late else POLL_AFTER)

    def _session_params(self, attempt: Attempt) -> dict[str, Any]:
        words = {"metadata": {"attempt": attempt.key}}
        product = {"name": attempt.description}
        price = {
            "currency": attempt.currency.lower(),
            "unit_amount": to_parts(attempt.amount, attempt.currency),
            "product_data": product,
        }
        return {
            "mode": "payment",
            "ui_mode": "hosted_page",
            "allowed_payment_method_types": ["card"],
            "client_reference_id": attempt.key,
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": attempt.return_url,
            "cancel_url": attempt.cancel_url,
            "expires_at": int(attempt.expires_at.timestamp()) if attempt.expires_at else None,
            "payment_intent_data": {"description": attempt.description, **words},
            **words,
        }

    def _customer(self, attempt: Attempt) -> Any:
        """Return the customer to keep the card for: the known one, or a new one (once an attempt)."""
        if attempt.customer_id:
            return attempt.customer_id
        made = ask(
            lambda: client().v1.customers.create(
                {"email": attempt.payer_email}, {"idempotency_key": f"{attempt.key}:customer"}
            )
        )
        return made if isinstance(made, Unknown) else made.id

    def _find_session(self, attempt: Attempt) -> Result:
        """The answer to the first call was lost: the same key gives it again, else the list of sessions has it."""
        if self._key_is_stale(attempt):
            return self._search(attempt)
        found = self.start(attempt)
        if not isinstance(found, Unknown):
            return found
        since = int((attempt.asked_at or attempt.started_at).timestamp()) - 60
        sessions = ask(
            lambda: client().v1.checkout.sessions.list({"created": {"gte": since}, "limit": 100, "expand": []})
        )
        if isinstance(sessions, Unknown):
            return sessions
        ours = next((one.id for one in sessions.data if one.client_reference_id == attempt.key), "")
        if not ours:
            return found
        session = ask(lambda: client().v1.checkout.sessions.retrieve(ours, {"expand": EXPANDED}))
        return session if isinstance(session, Unknown) else session_result(attempt, session)

    # --- Saved cards --------------------------------------------------------------------------------------------

    def charge_saved(self, attempt: Attempt) -> Result:
        """Charge the saved card. A bank that wants its owner to confirm ends the attempt: the owner must come."""
        card = attempt.card
        if card is None:
            raise ValueError(f"{attempt.key} has no card to charge")
        if self._key_is_stale(attempt):
            return self._search(attempt)
        params = {
            "amount": to_parts(attempt.amount, attempt.currency),
            "currency": attempt.currency.lower(),
            "customer": card.customer_id,
            "payment_method": card.method_id,
            "off_session": True,
            "confirm": True,
            "description": attempt.description,
            "metadata": {"attempt": attempt.key},
        }
        try:
            intent = ask(lambda: client().v1.payment_intents.create(params, {"idempotency_key": attempt.key}))
        except stripe.CardError as error:
            return self._declined(error)
        except stripe.InvalidRequestError as error:
            return refused(error)
        return intent if isinstance(intent, Unknown) else intent_result(attempt, intent)

    def forget_card(self, card: Card) -> bool:
        """Detach the card from its customer; Stripe can never charge it again."""
        try:
            answer = ask(lambda: client().v1.payment_methods.detach(card.method_id))
        except stripe.InvalidRequestError:
            # It is unknown, or belongs to nobody any more: there is nothing left to forget.
            return True
        return not isinstance(answer, Unknown)

    def _refresh_charge(self, attempt: Attempt) -> Result:
        if attempt.provider_id:
            intent = fetch(lambda: client().v1.payment_intents.retrieve(attempt.provider_id))
            return intent if isinstance(intent, Unknown) else intent_result(attempt, intent)
        found = self.charge_saved(attempt)
        # An error that Stripe repeats for this key tells nothing; the search does, a minute later at the latest.
        return self._search(attempt, nothing=found) if isinstance(found, Unknown) else found

    def _declined(self, error: stripe.CardError) -> Failed | NeedsAction:
        intent = told(error.error, "payment_intent") if error.error is not None else None
        provider_id = name_of(intent)
        if error.code == "authentication_required":
            return NeedsAction(code=error.code, provider_id=provider_id)
        code, words = decline_of(intent)
        return Failed(
            code=code or error.code or "declined", reason=words or str(error.user_message), provider_id=provider_id
        )

    def _search(self, attempt: Attempt, *, nothing: Result | None = None) -> Result:
        """Find a payment by our own key. Nothing found for a key older than its life: nobody has paid."""
        query = f"metadata['attempt']:'{attempt.key}'"
        found = ask(lambda: client().v1.payment_intents.search({"query": query}))
        if isinstance(found, Unknown):
            return found
        paid = [intent for intent in found.data if intent["status"] == "succeeded"]
        if paid or found.data:
            return intent_result(attempt, (paid or found.data)[0])
        return nothing or Failed(code="expired", reason="Nothing was paid in time.")

    def _key_is_stale(self, attempt: Attempt) -> bool:
        return attempt.asked_at is not None and clock.now() - attempt.asked_at > KEYS_LIVE

    # --- Money back ---------------------------------------------------------------------------------------------

    def refund(self, order: RefundOrder) -> RefundResult:
        """Send money back to the card it came from."""
        if order.asked_at is not None and clock.now() - order.asked_at > KEYS_LIVE:
            return self.refresh_refund(order)
        params = {
            "payment_intent": order.capture_id,
            "amount": to_parts(order.amount, order.currency),
            "metadata": {"refund": order.key},
        }
        try:
            made = ask(lambda: client().v1.refunds.create(params, {"idempotency_key": order.key}))
        except stripe.InvalidRequestError as error:
            return RefundFailed(reason=str(error.user_message or error.code or "Stripe refuses it."))
        return made if isinstance(made, Unknown) else refund_result(made)

    def refresh_refund(self, order: RefundOrder) -> RefundResult:
        """Ask how a refund stands; one whose answer was lost is found by our key."""
        if order.provider_id:
            found = fetch(lambda: client().v1.refunds.retrieve(order.provider_id))
            return found if isinstance(found, Unknown) else refund_result(found)
        listed = ask(lambda: client().v1.refunds.list({"payment_intent": order.capture_id, "limit": 100}))
        if isinstance(listed, Unknown):
            return listed
        ours = next((one for one in listed.data if told(one["metadata"], "refund") == order.key), None)
        if ours is not None:
            return refund_result(ours)
        if order.asked_at is not None and clock.now() - order.asked_at > KEYS_LIVE:
            return RefundFailed(reason="Stripe has never heard of this refund.")
        return self.refund(order)

    # --- What Stripe tells us -----------------------------------------------------------------------------------

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Check a webhook. Raises EventRefused."""
        return events.read(body, headers)

    def subject_of(self, event: Event) -> Subject:
        """Return what a webhook is about."""
        return events.subject_of(event)

    def events_since(self, instant: datetime) -> Sequence[Event] | Unknown:
        """Return everything that happened since `instant`, the oldest first. Stripe remembers thirty days."""
        params = {"created": {"gte": int(instant.timestamp())}, "limit": 100}
        listed = ask(lambda: list(client().v1.events.list(params).auto_paging_iter()))
        if isinstance(listed, Unknown):
            return listed
        return [Event(event_id=one.id, kind=one.type[:80], body=one.to_dict()) for one in reversed(listed)]

    def movements(self, since: datetime, until: datetime) -> Sequence[Movement] | Unknown:
        """Return Stripe's balance transactions."""
        return books.movements(since, until)

    def dispute(self, dispute_id: str) -> DisputeFacts | Unknown:
        """Ask how a dispute stands."""
        found = fetch(lambda: client().v1.disputes.retrieve(dispute_id))
        if isinstance(found, Unknown):
            return found
        due = told(told(found, "evidence_details"), "due_by")
        return DisputeFacts(
            dispute_id=found.id,
            capture_id=name_of(told(found, "payment_intent")),
            amount=from_parts(found.amount),
            currency=found.currency.upper(),
            reason=found.reason,
            status=found.status,
            evidence_due_at=datetime.fromtimestamp(due, UTC) if due else None,
            is_closed=found.status in {"won", "lost", "warning_closed", "prevented"},
        )


def refused(error: stripe.InvalidRequestError) -> Failed:
    """Return a request that Stripe does not take: a matter for staff, no bank has said anything."""
    return Failed(code="refused", reason=f"{error.user_message or 'Stripe refuses it.'} ({error.code or 'no code'})")


def refund_result(refund: Any) -> RefundResult:
    """Return a Stripe refund as a fact."""
    if refund["status"] == "succeeded":
        return Refunded(provider_id=refund["id"])
    if refund["status"] in {"failed", "canceled"}:
        reason = told(refund, "failure_reason") or refund["status"]
        return RefundFailed(reason=f"Stripe could not send it: {reason}", provider_id=refund["id"])
    return RefundPending(provider_id=refund["id"])
