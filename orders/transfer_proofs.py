"""A customer shows a transfer for an order; staff look for the money, then approve or say why not."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.files.base import File

from core.db import atomic_retry
from core.refusals import Conflict
from orders import letters
from orders.flow import CancelReason, OrderState
from orders.guest_access import order_link
from orders.models import Order
from orders.payment_approval import mark_paid
from payments import proving
from payments.flow import BillState
from payments.models import Bill, Payment, PaymentProof


def bill_to_prove(order: Order, bills: Iterable[Bill]) -> Bill | None:
    """Return which of the order's bills a transfer may still pay; None when it is paid, or is paid another way.

    Who transferred too late shows it too: the order expired, and the money may revive it.
    """
    waits = order.state == OrderState.PENDING or (
        order.state == OrderState.CANCELLED and order.cancel_reason == CancelReason.EXPIRED
    )
    if not waits or order.payment_method != Payment.Method.BANK_TRANSFER:
        return None
    unpaid = [bill for bill in bills if bill.state != BillState.SETTLED]
    return unpaid[-1] if unpaid else None


def show_transfer(order: Order, *, upload: File, by: Any) -> PaymentProof:
    """Keep the picture of a transfer for `order`. It pays nothing.

    Raises Conflict("no_proof_needed") and the refusals of `payments.proving.add_proof`.
    """
    bill = bill_to_prove(order, Bill.objects.filter(order_bill__order=order).order_by("pk"))
    if bill is None:
        raise Conflict("no_proof_needed", "This order does not wait for a bank transfer.", state=order.state)
    return proving.add_proof(bill, upload=upload, by=by)


def approve_transfer(proof: PaymentProof, *, by: Any, amount: Decimal, reference: str) -> Order:
    """Book the money that staff have found at the bank, and close the proof. Raises the refusals of `mark_paid`."""
    order = Order.objects.get(order_bills__bill=proof.bill_id)
    order = mark_paid(order, by=by, amount=amount, reference=reference)
    proving.approve_proof(proof, by=by)
    return order


@atomic_retry
def reject_transfer(proof: PaymentProof, *, by: Any, reason: str) -> PaymentProof:
    """Tell the customer why the picture does not help. Raises the refusals of `payments.proving.reject_proof`."""
    proof = proving.reject_proof(proof, by=by, reason=reason)
    order = Order.objects.get(order_bills__bill=proof.bill_id)
    letters.proof_rejected(order, link=order_link(order), proof_code=proof.code, reason=proof.reason)
    return proof
