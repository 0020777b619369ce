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
    CAPTURED = "captured", "Money received"
    FAILED = "failed", "Failed"
    CLOSED = "closed", "Closed without money"


PAYMENT_FLOW = flow(
    "payment",
    {
        PaymentState.PENDING: [PaymentState.CAPTURED, PaymentState.FAILED, PaymentState.CLOSED],
        # Real money is never refused, even when we had given the attempt up.
        PaymentState.FAILED: [PaymentState.CAPTURED],
        PaymentState.CLOSED: [PaymentState.CAPTURED],
    },
)
