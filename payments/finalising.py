"""The one place where a provider's answer becomes a fact of the shop.

Webhook, browser return, poller, saved card and reconciliation all end here. An answer may come twice, late, out of
order or while another one is being booked: each step is taken under lock and only forwards, and money once recorded is
never unrecorded by a later answer.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError

from core import clock
from core.db import atomic_retry
from core.flows import move
from core.refusals import Conflict
from payments.attempts import attempt_of
from payments.flow import LIVE, PaymentState
from payments.models import Bill, Break, Payment
from payments.providers.port import Captured, Failed, Mismatch, NeedsAction, Pending, Result, Unknown
from payments.providers.registry import provider_named
from payments.saved_cards import keep_card
from payments.settling import open_break, record_capture, settle
from payments.signals import payment_failed

log = structlog.get_logger(__name__)
ASK_AGAIN_SOONEST = timedelta(seconds=15)
ASK_AGAIN_LATEST = timedelta(minutes=5)
# Whoever has another card at hand takes it by then; the others get a letter.
TIME_FOR_ANOTHER_CARD = timedelta(minutes=2)
# What our own doing or the clock has ended is closed; what a bank refused has failed.
CLOSED_BY_TIME = frozenset({"expired", "closed"})


def finalise(payment: Payment, result: Result, *, by: Any = None) -> Payment:
    """Record what a provider said about an attempt and return it as it now stands. Safe to call again."""
    if isinstance(result, Captured):
        return _take(payment, result, by=by)
    if isinstance(result, Mismatch):
        return _list_mismatch(payment, result)
    if isinstance(result, Failed | NeedsAction):
        return _end(payment, result, by=by)
    if isinstance(result, Pending):
        return _wait(payment, result)
    return _ask_again(payment, result)


def _take(payment: Payment, result: Captured, *, by: Any) -> Payment:
    """Record the capture, then let it find its purpose: two transactions, for real money is never refused."""
    attempt = attempt_of(payment)
    if (result.amount, result.currency) == (attempt.amount, attempt.currency):
        amount = payment.amount
    elif result.currency == payment.currency:
        amount = result.amount
    else:
        reason = f"{result.amount} {result.currency} came, {attempt.amount} {attempt.currency} were asked for"
        wrong = Mismatch(capture_id=result.capture_id, reason=reason, amount=result.amount, currency=result.currency)
        return _list_mismatch(payment, wrong)
    try:
        payment = record_capture(
            payment,
            amount=amount,
            reference=result.capture_id[:100],
            by=by,
            capture_id=result.capture_id,
            provider_id=result.provider_id,
            brand=result.brand,
            last4=result.last4,
        )
    except (Conflict, IntegrityError) as error:
        # Another movement of money for this attempt, or another attempt's money: a person must look.
        reason = error.message if isinstance(error, Conflict) else "This money is on record for another payment."
        wrong = Mismatch(capture_id=result.capture_id, reason=reason, amount=result.amount, currency=result.currency)
        return _list_mismatch(payment, wrong)
    if result.card is not None:
        keep_card(payment, result.card)
    return settle(payment, by=by)


@atomic_retry
def _end(payment: Payment, result: Failed | NeedsAction, *, by: Any) -> Payment:
    """Nothing can come of this attempt any more; the next one gets a new number."""
    payment = _locked(payment)
    if payment.state == PaymentState.CAPTURED:
        return payment
    reason = result.reason if isinstance(result, Failed) else "The bank wants the owner of the card to confirm."
    changes: dict[str, Any] = {
        "live_bill": None,
        "next_poll_at": None,
        "failure_code": result.code[:60],
        "failure_reason": reason[:300],
    }
    if result.provider_id:
        changes["provider_id"] = result.provider_id
    if payment.state in LIVE:
        to = PaymentState.CLOSED if result.code in CLOSED_BY_TIME else PaymentState.FAILED
        move(payment, to, by=by, reason=reason, changes=changes, code=result.code)
        if to == PaymentState.FAILED:
            payment_failed.send(sender=Payment, bill=payment.bill, payment=payment, code=payment.failure_code)
        return payment
    payment.next_poll_at = None
    payment.save(update_fields=["next_poll_at"])
    return payment


@atomic_retry
def _wait(payment: Payment, result: Pending) -> Payment:
    """The payer or the bank has still to act."""
    payment = _locked(payment)
    if payment.state == PaymentState.CAPTURED:
        return payment
    now = clock.now()
    provider = provider_named(payment.provider)
    payment.next_poll_at = provider.next_poll(attempt_of(payment), polls=payment.polls, now=now)
    payment.provider_id = result.provider_id or payment.provider_id
    payment.data = {**payment.data, **result.data, **_since_when_refused(payment, result, now)}
    payment.failure_code = result.failure_code[:60]
    wanted = PaymentState.CHECKING if result.is_processing else PaymentState.PENDING
    changes: dict[str, Any] = {
        "next_poll_at": payment.next_poll_at,
        "provider_id": payment.provider_id,
        "data": payment.data,
        "failure_code": payment.failure_code,
    }
    if payment.state in LIVE and not result.is_processing and payment.expires_at and payment.expires_at <= now:
        # The payer needs a new page or code; what still comes for this one is found all the same.
        move(payment, PaymentState.CLOSED, by=None, reason="expired", changes={**changes, "live_bill": None})
    elif payment.state in LIVE and payment.state != wanted:
        move(payment, wanted, by=None, changes=changes)
    else:
        payment.save(update_fields=list(changes))
    if payment.failure_code and _is_left_alone(payment, now):
        payment_failed.send(sender=Payment, bill=payment.bill, payment=payment, code=payment.failure_code)
    return payment


def _since_when_refused(payment: Payment, result: Pending, now: datetime) -> dict[str, Any]:
    """Return since when this attempt's last card is refused, for its data."""
    if not result.failure_code or "refused_at" in payment.data:
        return {}
    return {"refused_at": now.isoformat()}


