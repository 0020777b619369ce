"""Hand a machine back, at any time: announce it, keep it after all, settle when it is here and inspected."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from core.db import atomic_retry
from core.refusals import Conflict, Refusal
from orders.flow import ReturnState
from orders.models import Allocation, Order, Return
from orders.returning import ask_return, withdraw_return
from rentals import letters
from rentals.bookkeeping import locked, read_lease, today
from rentals.flow import AgreementState
from rentals.models import Agreement
from rentals.rules import lease as rules
from rentals.rules.policy import policy_from
from rentals.rules.schedule import local_day
from rentals.steps import take_step

log = structlog.get_logger(__name__)
S = AgreementState


@atomic_retry
def hand_back(agreement: Agreement, *, by: Any, reason: str = "") -> Return:
    """The customer wants to hand the machine back (staff only when the agreement is in default): charging stops.

    Raises Refusal("not_your_agreement"), Conflict "wrong_state", "not_with_customer" and "return_exists".
    """
    Order.objects.select_for_update().get(pk=agreement.line.order_id)
    row = locked(agreement)
    is_theirs = by is not None and row.customer_id == by.pk
    if not is_theirs and (by is None or not by.is_staff):
        raise Refusal("not_your_agreement", "Only the person who rents it can hand it back.")
    if not is_theirs and row.state != S.DEFAULTED:
        raise Conflict("wrong_state", "Staff ask for a machine only when its agreement is in default.", state=row.state)
    promised = Allocation.objects.filter(line_id=row.line_id, unit_id=row.unit_id, live_unit__isnull=False).first()
    if promised is None:
        raise Conflict("not_with_customer", "This machine is not with the customer.")
    row = take_step(row, rules.ask_return, by=by, reason=reason)
    returned = ask_return(promised, by=by, reason=reason)
    send_by = today(row) + timedelta(days=policy_from(row.numbers).return_send_days)
    letters.return_asked(row, return_code=returned.code, send_by=send_by)
    return returned


@atomic_retry
def keep_it(agreement: Agreement, *, by: Any, reason: str = "the customer keeps it") -> Agreement:
    """The machine stays with the customer after all: the agreement goes on where it was and catches up with the day.

    Raises Conflict("wrong_state") unless it is coming back and has not arrived.
    """
    Order.objects.select_for_update().get(pk=agreement.line.order_id)
    row = locked(agreement)
    returned = return_of(row)
    if row.state != S.RETURN_PENDING or returned is None:
        raise Conflict("wrong_state", f"This agreement is {row.get_state_display().lower()}.", state=row.state)
    withdraw_return(returned, by=by, reason=reason)
    # Nobody was asked for rent meanwhile; what follows from late rent begins with the next round of the clock.
    excused = frozenset(row.instalments.values_list("number", flat=True))
    row = take_step(row, partial(rules.return_not_sent, on=today(row), excused=excused), by=by, reason=reason)
    letters.return_not_sent(row, return_code=returned.code)
    return row


def keep_what_was_not_sent(*, as_of: datetime) -> int:
    """Let agreements go on whose machine was not sent within the policy's days. Returns how many."""
    kept = 0
    waiting = Return.objects.filter(state=ReturnState.ASKED, allocation__line__rental_months__isnull=False)
    for returned in waiting.select_related("allocation").order_by("pk"):
        agreement = agreement_of(returned)
        if agreement is None or agreement.state != S.RETURN_PENDING:
            continue
        policy = policy_from(agreement.numbers)
        until = local_day(returned.asked_at, policy.zone) + timedelta(days=policy.return_send_days)
        if local_day(as_of, policy.zone) <= until:
            continue
        try:
            keep_it(agreement, by=None, reason=f"not sent by {until}")
            kept += 1
        except Refusal as refusal:
            # It was received in the same moment.
            log.info("return_not_withdrawn", agreement=agreement.code, code=refusal.code)
        except Exception:
            # The clock goes on for everybody else.
            log.exception("return_not_withdrawn", agreement=agreement.code)
    return kept


@atomic_retry
def settle_return(returned: Return, *, by: Any) -> Agreement | None:
    """The machine is here and inspected: settle. The day that the carrier took it counts.

    None: the machine was not rented.
    """
    agreement = agreement_of(returned)
    if agreement is None:
        return None
    row = locked(agreement)
    due_before = read_lease(row).account.refund_due
    rule = partial(rules.take_return, on=returned.taken_on, damage=returned.damage, market_value=returned.market_value)
    row = take_step(row, rule, by=by, reason=f"return {returned.code}: {returned.findings}")
    account = read_lease(row).account
    letters.return_settled(
        row,
        return_code=returned.code,
        refund=account.refund_due - due_before,
        owed=account.cost_to_finish,
    )
    return row


def agreement_of(returned: Return) -> Agreement | None:
    """Return the agreement whose machine comes back, None for one that was bought."""
    promised = returned.allocation
    rented = Agreement.objects.filter(line_id=promised.line_id, unit_id=promised.unit_id)
    return rented.order_by("pk").last()


def return_of(agreement: Agreement) -> Return | None:
    """Return the announced return of the agreement's machine, None when there is none."""
    coming = Return.objects.filter(
        allocation__line_id=agreement.line_id, allocation__unit_id=agreement.unit_id, state=ReturnState.ASKED
    )
    return coming.order_by("pk").last()
