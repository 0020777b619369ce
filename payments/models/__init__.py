"""Bills, attempts to pay them, refunds, and what providers and banks say about them."""

from payments.models.bill import Bill, BillEvent
from payments.models.difference import Break, ComparedDay, Dispute
from payments.models.inbox import ProviderEvent
from payments.models.payment import Payment, SavedMethod
from payments.models.proof import PaymentProof
from payments.models.refund import Refund
from payments.models.riel_rate import RielRate

__all__ = [
    "Bill",
    "BillEvent",
    "Break",
    "ComparedDay",
    "Dispute",
    "Payment",
    "PaymentProof",
    "ProviderEvent",
    "Refund",
    "RielRate",
    "SavedMethod",
]
