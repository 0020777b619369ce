"""Between rows and rules: read an agreement as a lease, and store what a rule made of it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from catalog.models import Unit
from core import clock
from core.db import in_transaction
from core.flows import move
from core.money import ZERO
from core.refusals import Conflict
from rentals.flow import AgreementState
from rentals.models import Agreement, Instalment, LateFee, LedgerEntry
from rentals.rules.lease import Lease
from rentals.rules.ledger import LATE_FEE, RENT, Account, Debt, Entry, Kind
from rentals.rules.policy import policy_from
from rentals.rules.schedule import Due, local_day
from rentals.rules.terms import RentalTerms

# Until one of these the unit belongs to this agreement alone.
_UNIT_IS_FREE = frozenset(
    {
        AgreementState.BOUGHT_OUT,
        AgreementState.COMPLETED,
        AgreementState.RETURNED,
        AgreementState.SWAPPED,
        AgreementState.CANCELLED,
        AgreementState.EXPIRED,
        AgreementState.WRITTEN_OFF,
    }
)


def locked(agreement: Agreement) -> Agreement:
    """Return the agreement's row as it is now, locked until the caller's transaction ends."""
    if not in_transaction():
        raise RuntimeError("An agreement is locked only inside a transaction.")
    return Agreement.objects.select_for_update().get(pk=agreement.pk)


def today(agreement: Agreement) -> date:
    """Return the calendar day in the zone of the agreement's policy."""
    return local_day(clock.now(), policy_from(agreement.numbers).zone)


def read_lease(agreement: Agreement) -> Lease:
    """Return what the rules know of an agreement: terms, dates and balances, from its rows. Two queries."""
    return read_leases([agreement])[agreement.pk]


def read_leases(agreements: Sequence[Agreement]) -> dict[int, Lease]:
    """Return the leases of several agreements by their id. Two queries, however many there are."""
    instalments: dict[int, list[Instalment]] = {agreement.pk: [] for agreement in agreements}
    for row in Instalment.objects.filter(agreement__in=agreements).order_by("agreement_id", "number"):
        instalments[row.agreement_id].append(row)
    entries: dict[int, list[LedgerEntry]] = {agreement.pk: [] for agreement in agreements}
    for entry in LedgerEntry.objects.filter(agreement__in=agreements).order_by("agreement_id", "seq"):
        entries[entry.agreement_id].append(entry)
    return {
        agreement.pk: _lease_of(agreement, instalments[agreement.pk], entries[agreement.pk]) for agreement in agreements
    }


def _lease_of(agreement: Agreement, instalments: Sequence[Instalment], entries: Sequence[LedgerEntry]) -> Lease:
    terms = RentalTerms(
        currency=agreement.currency,
        cash_price=agreement.cash_price,
        amounts=tuple(row.amount for row in instalments),
        policy=policy_from(agreement.numbers),
        credit=agreement.swap_credit,
    )
    empty = Account(
        terms=terms,
        anchor=agreement.anchor,
        dues=tuple(
            Due(
                number=row.number,
                starts=row.starts_on,
                ends=row.ends_on,
                due=row.due_on,
                counts_from=row.counts_from,
            )
            for row in instalments
        ),
        debts={f"{RENT}:{row.number}": Debt(amount=row.amount) for row in instalments},
    )
    booked = [
        Entry(
            seq=entry.seq,
            on=entry.on,
            kind=Kind(entry.kind),
            amount=entry.amount,
            target=entry.target,
            payment=entry.payment,
            reason=entry.reason,
        )
        for entry in entries
    ]
    return Lease(
        state=AgreementState(agreement.state),
        account=empty.replayed(booked),
        before_return=AgreementState(agreement.before_return) if agreement.before_return else None,
        reinstate_until=agreement.reinstate_until,
        owned_since=agreement.owned_since,
        disputed=frozenset(row.number for row in instalments if row.on_hold),
    )


def store_lease(agreement: Agreement, before: Lease, after: Lease, *, by: Any, reason: str = "") -> Agreement:
    """Store the difference between two leases of a locked agreement: entries, dates, fees, states and their timeline.

    Raises Conflict("ledger_moved") when somebody else has booked since `before` was read; nothing is stored then.
    """
    if agreement.ledger_seq != before.account.ledger_seq:
        raise Conflict("ledger_moved", "Somebody else has just booked on this agreement. Look again.")
    _store_entries(agreement, before.account, after.account)
    _store_instalments(agreement, before, after)
    changes: dict[str, object] = {
        "ledger_seq": after.account.ledger_seq,
        "anchor": after.account.anchor,
        "before_return": str(after.before_return or ""),
        "reinstate_until": after.reinstate_until,
        "refund_due": after.account.refund_due,
    }
    if before.state == AgreementState.SHIPPED and AgreementState.ACTIVE in after.passed:
        changes["delivered_on"] = after.account.anchor
    for state in after.passed[len(before.passed) :]:
        if state == after.state:
            changes["owned_since"] = after.owned_since
            if state in _UNIT_IS_FREE:
                changes["live_unit"] = None
        move(agreement, state, by=by, reason=reason, changes=changes, ledger_seq=after.account.ledger_seq)
    if after.state == before.state:
        Agreement.objects.filter(pk=agreement.pk).update(**changes)
        for name, value in changes.items():
            setattr(agreement, name, value)
    return agreement


def _store_entries(agreement: Agreement, before: Account, after: Account) -> None:
    fresh = after.entries[len(before.entries) :]
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            agreement=agreement,
            seq=entry.seq,
            on=entry.on,
            kind=entry.kind.value,
            amount=entry.amount,
            target=entry.target,
            payment=entry.payment,
            reason=entry.reason[:300],
        )
        for entry in fresh
    )
    fees = [entry for entry in fresh if entry.kind is Kind.CHARGED and entry.target.startswith(f"{LATE_FEE}:")]
    rows = {row.number: row for row in agreement.instalments.all()} if fees else {}
    for entry in fees:
        number = int(entry.target.split(":")[1])
        LateFee.objects.create(
            instalment=rows[number],
            assessed_on=entry.on,
            days_late=before.due_of(number).days_late(entry.on),
            unpaid=before.debt_of(number).outstanding,
            amount=entry.amount,
        )


def _store_instalments(agreement: Agreement, before: Lease, after: Lease) -> None:
    was, now = instalment_values(before), instalment_values(after)
    changed = {number for number in now if now[number] != was.get(number)}
    rows = []
    for row in agreement.instalments.filter(number__in=changed) if changed else []:
        for name, value in now[row.number].items():
            setattr(row, name, value)
        rows.append(row)
    if rows:
        Instalment.objects.bulk_update(rows, list(now[rows[0].number]))


def instalment_values(lease: Lease) -> dict[int, dict[str, object]]:
    """Return the columns of each instalment that follow from the lease, by number."""
    return {
        due.number: {
            "starts_on": due.starts,
            "ends_on": due.ends,
            "due_on": due.due,
            "counts_from": due.counts_from,
            "on_hold": due.number in lease.disputed,
            "settled": lease.account.debt_of(due.number).outstanding == ZERO,
        }
        for due in lease.account.dues
    }


def give_unit(agreement: Agreement, unit: Unit) -> None:
    """Bind a locked agreement to the machine that leaves for it. The database keeps it to one live agreement a unit."""
    agreement.unit = agreement.live_unit = unit
    agreement.save(update_fields=["unit", "live_unit"])
