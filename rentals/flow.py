"""States of an agreement and the steps between them."""

from django.db import models

from core.flows import flow


class AgreementState(models.TextChoices):
    DRAFT = "draft", "To be signed"
    PENDING_PAYMENT = "pending_payment", "Waiting for the first payment"
    CONFIRMED = "confirmed", "Confirmed"
    SHIPPED = "shipped", "On its way"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Past due"
    DEFAULTED = "defaulted", "In default"
    RETURN_PENDING = "return_pending", "Coming back"
    RETURNED = "returned", "Handed back"
    BOUGHT_OUT = "bought_out", "Bought out"
    COMPLETED = "completed", "Paid to the end"
    SWAPPED = "swapped", "Swapped"
    LOST = "lost", "Lost"
    EXPIRED = "expired", "Not paid in time"
    CANCELLED = "cancelled", "Cancelled"
    WRITTEN_OFF = "written_off", "Written off"


_S = AgreementState
# The customer has the machine and rent runs.
RUNNING = frozenset({_S.ACTIVE, _S.PAST_DUE, _S.DEFAULTED})
# The machine belongs to the customer.
OWNED = frozenset({_S.BOUGHT_OUT, _S.COMPLETED})
# Nothing is charged by itself any more, whatever arrives later.
ENDED = frozenset({_S.RETURNED, _S.BOUGHT_OUT, _S.COMPLETED, _S.SWAPPED, _S.EXPIRED, _S.CANCELLED, _S.WRITTEN_OFF})
_ENDINGS = [_S.RETURN_PENDING, _S.BOUGHT_OUT, _S.COMPLETED, _S.LOST]

AGREEMENT_FLOW = flow(
    "agreement",
    {
        # The customer may drop a draft, and its order may expire before anybody signs.
        _S.DRAFT: [_S.PENDING_PAYMENT, _S.EXPIRED, _S.CANCELLED],
        _S.PENDING_PAYMENT: [_S.CONFIRMED, _S.EXPIRED, _S.CANCELLED],
        _S.CONFIRMED: [_S.SHIPPED, _S.CANCELLED],
        _S.SHIPPED: [_S.ACTIVE, _S.CANCELLED, _S.RETURN_PENDING],
        _S.ACTIVE: [_S.PAST_DUE, _S.SWAPPED, *_ENDINGS],
        _S.PAST_DUE: [_S.ACTIVE, _S.DEFAULTED, *_ENDINGS],
        _S.DEFAULTED: [_S.ACTIVE, _S.WRITTEN_OFF, *_ENDINGS],
        # Back to where it was when the machine was not sent within its time.
        _S.RETURN_PENDING: [_S.RETURNED, _S.SHIPPED, _S.ACTIVE, _S.PAST_DUE, _S.DEFAULTED],
        # Reinstated within its window; written off when it ended in debt.
        _S.RETURNED: [_S.ACTIVE, _S.WRITTEN_OFF],
        _S.LOST: [_S.COMPLETED, _S.WRITTEN_OFF],
        # Only late money for an order that is revived whole.
        _S.EXPIRED: [_S.CONFIRMED],
    },
)
