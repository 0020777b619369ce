"""What providers tell us: kept first, then acted on. A message is a hint to look; the truth is what the provider
answers when asked."""

import time
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction

from core import clock
from core.db import atomic_retry
from core.nudge import nudge
from payments.collecting import check
from payments.disputing import record_dispute
from payments.flow import LIVE, PaymentState
from payments.models import Break, Payment, ProviderEvent, Refund
from payments.polling import PATIENCE_SECONDS, close_at_provider
from payments.providers.port import Event, Subject, Unknown
from payments.providers.registry import provider_named
from payments.refunding import send_refund
from payments.saved_cards import forget_cards
from payments.settling import open_break

log = structlog.get_logger(__name__)
PROCESS = "payments.process_provider_event"
# An object that we do not know may be written a moment later, or belong to another program of the same account.
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 20


class NotYet(Exception):
    """The message cannot be acted on now; the text says why."""


def keep_event(provider: str, event: Event) -> ProviderEvent:
    """Store a message under its unique name, and hint a worker. The same message again is the same row."""
    try:
        with transaction.atomic():
            row = ProviderEvent.objects.create(
                provider=provider, event_id=event.event_id, kind=event.kind, body=dict(event.body)
            )
    except IntegrityError:
        return ProviderEvent.objects.get(provider=provider, event_id=event.event_id)
    nudge(PROCESS, row.pk)
    return row


def process_waiting_events(*, limit: int = 100) -> int:
    """Act on every message that waits. Returns how many it looked at."""
    waiting = list(ProviderEvent.objects.waiting(clock.now()).values_list("pk", flat=True)[:limit])
    end = time.monotonic() + PATIENCE_SECONDS
    for key in waiting:
        if time.monotonic() < end:
            process_event(key)
    return len(waiting)


def process_event(key: int) -> None:
    """Act on one message; what cannot be acted on is parked and tried again. Acting twice changes nothing."""
    row = ProviderEvent.objects.filter(pk=key).first()
    if row is None or row.processed_at is not None:
        return
    event = Event(event_id=row.event_id, kind=row.kind, body=row.body)
    try:
        outcome = _act(row.provider, provider_named(row.provider).subject_of(event))
    except NotYet as reason:
        _park(row, str(reason))
    except Exception:
        log.exception("event_failed", provider_event=row.event_id, kind=row.kind)
        _park(row, "An error of ours; see the log.")
    else:
        _finish(row, outcome)


def replay_event(row: ProviderEvent) -> None:
    """Let a message be acted on once more, however it ended."""
    ProviderEvent.objects.filter(pk=row.pk).update(processed_at=None, next_try_at=clock.now())
    process_event(row.pk)


def _act(provider: str, subject: Subject) -> str:
    """Ask the provider how the thing stands that the message is about; return what came of it in words."""
    if subject.kind == "payment":
        payment = _payment(provider, subject)
        if payment.state in LIVE:
            payment = check(payment)
        elif payment.state != PaymentState.CAPTURED:
            close_at_provider(payment)
            payment.refresh_from_db()
        if payment.state == PaymentState.CHECKING and payment.next_poll_at is not None:
            return f"{payment.key} is being checked"
        return f"{payment.key} is {payment.state}"
    if subject.kind == "refund":
        return _refund(provider, subject)
    if subject.kind == "dispute":
        return _dispute(provider, subject)
    if subject.kind == "saved_method":
        forget_cards(list(subject.provider_ids))
        return "the card is not used any more"
    return "of no interest"


def _payment(provider: str, subject: Subject) -> Payment:
    """Return the attempt that a message names. Raises NotYet."""
    known = Payment.objects.select_related("bill", "saved_method").filter(provider=provider)
    found = known.filter(key=subject.key).first() if subject.key else None
    if found is None and subject.provider_ids:
        found = known.filter(provider_id__in=[name for name in subject.provider_ids if name]).first()
    if found is None and subject.capture_id:
        found = known.filter(capture_id=subject.capture_id).first()
    if found is None:
        raise NotYet(f"no payment is called {subject.key or subject.capture_id or ', '.join(subject.provider_ids)}")
    return found


def _refund(provider: str, subject: Subject) -> str:
    refunds = Refund.objects.select_related("payment__bill").filter(payment__provider=provider)
    refund = refunds.filter(key=subject.key).first() if subject.key else None
    refund = refund or refunds.filter(provider_id__in=subject.provider_ids).first()
    if refund is not None:
        refund = send_refund(refund, final_too=True)
        return f"{refund.key} is {refund.state}"
    payment = _payment(provider, Subject(kind="payment", capture_id=subject.capture_id))
    reason = f"The provider reports refund {', '.join(subject.provider_ids)}, which was not made here."
    open_break(
        payment,
        kind=Break.Kind.REVERSED,
        amount=payment.captured_amount,
        reason=reason,
        provider_id=next(iter(subject.provider_ids), ""),
    )
    return f"a refund of {payment.key} that was not made here"


def _dispute(provider: str, subject: Subject) -> str:
    facts = provider_named(provider).dispute(subject.provider_ids[0])
    if isinstance(facts, Unknown):
        raise NotYet(facts.reason)
    payment = _payment(provider, Subject(kind="payment", capture_id=facts.capture_id))
    dispute = record_dispute(payment, facts)
    return f"{dispute.dispute_id} is {dispute.status}"


@atomic_retry
def _finish(row: ProviderEvent, outcome: str) -> None:
    row = ProviderEvent.objects.select_for_update().get(pk=row.pk)
    row.attempts += 1
    row.processed_at = clock.now()
    row.next_try_at = None
    row.outcome = outcome[:300]
    row.save(update_fields=["attempts", "processed_at", "next_try_at", "outcome"])


@atomic_retry
def _park(row: ProviderEvent, reason: str) -> None:
    row = ProviderEvent.objects.select_for_update().get(pk=row.pk)
    if row.processed_at is not None:
        return
    row.attempts += 1
    wait = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 20), LONGEST_WAIT)
    row.next_try_at = clock.now() + wait if row.attempts < MOST_ATTEMPTS else None
    row.outcome = reason[:300]
    row.save(update_fields=["attempts", "next_try_at", "outcome"])
