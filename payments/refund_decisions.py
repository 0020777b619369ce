"""What people decide about a refund: approve it, withdraw it, send it by hand, and say that the bank has sent it."""

from typing import Any

from django.db import IntegrityError

from core.db import atomic_retry
from core.flows import move
from core.refusals import Conflict, Refusal
from payments.flow import RefundState
from payments.models import Break, Refund
from payments.refunding import announce, finish_refund, locked_refund, release_refund
from payments.settling import resolve_break


@atomic_retry
def approve_refund(refund: Refund, *, by: Any) -> Refund:
    """Let a second person agree; the refund is then sent. Writes only: `send_refund` moves the money.

    Raises Conflict("wrong_state"), Refusal("own_refund") when the requester approves, and Refusal("disputed").
    """
    refund = locked_refund(refund)
    _refuse_unless(refund, RefundState.PROPOSED)
    if refund.requested_by_id is not None and refund.requested_by_id == by.pk:
        raise Refusal("own_refund", "You asked for this refund, so somebody else must approve it.")
    if refund.payment.disputes.holding().exists():
        raise Refusal("disputed", "The customer disputes this payment at the bank now. Wait for the bank's decision.")
    release_refund(refund, by=by, approved=True)
    return refund


@atomic_retry
def withdraw_refund(refund: Refund, *, by: Any, reason: str) -> Refund:
    """Say that a refund is not to be made after all: one that waits, is to be sent by hand, or has failed.

    Its money can be refunded anew. Raises Refusal("reason_missing") and Conflict("wrong_state").
    """
    refund = locked_refund(refund)
    if not reason.strip():
        raise Refusal("reason_missing", "Say in a few words why the money does not go back.")
    was_decided = refund.state != RefundState.PROPOSED
    move(refund, RefundState.WITHDRAWN, by=by, reason=reason.strip())
    if was_decided:
        _close_failure(refund, by=by, resolution=f"Refund {refund.key} withdrawn: {reason.strip()}")
        announce(refund)
    return refund


@atomic_retry
def send_by_hand(refund: Refund, *, by: Any) -> Refund:
    """Put a refund that the provider could not send on the list of transfers. Raises Conflict("wrong_state")."""
    refund = locked_refund(refund)
    _refuse_unless(refund, RefundState.FAILED)
    move(refund, RefundState.BY_HAND, by=by, changes={"by_hand": True, "finished_at": None})
    announce(refund)
    return refund


def confirm_transfer(refund: Refund, *, by: Any, reference: str) -> Refund:
    """Record that staff have sent the money. `reference` is the bank's, or the number of the receipt for cash.

    Raises Refusal("reference_missing"), Refusal("reference_used") and Conflict("wrong_state").
    """
    reference = " ".join(reference.split())[:100]
    if not reference:
        raise Refusal("reference_missing", "Enter the bank's reference or the receipt number.")
    try:
        return _record_transfer(refund, by=by, reference=reference)
    except IntegrityError:
        # Two refunds with one reference at the same moment: the unique key let one through.
        _refuse_used(refund, reference)
        raise


@atomic_retry
def _record_transfer(refund: Refund, *, by: Any, reference: str) -> Refund:
    refund = locked_refund(refund)
    _refuse_unless(refund, RefundState.BY_HAND)
    _refuse_used(refund, reference)
    finish_refund(refund, by=by, changes={"reference": reference, "finished_by": by})
    _close_failure(refund, by=by, resolution=f"Sent by hand: {reference}.")
    return refund


def _refuse_used(refund: Refund, reference: str) -> None:
    used = Refund.objects.filter(reference__iexact=reference).exclude(pk=refund.pk).first()
    if used is not None:
        raise Refusal("reference_used", f"This reference is on record for refund {used.key}.", refund=used.key)


def _refuse_unless(refund: Refund, state: RefundState) -> None:
    if refund.state != state:
        words = refund.get_state_display().lower()
        raise Conflict("wrong_state", f"This refund has moved on: {words}.", state=refund.state)


def _close_failure(refund: Refund, *, by: Any, resolution: str) -> None:
    """Resolve the listed failure of a refund, unless another refund of the payment has failed too."""
    if refund.payment.refunds.failed().exists():
        return
    for difference in refund.payment.breaks.open().filter(kind=Break.Kind.REFUND_FAILED):
        resolve_break(difference, by=by, resolution=resolution)
