"""What agreements do when their order moves on: paid, sent, delivered, refused, called off."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from core.db import atomic_retry
from core.refusals import Refusal
from orders.flow import CancelReason
from orders.models import Order, OrderLine, Shipment
from payments.models import Payment
from rentals import letters
from rentals.bookkeeping import give_unit, today
from rentals.flow import AgreementState
from rentals.models import Agreement
from rentals.rules import lease as rules
from rentals.rules.policy import policy_from
from rentals.rules.schedule import local_day
from rentals.steps import take_step

S = AgreementState


@atomic_retry
def start_agreements(order: Order, *, by: Any) -> None:
    """The order is paid: each agreement's first instalment is. Late money revives expired agreements that were signed.

    Raises Refusal("signature_required") when one was never signed: its money cannot be for it.
    """
    payment = (
        Payment.objects.filter(bill__order_bill__order=order, captured_amount__gt=0)
        .order_by("captured_at", "pk")
        .last()
    )
    for agreement in _of(order, S.DRAFT, S.PENDING_PAYMENT, S.EXPIRED):
        if agreement.signed_at is None:
            raise Refusal("signature_required", f"Agreement {agreement.code} is not signed.", agreement=agreement.code)
        day = local_day(order.confirmed_at, policy_from(agreement.numbers).zone)
        key = payment.key if payment else f"order {order.code}"
        take_step(agreement, partial(rules.first_payment, payment=key, on=day), by=by)


@atomic_retry
def send_agreements(shipment: Shipment, *, by: Any) -> None:
    """The parcel has left: each agreement in it is on its way and bound to its machine."""
    for allocation in shipment.allocations.filter(line__rental_months__isnull=False).order_by("pk"):
        waiting = Agreement.objects.filter(line_id=allocation.line_id, state=S.CONFIRMED, unit=None)
        agreement = waiting.order_by("position").first()
        if agreement is None:
            raise Refusal("agreement_missing", f"No agreement waits for a machine of order {shipment.order.code}.")
        give_unit(take_step(agreement, rules.ship, by=by), allocation.unit)


@atomic_retry
def deliver_agreements(shipment: Shipment, *, by: Any) -> None:
    """The parcel has arrived: the day of delivery becomes the anchor of each agreement in it."""
    for agreement in _in(shipment):
        day = local_day(shipment.delivered_at, policy_from(agreement.numbers).zone)
        letters.rental_started(take_step(agreement, partial(rules.deliver, on=day), by=by))


@atomic_retry
def cancel_refused_agreements(shipment: Shipment, *, by: Any, reason: str) -> None:
    """The parcel was refused and is back: its agreements are off and everything paid is due back."""
    for agreement in _in(shipment):
        take_step(agreement, partial(rules.cancel, on=today(agreement)), by=by, reason=reason)


@atomic_retry
def end_agreements(order: Order, lines: Iterable[OrderLine], *, by: Any) -> None:
    """Lines are called off before they left: their agreements expire with an unpaid order, or are cancelled."""
    end = rules.expire if order.cancel_reason == CancelReason.EXPIRED else rules.cancel
    ids = {line.pk for line in lines}
    for agreement in _of(order, S.DRAFT, S.PENDING_PAYMENT, S.CONFIRMED):
        if agreement.line_id in ids:
            take_step(agreement, partial(end, on=today(agreement)), by=by, reason=order.cancel_reason)


def _of(order: Order, *states: AgreementState) -> list[Agreement]:
    return list(Agreement.objects.filter(line__order=order, state__in=states).order_by("pk"))


def _in(shipment: Shipment) -> list[Agreement]:
    units = list(shipment.allocations.values_list("unit_id", flat=True))
    found = Agreement.objects.filter(line__order_id=shipment.order_id, unit__in=units, state=S.SHIPPED)
    return list(found.order_by("pk"))
