"""Endings that only staff decide: loss, a debt given up by two people, and the way back after a return."""

from decimal import Decimal
from functools import partial
from typing import Any

from core import clock
from core.db import atomic_retry
from core.refusals import Conflict, Refusal
from orders.models import Order, Return
from orders.returning import send_comparable
from payments.billing import open_bill
from rentals import letters
from rentals.bookkeeping import give_unit, locked, read_lease, today
from rentals.flow import AgreementState
from rentals.models import Agreement, AgreementEvent, Collection, CollectionPart
from rentals.rules import lease as rules
from rentals.steps import take_step

PROPOSED = "write_off_proposed"


@atomic_retry
def declare_lost(agreement: Agreement, *, market_value: Decimal, by: Any, reason: str) -> Agreement:
    """The machine is lost or stolen. One charge takes the place of all that is unpaid; a bill over it is opened.

    The charge is the lower of `market_value` (in the agreement's currency) and the price of owning it today. Raises
    Conflict("wrong_state"), Refusal "reason_needed" and "amount_impossible".
    """
    if not reason.strip():
        raise Refusal("reason_needed", "Say how it was lost.")
    rule = partial(rules.declare_lost, on=today(locked(agreement)), market_value=market_value)
    row = take_step(agreement, rule, by=by, reason=reason)
    owed = read_lease(row).account.cost_to_finish
    if owed:
        customer = row.customer
        bill = open_bill(
            amount=owed, currency=row.currency, payer=customer, payer_email=customer.email, due_at=clock.now()
        )
        collection = Collection.objects.create(bill=bill, purpose=Collection.Purpose.CHARGE)
        CollectionPart.objects.create(collection=collection, agreement=row, amount=owed)
    letters.machine_lost(row, owed=owed)
    return row


@atomic_retry
def propose_write_off(agreement: Agreement, *, by: Any, reason: str) -> None:
    """Propose to give up what is owed; somebody else approves it (`approve_write_off`).

    Raises Refusal("reason_needed"), Conflict "wrong_state" and "nothing_owed".
    """
    if not reason.strip():
        raise Refusal("reason_needed", "Say why the debt is written off.")
    row = locked(agreement)
    if not Agreement.flow.allows(row.state, AgreementState.WRITTEN_OFF):
        raise Conflict("wrong_state", f"This agreement is {row.get_state_display().lower()}.", state=row.state)
    owed = read_lease(row).account.cost_to_finish
    if not owed:
        raise Conflict("nothing_owed", "Nothing is owed.")
    row.record(kind=PROPOSED, by=by, reason=reason, owed=owed)


@atomic_retry
def approve_write_off(agreement: Agreement, *, by: Any) -> Agreement:
    """Give up a debt as somebody else has proposed.

    Raises Conflict "not_proposed", "nothing_owed" and "wrong_state", Refusal("two_persons_needed").
    """
    row = locked(agreement)
    proposal = proposed_write_off(row)
    if proposal is None:
        raise Conflict("not_proposed", "Nobody has proposed to write this debt off.")
    rule = partial(
        rules.write_off,
        on=today(row),
        by=str(proposal.actor_id or ""),
        approved_by=str(by.pk) if by is not None else "",
        reason=proposal.reason,
    )
    row = take_step(row, rule, by=by, reason=proposal.reason)
    letters.debt_written_off(row)
    return row


def proposed_write_off(agreement: Agreement) -> AgreementEvent | None:
    """Return the newest proposal made since the agreement came into its state, None when there is none."""
    events = agreement.events.order_by("-at", "-pk")
    for event in events:
        if event.kind == PROPOSED:
            return event
        if event.kind == agreement.state:
            return None
    return None


@atomic_retry
def reinstate(agreement: Agreement, *, serial: str, by: Any) -> Agreement:
    """Take an agreement up again after its return: the customer gets the machine with this serial today.

    Void instalments are owed again, from today. Raises Conflict "wrong_state" and "overdue", Refusal
    "reinstatement_over", "serial_unknown", "serial_wrong" and "serial_foreign".
    """
    Order.objects.select_for_update().get(pk=agreement.line.order_id)
    row = locked(agreement)
    day = today(row)
    row = take_step(row, partial(rules.reinstate, on=day), by=by, reason=f"taken up again with {serial}")
    last = Return.objects.filter(allocation__line_id=row.line_id, allocation__unit_id=row.unit_id).order_by("pk").last()
    if last is None:
        raise Conflict("wrong_state", "No return of this agreement's machine is on record.")
    give_unit(row, send_comparable(last, serial=serial, by=by).unit)
    letters.agreement_reinstated(row, on=day)
    return row
