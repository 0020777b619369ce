"""Money goes back: decided under lock, sent outside transactions, followed until the provider's final word."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import structlog
from django.db import IntegrityError

from core import clock
from core.db import atomic_retry
from core.flows import move
from core.money import ZERO, amount_text, is_exact
from core.refusals import Conflict, Refusal
from payments.attempts import refund_order_of
from payments.finalising import later
from payments.flow import PaymentState, RefundState
from payments.models import Bill, Break, Payment, Refund
from payments.providers.port import Refunded, RefundFailed, RefundPending, RefundResult, Unknown
from payments.providers.registry import provider_named
from payments.refundable import can_send_back, charge_for, needs_second_person, refundable, settled_left, surplus_left
from payments.settling import open_break
from payments.signals import bill_refunded

log = structlog.get_logger(__name__)
# Money that nobody can use goes back by itself, where the provider can send it.
RETURNED_BY_ITSELF = (Break.Kind.SURPLUS, Break.Kind.TO_GIVE_BACK)


@atomic_retry
def request_refund(
    payment: Payment,
    *,
    amount: Decimal,
    expected_remaining: Decimal,
    by: Any,
    reason: str,
    difference: Break | None = None,
    from_surplus: bool = False,
) -> Refund:
    """Decide that `amount` of `payment` goes back; `send_refund` moves it. Writes only.

    `expected_remaining` is what could be refunded when the caller looked: `refundable`, or `surplus_left` for money
    that settled nothing. More than one person may decide alone waits as proposed; what no provider can send waits to be
    sent by hand. Raises Refusal("amount_impossible"), Refusal("not_refundable") for a payment without money,
    Refusal("disputed"), Refusal("too_much"), Refusal("too_small") and Conflict("remaining_changed", shown, remaining).
    """
    refuse_impossible(amount, payment.currency)
    bill = Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if payment.state == PaymentState.CAPTURED and payment.claimed_at is None:
        # Its money goes back unbooked: that is its purpose now, and nothing may book it afterwards.
        payment.claimed_at = clock.now()
        payment.save(update_fields=["claimed_at"])
    remaining = surplus_left(payment) if from_surplus else refundable(payment)
    refuse_changed(expected_remaining, remaining, payment.currency)
    refuse_too_much(amount, remaining, payment.currency)
    alone = by is None or not needs_second_person([bill], amount)
    refund = write_refund(
        payment, amount=amount, by=by, reason=reason, difference=difference, from_surplus=from_surplus
    )
    if alone:
        release_refund(refund, by=by)
    return refund


def share_among_payments(payments: Sequence[Payment], amount: Decimal) -> list[tuple[Payment, Decimal]]:
    """Return which payment gives back how much of `amount`: the newest first, each what it settled and still has.

    The caller holds the locks, and knows that there is enough.
    """
    parts = []
    for payment in sorted(payments, key=lambda payment: payment.pk, reverse=True):
        part = min(amount, settled_left(payment))
        if part > 0:
            parts.append((payment, part))
            amount -= part
    return parts


def write_refund(
    payment: Payment,
    *,
    amount: Decimal,
    by: Any,
    reason: str,
    difference: Break | None = None,
    from_surplus: bool = False,
) -> Refund:
    """Write a proposed refund of a locked payment; `release_refund` decides it. Raises the refusals of the payment."""
    if payment.state != PaymentState.CAPTURED:
        raise Refusal("not_refundable", "No money has come by this payment, so none can go back.")
    if payment.disputes.holding().exists():
        raise Refusal(
            "disputed",
            "The customer disputes this payment at the bank, which holds the money until it has decided. A refund now "
            "could pay it back twice.",
        )
    charge = charge_for(payment, amount)
    if charge <= 0:
        raise Refusal("too_small", f"{amount_text(amount, payment.currency)} is too little to be sent in riel.")
    refund = Refund.objects.create(
        payment=payment,
        difference=difference,
        key=_next_key(payment),
        state=RefundState.PROPOSED,
        amount=amount,
        currency=payment.currency,
        charge_amount=charge,
        charge_currency=payment.charge_currency or payment.currency,
        reason=reason[:300],
        requested_by=by if by is not None and by.is_authenticated else None,
        from_surplus=from_surplus,
        by_hand=not can_send_back(payment),
    )
    refund.record(kind="proposed", by=by, reason=reason, amount=amount)
    return refund


def release_refund(refund: Refund, *, by: Any, approved: bool = False) -> None:
    """Decide a proposed refund that the caller has locked: it is to be sent, by the provider or by hand."""
    changes: dict[str, Any] = {"approved_by": by} if approved else {}
    if refund.by_hand:
        move(refund, RefundState.BY_HAND, by=by, changes=changes, amount=refund.amount)
    else:
        changes["next_poll_at"] = clock.now()
        move(refund, RefundState.REQUESTED, by=by, changes=changes, amount=refund.amount)
    announce(refund)


def send_refund(refund: Refund, *, final_too: bool = False) -> Refund:
    """Have the provider send the money, or ask how it stands; return the refund as the answer leaves it.

    Safe to call again at any time: the provider knows the refund by its key. `final_too` asks about one that is done:
    a bank may still send the money back. What is not decided, or sent by hand, is left alone.
    """
    refund = _mark_asked(refund)
    asked = {RefundState.REQUESTED, RefundState.PENDING} | ({RefundState.DONE} if final_too else set())
    if refund.by_hand or RefundState(refund.state) not in asked:
        return refund
    provider = provider_named(refund.payment.provider)
    order = refund_order_of(refund)
    is_new = refund.state == RefundState.REQUESTED and not refund.provider_id and refund.polls == 0
    return finalise_refund(refund, provider.refund(order) if is_new else provider.refresh_refund(order))


@atomic_retry
def finalise_refund(refund: Refund, result: RefundResult) -> Refund:
    """Record what the provider said about a refund. A later failure overrides an earlier success, as at the bank."""
    refund = locked_refund(refund)
    if refund.by_hand:
        return refund
    if isinstance(result, Unknown):
        if RefundState(refund.state) in {RefundState.REQUESTED, RefundState.PENDING}:
            refund.polls += 1
            refund.next_poll_at = later(refund.polls)
            refund.save(update_fields=["polls", "next_poll_at"])
        return refund
    names = {"provider_id": result.provider_id} if result.provider_id else {}
    if isinstance(result, RefundPending):
        if refund.state == RefundState.REQUESTED:
            move(refund, RefundState.PENDING, by=None, changes={**names, "next_poll_at": later(9)})
        elif refund.state == RefundState.PENDING:
            refund.next_poll_at = later(9)
            refund.save(update_fields=["next_poll_at"])
    elif isinstance(result, Refunded):
        if RefundState(refund.state) in {RefundState.REQUESTED, RefundState.PENDING}:
            finish_refund(refund, by=None, changes={**names, "next_poll_at": None})
    elif refund.state != RefundState.FAILED:
        _fail(refund, result, names)
    return refund


def finish_refund(refund: Refund, *, by: Any, changes: dict[str, Any]) -> None:
    """Record that the money of a locked refund has gone back, and close what it was for."""
    move(refund, RefundState.DONE, by=by, changes={**changes, "finished_at": clock.now()}, amount=refund.amount)
    difference = refund.difference
    if difference is not None and difference.resolved_at is None:
        difference.resolved_at = clock.now()
        difference.resolution = f"Sent back: {refund.provider_id or refund.reference}."
        difference.save(update_fields=["resolved_at", "resolution"])
    announce(refund)


def _fail(refund: Refund, result: RefundFailed, names: dict[str, Any]) -> None:
    changes = {
        **names,
        "next_poll_at": None,
        "finished_at": clock.now(),
        "failure_reason": result.reason[:300],
    }
    move(refund, RefundState.FAILED, by=None, reason=result.reason, changes=changes)
    reason = f"Refund {refund.key} failed: {result.reason}"
    open_break(
        refund.payment, kind=Break.Kind.REFUND_FAILED, amount=refund.amount, reason=reason, provider_id=refund.key
    )
    announce(refund)


def return_surpluses(*, limit: int = 100) -> int:
    """Send back what nobody can use, where the provider can: the second of two payments, money for a cancelled order.

    Returns how many refunds it began.
    """
    waiting = (
        Break.objects.open()
        .filter(kind__in=RETURNED_BY_ITSELF, refund=None)
        .exclude(payment__provider="manual")
        .select_related("payment__bill")
        .order_by("pk")[:limit]
    )
    begun = 0
    for difference in waiting:
        payment = difference.payment
        if not can_send_back(payment):
            continue
        from_surplus = difference.kind == Break.Kind.SURPLUS
        remaining = surplus_left(payment) if from_surplus else refundable(payment)
        amount = min(difference.amount, remaining)
        if amount <= 0:
            continue
        try:
            refund = request_refund(
                payment,
                amount=amount,
                expected_remaining=remaining,
                by=None,
                reason=difference.reason,
                difference=difference,
                from_surplus=from_surplus,
            )
        except (Refusal, IntegrityError) as error:
            # Another worker was faster, or staff are at it: the next sweep looks again.
            log.info("surplus_not_returned", payment=payment.key, error=repr(error))
            continue
        send_refund(refund)
        begun += 1
    return begun


def refuse_impossible(amount: Decimal, currency: str) -> None:
    """Raise Refusal("amount_impossible") unless `amount` is money."""
    if not is_exact(amount, currency) or amount <= ZERO:
        raise Refusal("amount_impossible", "Enter an amount to refund, more than zero.", amount=amount)


def refuse_changed(shown: Decimal, remaining: Decimal, currency: str) -> None:
    """Raise Conflict("remaining_changed") when less, or more, can be refunded than the caller saw."""
    if shown != remaining:
        now, then = amount_text(remaining, currency), amount_text(shown, currency)
        raise Conflict(
            "remaining_changed",
            f"Somebody has refunded a part meanwhile: {now} can still be refunded, you saw {then}. Look again.",
            shown=shown,
            remaining=remaining,
        )


def refuse_too_much(amount: Decimal, remaining: Decimal, currency: str) -> None:
    """Raise Refusal("too_much") for more than what is left, Refusal("not_refundable") when nothing is."""
    if remaining <= 0:
        raise Refusal("not_refundable", "There is no money here that could be refunded.")
    if amount > remaining:
        words = amount_text(remaining, currency)
        raise Refusal("too_much", f"At most {words} can be refunded.", remaining=remaining)


def announce(refund: Refund) -> None:
    """Tell the floors above how a locked refund stands now."""
    bill_refunded.send(sender=Refund, bill=refund.payment.bill, refund=refund)


def locked_refund(refund: Refund) -> Refund:
    """Lock bill, payment and refund, in this order."""
    payment = refund.payment
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    Payment.objects.select_for_update().get(pk=payment.pk)
    return Refund.objects.select_for_update().get(pk=refund.pk)


@atomic_retry
def _mark_asked(refund: Refund) -> Refund:
    """Commit that a call is about to be made."""
    refund = locked_refund(refund)
    if not refund.by_hand and RefundState(refund.state) in {RefundState.REQUESTED, RefundState.PENDING}:
        refund.asked_at = refund.asked_at or clock.now()
        refund.next_poll_at = later(2)
        refund.save(update_fields=["asked_at", "next_poll_at"])
    return refund


def _next_key(payment: Payment) -> str:
    return f"{payment.key}:r{payment.refunds.count() + 1}"
