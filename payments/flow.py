"""States of bills and payments and the steps between them."""

from django.db import models

from core.flows import flow


class BillState(models.TextChoices):
    WITHHELD = "withheld", "Waiting for signature"
    OPEN = "open", "To be paid"
    SETTLED = "settled", "Paid"
    VOID = "void", "Void"


BILL_FLOW = flow(
    "bill",
    {
        BillState.WITHHELD: [BillState.OPEN, BillState.VOID],
        BillState.OPEN: [BillState.SETTLED, BillState.VOID, BillState.WITHHELD],
        # Money that arrives after an order has expired may revive it whole.
        BillState.VOID: [BillState.OPEN],
    },
)


class PaymentState(models.TextChoices):
    PENDING = "pending", "Waiting for money"
    CHECKING = "checking", "Being checked"
    CAPTURED = "captured", "Money received"
    FAILED = "failed", "Failed"
    CLOSED = "closed", "Closed without money"


# Nobody may be asked to pay again while one of these stands.
LIVE = (PaymentState.PENDING, PaymentState.CHECKING)

PAYMENT_FLOW = flow(
    "payment",
    {
        PaymentState.PENDING: [
            PaymentState.CHECKING,
            PaymentState.CAPTURED,
            PaymentState.FAILED,
            PaymentState.CLOSED,
        ],
        # The provider has not told yet whether the money moved; it may also turn out that nobody has paid so far.
        PaymentState.CHECKING: [
            PaymentState.PENDING,
            PaymentState.CAPTURED,
            PaymentState.FAILED,
            PaymentState.CLOSED,
        ],
        # Real money is never refused, even when we had given the attempt up.
        PaymentState.FAILED: [PaymentState.CAPTURED],
        PaymentState.CLOSED: [PaymentState.CAPTURED],
    },
)


class RefundState(models.TextChoices):
    PROPOSED = "proposed", "Waiting for a second person"
    REQUESTED = "requested", "To be sent"
    BY_HAND = "by_hand", "To be sent by hand"
    PENDING = "pending", "On its way"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    WITHDRAWN = "withdrawn", "Withdrawn"


REFUND_FLOW = flow(
    "refund",
    {
        RefundState.PROPOSED: [RefundState.REQUESTED, RefundState.BY_HAND, RefundState.WITHDRAWN],
        RefundState.REQUESTED: [RefundState.PENDING, RefundState.DONE, RefundState.FAILED],
        RefundState.PENDING: [RefundState.DONE, RefundState.FAILED],
        # Only staff know when the bank has sent it.
        RefundState.BY_HAND: [RefundState.DONE, RefundState.WITHDRAWN],
        # A bank may send money back that the provider had already called refunded.
        RefundState.DONE: [RefundState.FAILED],
        # What the provider could not send is still owed, until staff send it another way or say why not.
        RefundState.FAILED: [RefundState.BY_HAND, RefundState.WITHDRAWN],
    },
)


class ProofState(models.TextChoices):
    WAITING = "waiting", "To be checked"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"


PROOF_FLOW = flow("proof", {ProofState.WAITING: [ProofState.APPROVED, ProofState.REJECTED]})
