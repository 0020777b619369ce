"""What staff do about a difference: take it on, book the money for a payment, or send it back."""

from typing import Any

from core.db import atomic_retry
from core.money import ZERO
from core.refusals import Conflict, Refusal
from payments.flow import PaymentState
from payments.models import Break, Payment, Refund
from payments.refunding import can_send_back, refundable, request_refund, send_refund, surplus_left
from payments.settling import record_capture, resolve_break, settle

# Money that has come and that no payment has: staff may say what it was for.
UNBOOKED = (Break.Kind.MISSING_HERE, Break.Kind.MISMATCH)
# Money that a payment has and that nobody can use.
TO_RETURN = (Break.Kind.SURPLUS, Break.Kind.UNCLAIMED, Break.Kind.TO_GIVE_BACK, Break.Kind.CLAIM_FAILED)


@atomic_retry
def take_break(difference: Break, *, by: Any) -> Break:
    """Say that `by` looks after a difference from now on. Raises Conflict("already_resolved")."""
    difference = Break.objects.select_for_update().get(pk=difference.pk)
    if difference.resolved_at is not None:
        raise Conflict("already_resolved", "Somebody has resolved this already.")
    difference.owner = by
    difference.save(update_fields=["owner"])
    if difference.payment is not None:
        difference.payment.record(kind="break_taken", by=by, reason=difference.reason)
    return difference


def can_be_booked(difference: Break) -> bool:
    """Tell whether this is money with a name at the provider that no payment has."""
    return difference.resolved_at is None and difference.kind in UNBOOKED and bool(difference.provider_id)


def book_break(difference: Break, *, payment: Payment, by: Any) -> Payment:
    """Book the money of a difference for `payment`, as if it had come for it; what it cannot use is listed anew.

    Raises Conflict("already_resolved"), Refusal("not_bookable") for a difference without money of its own,
    Refusal("other_provider"), Refusal("other_currency"), and Conflict("already_captured") or Conflict("capture_used")
    when money is on record.
    """
    if difference.resolved_at is not None:
        raise Conflict("already_resolved", "Somebody has resolved this already.")
    if not can_be_booked(difference):
        raise Refusal("not_bookable", "This difference is no money that could be booked.")
    if difference.provider != payment.provider:
        raise Refusal(
            "other_provider",
            f"This money came through {difference.provider}, and the payment did not: name one that did.",
        )
    if difference.currency != payment.currency:
        raise Refusal(
            "other_currency",
            f"This money is in {difference.currency} and the payment in {payment.currency}: book it by hand.",
        )
    payment = record_capture(
        payment,
        amount=difference.amount,
        reference=difference.provider_id[:100],
        by=by,
        capture_id=difference.provider_id,
    )
    resolve_break(difference, by=by, resolution=f"Booked for payment {payment.key}.")
    return settle(payment, by=by)


def can_be_sent_back(difference: Break) -> bool:
    """Tell whether the provider can send the money of this difference back."""
    payment = difference.payment
    return (
        difference.resolved_at is None
        and payment is not None
        and difference.kind in TO_RETURN
        and payment.state == PaymentState.CAPTURED
        and not Refund.objects.filter(difference=difference).exists()
        and can_send_back(payment)
        and refundable(payment) > ZERO
    )


def send_back(difference: Break, *, by: Any) -> Refund:
    """Send back what nobody can use; the difference is resolved by the provider's final word.

    Raises Refusal("not_refundable") and what `request_refund` refuses.
    """
    payment = difference.payment
    if payment is None or not can_be_sent_back(difference):
        raise Refusal("not_refundable", "This money cannot be sent back here.")
    # What settled nothing goes back as such: the order's own money stays refundable.
    from_surplus = difference.kind != Break.Kind.TO_GIVE_BACK
    remaining = surplus_left(payment) if from_surplus else refundable(payment)
    refund = request_refund(
        payment,
        amount=min(difference.amount, remaining),
        expected_remaining=remaining,
        by=by,
        reason=difference.reason,
        difference=difference,
        from_surplus=from_surplus,
    )
    return send_refund(refund)
