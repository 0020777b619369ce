"""Collect money through a provider: write what is intended, call outside every transaction, record the answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core import clock
from core.db import atomic_retry
from core.flows import move
from payments.attempts import attempt_of
from payments.billing import being_checked, close_attempt, may_still_take_money, start_payment
from payments.finalising import finalise
from payments.flow import LIVE, PaymentState
from payments.models import Bill, Payment, SavedMethod
from payments.providers.port import Attempt, Pending, Provider, Result
from payments.providers.registry import is_remote, provider_named
from payments.settling import settle

# A call that has not been answered for so long was cut off by a crash; the poller takes it up.
CUT_OFF_AFTER = timedelta(seconds=30)


def collect(bill: Bill, *, method: str, by: Any, **told: Any) -> Payment:
    """Begin, or go on with, a payment of `bill` by `method`; return the attempt as the provider's answer leaves it.

    A live attempt by the same method is gone on with; one by another method, or with another answer to whether the card
    may be kept, is ended first. `told` goes to `start_payment`. Raises its refusals, Conflict("payment_is_checked")
    while an earlier attempt is of unknown outcome and Conflict("bill_not_open") when that attempt turns out to have
    paid.
    """
    _book_what_has_come(bill, by=by)
    live = live_attempt(bill)
    if live is not None and may_still_take_money(live):
        is_over = live.expires_at is not None and live.expires_at <= clock.now()
        # Whether the card is kept was told to the provider: another answer of the customer needs another page.
        is_other = live.method != method or live.saves_method != told.get("saves_method", False)
        live = give_up(live, by=by) if is_other or is_over else check(live)
        if live.state in LIVE and (is_other or live.state == PaymentState.CHECKING):
            raise being_checked(live)
    payment = start_payment(bill, method=method, by=by, **told)
    if not is_remote(payment.provider) or (payment.asked_at is not None and "url" in payment.data):
        return payment
    return _call(payment, lambda provider, attempt: provider.start(attempt), by=by)


def charge_saved(bill: Bill, *, card: SavedMethod, by: Any, description: str) -> Payment:
    """Charge a saved card over what is left of `bill` while its owner is away; return the attempt as it stands.

    Repeating it goes on with the live attempt, so no crash and no second worker charges twice. Raises the refusals of
    `start_payment`.
    """
    _book_what_has_come(bill, by=by)
    payment = start_payment(bill, method=Payment.Method.CARD, by=by, description=description, saved_method=card)
    return _call(payment, lambda provider, attempt: provider.charge_saved(attempt), by=by)


def _book_what_has_come(bill: Bill, *, by: Any) -> None:
    """Finish what a crash has cut off: money on record that no bill has yet must not be asked for again."""
    for payment in Payment.objects.filter(bill=bill, state=PaymentState.CAPTURED, claimed_at=None).order_by("pk"):
        settle(payment, by=by)


def live_attempt(bill: Bill) -> Payment | None:
    """Return the attempt that may still pay `bill`."""
    return Payment.objects.select_related("bill", "saved_method").filter(live_bill=bill).first()


def check(payment: Payment, *, by: Any = None) -> Payment:
    """Ask the provider how an attempt stands, and record it. Captured attempts are not asked about again."""
    if payment.state == PaymentState.CAPTURED or not is_remote(payment.provider) or payment.asked_at is None:
        return payment
    # Whoever asks may die before the answer is recorded: then the poller asks soon, not when it would have anyway.
    soon = clock.now() + CUT_OFF_AFTER
    Payment.objects.filter(pk=payment.pk, next_poll_at__gt=soon).update(next_poll_at=soon)
    return finalise(payment, provider_named(payment.provider).refresh(attempt_of(payment)), by=by)


def give_up(payment: Payment, *, by: Any, reason: str = "another way of paying was chosen") -> Payment:
    """End a live attempt at its provider. It stays live when nobody knows how it stands; money that was faster counts.

    What a provider cannot stop (a code that is on somebody's telephone) is given up here and asked about all the same.
    """
    if not may_still_take_money(payment):
        return _give_up_here(payment, by=by, reason=reason)
    result = provider_named(payment.provider).close(attempt_of(payment))
    payment = finalise(payment, result, by=by)
    if isinstance(result, Pending) and not result.is_processing:
        return _give_up_here(payment, by=by, reason=reason)
    return payment


@atomic_retry
def _give_up_here(payment: Payment, *, by: Any, reason: str) -> Payment:
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if payment.live_bill_id is not None:
        close_attempt(payment, by=by, reason=reason)
    return payment


def _call(payment: Payment, call: Callable[[Provider, Attempt], Result], *, by: Any) -> Payment:
    """Say that the provider is being asked, ask, and record the answer."""
    payment = _mark_asked(payment)
    if payment.state not in LIVE:
        return payment
    return finalise(payment, call(provider_named(payment.provider), attempt_of(payment)), by=by)


@atomic_retry
def _mark_asked(payment: Payment) -> Payment:
    """Commit that a call is about to be made: whoever comes after a crash must ask before trying anew."""
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if payment.state not in LIVE:
        return payment
    now = clock.now()
    payment.asked_at = payment.asked_at or now
    payment.next_poll_at = now + CUT_OFF_AFTER
    changes: dict[str, Any] = {"asked_at": payment.asked_at, "next_poll_at": payment.next_poll_at}
    if payment.saved_method_id is not None and payment.state == PaymentState.PENDING:
        # The card may be charged from now on, and nobody is looking: not "waiting for the payer".
        move(
            payment,
            PaymentState.CHECKING,
            by=None,
            changes={**changes, "data": {**payment.data, "kind": "charge_saved"}},
        )
    else:
        payment.save(update_fields=list(changes))
    return payment


def refuse_unless_free(bill: Bill) -> None:
    """Raise Conflict("payment_is_checked") while a provider may still take money for `bill`."""
    live = live_attempt(bill)
    if live is not None and may_still_take_money(live):
        raise being_checked(live)
