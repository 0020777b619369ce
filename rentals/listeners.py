"""What agreements do when orders and money on the floors below move on."""

from collections.abc import Iterable
from decimal import Decimal

from orders.models import Order, OrderLine, Return, Shipment
from payments.models import Bill, Dispute, Payment
from payments.signals import Claim
from rentals import following
from rentals.caretaking import decide_dispute, hold_for_dispute
from rentals.drafting import draft_agreements
from rentals.handing_back import settle_return
from rentals.plans import unpublish_what_policy_forbids
from rentals.settlement import claim_for_agreements
from rentals.signing import withhold_bills


def draft_when_placed(sender: object, order: Order, lines: list[OrderLine], **kwargs: object) -> None:
    """A placed order: draft an agreement for each rented machine, and let nobody pay before all are signed."""
    if any(line.rental_months is not None for line in lines) and draft_agreements(order, by=order.user):
        withhold_bills(order, by=order.user)


def start_when_confirmed(sender: object, order: Order, **kwargs: object) -> None:
    """A paid order: the first instalments are paid."""
    following.start_agreements(order, by=None)


def send_when_dispatched(sender: object, shipment: Shipment, **kwargs: object) -> None:
    """A parcel that left."""
    following.send_agreements(shipment, by=None)


def deliver_when_delivered(sender: object, shipment: Shipment, **kwargs: object) -> None:
    """A parcel that arrived: the anchor."""
    following.deliver_agreements(shipment, by=None)


def cancel_when_refused(sender: object, shipment: Shipment, **kwargs: object) -> None:
    """A parcel that came back unopened."""
    following.cancel_refused_agreements(shipment, by=None, reason="delivery refused")


def end_when_called_off(sender: object, order: Order, lines: list[OrderLine], **kwargs: object) -> None:
    """Lines that were called off."""
    following.end_agreements(order, lines, by=None)


def settle_when_inspected(sender: object, returned: Return, **kwargs: object) -> None:
    """A machine that came back and was inspected."""
    settle_return(returned, by=None)


def unpublish_when_prices_change(sender: object, variant_ids: Iterable[int], **kwargs: object) -> None:
    """A lower price may make a plan dearer than the policy allows."""
    unpublish_what_policy_forbids(variant_ids, by=None)


def claim_settled_bill(
    sender: object, bill: Bill, payment: Payment | None, amount: Decimal, **kwargs: object
) -> Claim | None:
    """Money for a bill: answer when the bill is one of an agreement."""
    return claim_for_agreements(bill, payment, amount)


def follow_dispute(sender: object, bill: Bill, dispute: Dispute, **kwargs: object) -> None:
    """A bank doubts a payment, or has decided. An inquiry has moved no money and stops nothing."""
    payment = dispute.payment
    if dispute.standing == "open":
        hold_for_dispute(payment, reason=dispute.reason)
    elif dispute.standing == "lost":
        decide_dispute(payment, lost=True)
    elif dispute.standing == "won" and not payment.disputes.holding().exists():
        decide_dispute(payment, lost=False)
