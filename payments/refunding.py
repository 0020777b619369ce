"""Money goes back: decided under lock, sent outside transactions, followed until the provider's final word."""

from decimal import Decimal
from typing import Any

import structlog
from django.db import IntegrityError
from django.db.models import Sum

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
from payments.providers.registry import is_remote, provider_named
from payments.settling import open_break

log = structlog.get_logger(__name__)
# Money that nobody can use goes back by itself, where the provider can send it.
RETURNED_BY_ITSELF = (Break.Kind.SURPLUS, Break.Kind.TO_GIVE_BACK)


def refundable(payment: Payment) -> Decimal:
    """Return how much of a payment has not gone back and is not on its way, in the payment's currency."""
    gone = payment.refunds.standing().aggregate(total=Sum("amount"))["total"] or ZERO
    return payment.captured_amount - gone


@atomic_retry
def request_refund(
    payment: Payment,
    *,
    amount: Decimal,
    expected_remaining: Decimal,
    by: Any,
    reason: str,
    difference: Break | None = None,
) -> Refund:
    """Decide that `amount` of `payment` goes back; `send_refund` moves it. Writes only.

    `expected_remaining` is what could be refunded when the caller looked. Raises Refusal("amount_impossible"),
    Refusal("not_refundable") for a payment without money or without a provider that sends it back,
    Refusal("too_much") and Conflict("remaining_changed", remaining).
    """
    if not is_exact(amount, payment.currency) or amount <= 0:
        raise Refusal("amount_impossible", "Enter an amount to refund, more than zero.", amount=amount)
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if payment.state != PaymentState.CAPTURED or not can_send_back(payment):
        raise Refusal("not_refundable", "This payment cannot be refunded here.")
    remaining = refundable(payment)
    if remaining != expected_remaining:
        raise Conflict("remaining_changed", "Somebody has refunded a part meanwhile. Look again.", remaining=remaining)
    if amount > remaining:
        words = amount_text(remaining, payment.currency)
        raise Refusal("too_much", f"At most {words} can be refunded.", remaining=remaining)
    number = payment.refunds.count() + 1
    refund = Refund.objects.create(
        payment=payment,
        difference=difference,
        key=f"{payment.key}:r{number}",
        amount=amount,
        currency=payment.currency,
        charge_amount=amount,
        charge_currency=payment.charge_currency or payment.currency,
        reason=reason[:300],
        requested_by=by if by is not None and by.is_authenticated else None,
        next_poll_at=clock.now(),
    )
    refund.record(kind="requested", by=by, reason=reason, amount=amount)
    return refund


def can_send_back(payment: Payment) -> bool:
    """Tell whether the payment's provider sends money back by itself, in the currency of the bill."""
    return (
        is_remote(payment.provider)
        and provider_named(payment.provider).can_refund
        and payment.charge_currency in {"", payment.currency}
    )


def send_refund(refund: Refund, *, final_too: bool = False) -> Refund:
    """Have the provider send the money, or ask how it stands; return the refund as the answer leaves it.

    Safe to call again at any time: the provider knows the refund by its key. `final_too` asks about one that is done:
    a bank may still send the money back.
    """
    refund = _mark_asked(refund)
    if refund.state == RefundState.FAILED or (refund.state == RefundState.DONE and not final_too):
        return refund
    provider = provider_named(refund.payment.provider)
    order = refund_order_of(refund)
    is_new = refund.state == RefundState.REQUESTED and not refund.provider_id and refund.polls == 0
    return finalise_refund(refund, provider.refund(order) if is_new else provider.refresh_refund(order))


@atomic_retry
def finalise_refund(refund: Refund, result: RefundResult) -> Refund:
    """Record what the provider said about a refund. A later failure overrides an earlier success, as at the bank."""
    refund = _locked(refund)
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
            changes = {**names, "next_poll_at": None, "finished_at": clock.now()}
            move(refund, RefundState.DONE, by=None, changes=changes, amount=refund.amount)
            _resolve(refund)
    elif refund.state != RefundState.FAILED:
        _fail(refund, result, names)
    return refund


def _fail(refund: Refund, result: RefundFailed, names: dict[str, Any]) -> None:
    changes = {
        **names,
        "next_poll_at": None,
        "finished_at": clock.now(),
        "failure_reason": result.reason[:300],
    }
    move(refund, RefundState.FAILED, by=None, reason=result.reason, changes=changes)
    reason = f"Refund {refund.key} failed: {result.reason}"
    open_break(refund.payment, kind=Break.Kind.REFUND_FAILED, amount=refund.amount, reason=reason)


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
        remaining = refundable(payment)
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
            )
        except (Refusal, IntegrityError) as error:
            # Another worker was faster, or staff are at it: the next sweep looks again.
            log.info("surplus_not_returned", payment=payment.key, error=repr(error))
            continue
        send_refund(refund)
        begun += 1
    return begun


def _resolve(refund: Refund) -> None:
    """What the refund was for is done."""
    difference = refund.difference
    if difference is not None and difference.resolved_at is None:
        difference.resolved_at = clock.now()
        difference.resolution = f"Sent back to the card: {refund.provider_id}."
        difference.save(update_fields=["resolved_at", "resolution"])


@atomic_retry
def _mark_asked(refund: Refund) -> Refund:
    """Commit that a call is about to be made."""
    refund = _locked(refund)
    if RefundState(refund.state) in {RefundState.REQUESTED, RefundState.PENDING}:
        refund.asked_at = refund.asked_at or clock.now()
        refund.next_poll_at = later(2)
        refund.save(update_fields=["asked_at", "next_poll_at"])
    return refund


def _locked(refund: Refund) -> Refund:
    """Lock bill, payment and refund, in this order."""
    payment = refund.payment
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    Payment.objects.select_for_update().get(pk=payment.pk)
    return Refund.objects.select_for_update().get(pk=refund.pk)
