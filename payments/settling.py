"""Money arrives: first the fact is committed, then it finds its purpose. Real money is never refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog

from core import clock
from core.db import atomic_retry
from core.flows import move
from core.money import ZERO, is_exact
from core.refusals import Conflict, Refusal
from payments.billing import close_attempt, mark_settled
from payments.flow import BillState, PaymentState
from payments.models import Bill, Break, Payment
from payments.signals import Claim, bill_settled

log = structlog.get_logger(__name__)
TIME_TO_RESOLVE = timedelta(days=1)
# MariaDB's longest unique column of text; what providers call things is far shorter.
LONGEST_KEY = 255
# A capture younger than this is still in the hands of the deed that recorded it.
SWEEP_AFTER = timedelta(seconds=10)


@atomic_retry
def record_capture(
    payment: Payment,
    *,
    amount: Decimal,
    reference: str,
    by: Any,
    capture_id: str = "",
    provider_id: str = "",
    brand: str = "",
    last4: str = "",
) -> Payment:
    """Commit the fact that `amount` has arrived for `payment`. Asks nobody whether it is welcome.

    `capture_id` is the provider's unique name of the movement of money, `provider_id` that of the attempt; `brand` and
    `last4` are what the receipt says of a card. The same reference and amount again changes nothing. Raises
    Refusal("amount_impossible") for zero, negative or fractional amounts, Conflict("already_captured") when another
    amount or reference is on record and Conflict("capture_used") when another attempt has the same movement of money.
    """
    if not is_exact(amount, payment.currency) or amount <= 0:
        raise Refusal("amount_impossible", "Enter the amount that arrived, more than zero.", amount=amount)
    Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if payment.state == PaymentState.CAPTURED:
        if payment.captured_amount == amount and payment.reference == reference:
            return payment
        raise Conflict(
            "already_captured", "Money for this payment is on record already.", amount=payment.captured_amount
        )
    if capture_id:
        other = Payment.objects.filter(capture_id=capture_id).exclude(pk=payment.pk).first()
        if other is not None:
            raise Conflict("capture_used", f"This money is on record for payment {other.key}.", payment=other.key)
    changes: dict[str, Any] = {
        "captured_amount": amount,
        "captured_at": clock.now(),
        "reference": reference,
        "capture_id": capture_id or None,
        "live_bill": None,
        "next_poll_at": None,
    }
    if provider_id:
        changes["provider_id"] = provider_id
    if last4:
        changes["data"] = {**payment.data, "brand": brand, "last4": last4}
    move(payment, PaymentState.CAPTURED, by=by, reason=reference, changes=changes, amount=amount)
    return payment


def settle(payment: Payment, *, by: Any) -> Payment:
    """Give a captured payment to whoever is waiting for it; what nobody can use becomes a Break with a deadline.

    Safe to call again: a claimed payment stays as it is. An error in the claiming app leaves the capture standing.
    """
    try:
        return _claim(payment, by=by)
    except Refusal as refusal:
        log.warning("claim_refused", payment=payment.key, code=refusal.code)
        return _record_failure(payment, reason=refusal.message)
    except Exception:
        log.exception("claim_failed", payment=payment.key)
        return _record_failure(payment, reason="The shop could not book this money because of an error.")


@atomic_retry
def settle_free_bill(bill: Bill, *, by: Any) -> None:
    """Settle a bill over nothing: no payment is needed, and the listeners hear of it all the same."""
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    if bill.amount != ZERO:
        raise Refusal("bill_not_free", "This bill has something to pay.", amount=bill.amount)
    mark_settled(bill, by=by)
    bill_settled.send(sender=Bill, bill=bill, payment=None, amount=ZERO)


def settle_unclaimed_captures(*, limit: int = 100) -> int:
    """Find captures whose claim was interrupted and settle them. Returns how many it looked at."""
    waiting = Payment.objects.unclaimed(clock.now() - SWEEP_AFTER).exclude(breaks__kind=Break.Kind.CLAIM_FAILED)[:limit]
    return sum(1 for payment in waiting if settle(payment, by=None))


@atomic_retry
def _claim(payment: Payment, *, by: Any) -> Payment:
    bill = Bill.objects.select_for_update().get(pk=payment.bill_id)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if payment.state != PaymentState.CAPTURED or payment.claimed_at is not None:
        return payment
    answers = bill_settled.send(sender=Bill, bill=bill, payment=payment, amount=payment.captured_amount)
    claims = [answer for _, answer in answers if isinstance(answer, Claim)]
    if len(claims) != 1:
        found = "nothing" if not claims else f"{len(claims)} things"
        claims = [Claim(ZERO, payment.captured_amount, f"This money was asked for by {found}.")]
        kind = Break.Kind.UNCLAIMED
    else:
        kind = Break.Kind.SURPLUS
    claim = claims[0]
    if claim.applied + claim.surplus != payment.captured_amount:
        raise RuntimeError(f"A claim on {payment.key} does not add up to what was captured.")
    payment.applied_amount = claim.applied
    payment.claimed_at = clock.now()
    payment.save(update_fields=["applied_amount", "claimed_at"])
    if claim.surplus:
        open_break(payment, kind=kind, amount=claim.surplus, reason=claim.reason)
    bill.refresh_from_db()
    if bill.state == BillState.OPEN and amount_outstanding(bill) == ZERO:
        mark_settled(bill, by=by)
    if bill.state != BillState.OPEN:
        # Another attempt must not take the money a second time.
        for other in Payment.objects.select_for_update().filter(live_bill=bill).order_by("pk"):
            close_attempt(other, by=by, reason=f"paid by {payment.key}")
    return payment


def amount_outstanding(bill: Bill) -> Decimal:
    """Return what is still to be paid of `bill`, in its currency."""
    applied = sum(Payment.objects.filter(bill=bill).values_list("applied_amount", flat=True), ZERO)
    return bill.amount - applied


def open_break(
    payment: Payment, *, kind: str, amount: Decimal, reason: str, currency: str = "", provider_id: str = ""
) -> Break:
    """Put a difference on the worklist, once a payment, kind and `provider_id` (the money's name at the provider).

    `currency` is the payment's own unless given. One that was resolved before stays resolved.
    """
    difference, _ = Break.objects.get_or_create(
        key=f"{payment.key}:{kind}:{provider_id}"[:LONGEST_KEY],
        defaults={
            "payment": payment,
            "kind": kind,
            "amount": amount,
            "currency": currency or payment.currency,
            "reason": reason[:300],
            "due_at": clock.now() + TIME_TO_RESOLVE,
            "provider": payment.provider,
            "provider_id": provider_id,
        },
    )
    return difference


@atomic_retry
def _record_failure(payment: Payment, *, reason: str) -> Payment:
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    open_break(payment, kind=Break.Kind.CLAIM_FAILED, amount=payment.captured_amount, reason=reason)
    return payment


@atomic_retry
def resolve_break(difference: Break, *, by: Any, resolution: str) -> None:
    """Say how a difference was resolved. Raises Refusal("resolution_missing"), Conflict("already_resolved")."""
    if not resolution.strip():
        raise Refusal("resolution_missing", "Say in a few words how this was resolved.")
    difference = Break.objects.select_for_update().get(pk=difference.pk)
    if difference.resolved_at is not None:
        raise Conflict("already_resolved", "Somebody has resolved this already.")
    difference.resolved_at = clock.now()
    difference.owner = by
    difference.resolution = resolution.strip()[:300]
    difference.save(update_fields=["resolved_at", "owner", "resolution"])
    if difference.payment is not None:
        difference.payment.record(kind="break_resolved", by=by, reason=difference.resolution)
