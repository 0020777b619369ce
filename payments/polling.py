"""Find every payment and refund whose provider must be asked: with all webhooks lost, this alone is enough."""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.core.cache import cache
from django.db.models import F

from core import clock
from payments.attempts import attempt_of
from payments.collecting import check, give_up
from payments.finalising import finalise
from payments.flow import LIVE
from payments.models import Payment, Refund
from payments.providers.registry import provider_named
from payments.refunding import send_refund

log = structlog.get_logger(__name__)
# Providers count our questions; a customer who presses every second learns nothing sooner.
MOST_PRESSES, PRESSES_PER_SECONDS = 5, 30
# Whoever has taken a row asks about it within this time; after a crash the next sweep takes it again.
LEASE = timedelta(seconds=60)
# A provider that is slow to answer must not keep the worker from everything else: the rest is asked in the next sweep.
PATIENCE_SECONDS = 20


def poll_payments(*, limit: int = 200) -> int:
    """Ask about every attempt that is due, in as few calls as a provider allows. Returns how many were due."""
    taken = _take_due(Payment, limit=limit)
    payments = list(Payment.objects.select_related("bill", "saved_method").filter(pk__in=taken).order_by("pk"))
    given_up: list[Payment] = []
    by_provider: dict[str, list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.state in LIVE or not provider_named(payment.provider).can_close:
            by_provider[payment.provider].append(payment)
        else:
            given_up.append(payment)
    for provider, waiting in by_provider.items():
        end, at_once = time.monotonic() + PATIENCE_SECONDS, provider_named(provider).at_once
        for start in range(0, len(waiting), at_once):
            if time.monotonic() < end:
                _ask_about(provider, waiting[start : start + at_once])
    end = time.monotonic() + PATIENCE_SECONDS
    for payment in given_up:
        if time.monotonic() < end:
            _safely(payment, lambda payment=payment: close_at_provider(payment))
    return len(payments)


def check_when_due(payment: Payment) -> Payment:
    """Ask about one attempt when its time has come and nobody else is asking: for a customer who waits at a page."""
    now = clock.now()
    due = Payment.objects.filter(pk=payment.pk, next_poll_at=payment.next_poll_at, next_poll_at__lte=now)
    if due.update(next_poll_at=now + LEASE, polls=F("polls") + 1):
        return check(payment)
    return payment


def check_now(payment: Payment) -> Payment:
    """Ask about one attempt because somebody presses a button; who presses too often is told what is known."""
    key = f"payment-checked:{payment.pk}"
    cache.add(key, 0, timeout=PRESSES_PER_SECONDS)
    try:
        is_too_often = cache.incr(key) > MOST_PRESSES
    except ValueError:  # the time was over just now
        is_too_often = False
    return payment if is_too_often else check(payment)


def close_at_provider(payment: Payment) -> None:
    """Tell the provider that an attempt was given up, and hear whether money was faster."""
    finalise(payment, provider_named(payment.provider).close(attempt_of(payment)))


def poll_refunds(*, limit: int = 100) -> int:
    """Send refunds that a crash has held up, and ask about those on their way. Returns how many."""
    refunds = Refund.objects.select_related("payment__bill").filter(pk__in=_take_due(Refund, limit=limit))
    for refund in refunds.order_by("pk"):
        _safely(refund.payment, lambda refund=refund: send_refund(refund))
    return len(refunds)


def _take_due(model: type[Payment] | type[Refund], *, limit: int) -> list[int]:
    """Lease the rows that are due to this process: of two pollers only one changes the time that both have read."""
    now = clock.now()
    due = list(model.objects.to_poll(now).values_list("pk", "next_poll_at")[:limit])
    return [
        key
        for key, at in due
        if model.objects.filter(pk=key, next_poll_at=at).update(next_poll_at=now + LEASE, polls=F("polls") + 1)
    ]


def _ask_about(provider: str, payments: Sequence[Payment]) -> None:
    attempts = {payment.key: attempt_of(payment) for payment in payments}
    unasked = [payment for payment in payments if payment.asked_at is None and payment.state in LIVE]
    asked = [attempts[payment.key] for payment in payments if payment.asked_at is not None]
    for payment in unasked:
        give_up(payment, by=None, reason="nobody came to pay")
    if not asked:
        return
    try:
        results = provider_named(provider).refresh_many(asked)
    except Exception:
        # One provider's bug must not keep the others from being asked; the rows come again when the lease is over.
        log.exception("poll_failed", provider=provider)
        return
    for payment in payments:
        if payment.key in results:
            _safely(payment, lambda payment=payment: finalise(payment, results[payment.key]))


def _safely(payment: Payment, deed: object) -> None:
    """Run `deed`; an error in one payment leaves the others to be asked about."""
    try:
        deed()  # type: ignore[operator]
    except Exception:
        log.exception("poll_failed", payment=payment.key)
