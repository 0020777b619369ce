"""What staff do for an agreement that runs: let a fee go, give more time, write a note, hold it for a dispute."""

from datetime import date
from functools import partial
from typing import Any

from core.db import atomic_retry
from core.refusals import Refusal
from payments.models import Payment
from rentals import letters
from rentals.bookkeeping import locked, read_lease, today
from rentals.flow import RUNNING
from rentals.models import Agreement, CollectionPart
from rentals.rules import lease as rules
from rentals.rules.ledger import RENT, Kind
from rentals.steps import take_step


@atomic_retry
def waive_fee(agreement: Agreement, *, target: str, by: Any, reason: str) -> Agreement:
    """Let what is unpaid of a charge go; `target` is its name in the ledger ("late_fee:3").

    Raises Refusal("reason_needed") and Conflict("nothing_to_waive").
    """
    row = locked(agreement)
    debt = read_lease(row).account.debts.get(target)
    rule = partial(rules.waive_charge, target=target, on=today(row), reason=reason)
    row = take_step(row, rule, by=by, reason=reason)
    amount = debt.outstanding if debt is not None else 0
    row.record(kind="fee_waived", by=by, reason=reason, target=target, amount=amount)
    letters.fee_waived(row, target=target, amount=amount)
    return row


@atomic_retry
def defer_payment(agreement: Agreement, *, number: int, to: date, by: Any, reason: str) -> Agreement:
    """Give the customer until `to` for instalment `number`: charges, fees and default count from then.

    Raises what rentals.rules.lease.defer refuses.
    """
    rule = partial(rules.defer, number=number, on=today(locked(agreement)), to=to, reason=reason)
    row = take_step(agreement, rule, by=by, reason=reason)
    row.record(kind="payment_deferred", by=by, reason=reason, number=number, to=to)
    instalment = row.instalments.get(number=number)
    instalment.agreement = row
    letters.payment_deferred(instalment)
    return row


@atomic_retry
def add_note(agreement: Agreement, *, text: str, by: Any) -> None:
    """Write a note into the timeline; customers do not see it. Raises Refusal("note_empty")."""
    if not text.strip():
        raise Refusal("note_empty", "Write something first.")
    locked(agreement).record(kind="note", by=by, reason=text.strip())


@atomic_retry
def hold_for_dispute(payment: Payment, *, by: Any = None, reason: str = "") -> list[Agreement]:
    """A bank doubts a payment: nothing is charged for what it paid, and no fee grows. Returns the agreements held.

    Agreements that have ended keep their books; the dispute itself stands on the list of breaks.
    """
    held = []
    for row in _paid_by(payment):
        if row.state in RUNNING:
            after = take_step(row, partial(rules.open_dispute, payment=payment.key), by=by, reason=reason)
            after.record(kind="dispute_opened", by=by, reason=reason, payment=payment.key)
            held.append(after)
    return held


@atomic_retry
def decide_dispute(payment: Payment, *, lost: bool, by: Any = None) -> list[Agreement]:
    """The bank has decided. Lost: what the payment had paid is unpaid again and is asked for anew. Won: all goes on.

    Telling it again changes nothing. Returns the agreements that it was about.
    """
    decided = []
    for row in _paid_by(payment):
        if row.state not in RUNNING:
            continue
        before = read_lease(row)
        numbers = {
            int(entry.target.split(":")[1])
            for entry in before.account.entries
            if entry.payment == payment.key and entry.kind is Kind.PAID and entry.target.startswith(f"{RENT}:")
        }
        if not numbers & before.disputed:
            continue
        rule = partial(rules.close_dispute, payment=payment.key, lost=lost, on=today(row))
        reason = "the bank decided against us" if lost else "the bank let us keep it"
        after = take_step(row, rule, by=by, reason=reason)
        after.record(kind="dispute_lost" if lost else "dispute_won", by=by, payment=payment.key)
        if lost:
            # The period is owed again, so it may be collected again.
            parts = CollectionPart.objects.filter(agreement=row, instalment__number__in=numbers)
            parts.exclude(collection__bill__state="open").update(once_key=None)
        decided.append(after)
    return decided


def _paid_by(payment: Payment) -> list[Agreement]:
    rows = Agreement.objects.select_for_update().filter(
        pk__in=Agreement.objects.filter(entries__payment=payment.key).values("pk")
    )
    return list(rows.order_by("pk"))