def _is_left_alone(payment: Payment, now: datetime) -> bool:
    """Tell whether a card was refused so long ago that its owner has gone away rather than taken another one."""
    return now - datetime.fromisoformat(payment.data["refused_at"]) >= TIME_FOR_ANOTHER_CARD


@atomic_retry
def _ask_again(payment: Payment, result: Unknown) -> Payment:
    """Nobody knows: show that we are checking, and ask sooner at first, then more rarely."""
    payment = _locked(payment)
    if payment.state == PaymentState.CAPTURED:
        return payment
    if result.is_alarm:
        log.error("provider_needs_staff", provider=payment.provider, payment=payment.key, reason=result.reason)
    payment.polls += 1
    payment.next_poll_at = later(payment.polls)
    changes = {"polls": payment.polls, "next_poll_at": payment.next_poll_at}
    if payment.state == PaymentState.PENDING:
        move(payment, PaymentState.CHECKING, by=None, reason=result.reason, changes=changes)
    else:
        payment.save(update_fields=list(changes))
    return payment


@atomic_retry
def _list_mismatch(payment: Payment, result: Mismatch) -> Payment:
    """Money that does not fit pays for nothing; somebody must send it back or book it."""
    payment = _locked(payment)
    log.error("payment_mismatch", payment=payment.key, capture=result.capture_id, reason=result.reason)
    reason = f"{result.reason} ({result.capture_id})"
    open_break(
        payment,
        kind=Break.Kind.MISMATCH,
        amount=result.amount,
        currency=result.currency,
        reason=reason,
        provider_id=result.capture_id,
    )
    if payment.state in LIVE:
        changes = {
            "live_bill": None,
            "next_poll_at": None,
            "failure_code": "mismatch",
            "failure_reason": reason[:300],
        }
        move(payment, PaymentState.FAILED, by=None, reason=reason, changes=changes)
    elif payment.next_poll_at is not None:
        payment.next_poll_at = None
        payment.save(update_fields=["next_poll_at"])
    payment_failed.send(sender=Payment, bill=payment.bill, payment=payment, code="mismatch")
    return payment


def _locked(payment: Payment) -> Payment:
    """Lock the bill, then the attempt."""
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    return Payment.objects.select_for_update().get(pk=payment.pk)


def later(tries: int) -> datetime:
    """Return when to ask again after so many answers that told nothing: 15 s, 30 s, 1 min … 5 min."""
    return clock.now() + min(ASK_AGAIN_SOONEST * 2 ** min(tries - 1, 10), ASK_AGAIN_LATEST)
