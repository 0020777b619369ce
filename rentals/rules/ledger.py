"""The account of one agreement: numbered entries, and what they add up to.

Money that arrives is credit of its payment first and goes from there to rent, charges or back, so that
for each payment received = allocated + credit + refund due + refunded + reversed, and
for each debt amount = paid + waived + void + outstanding.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from core.money import ZERO, is_exact
from core.refusals import Conflict, Refusal
from rentals.rules.schedule import Due, schedule
from rentals.rules.terms import RentalTerms

RENT, LATE_FEE, DAMAGE, LOSS = "rent", "late_fee", "damage", "loss"


class Kind(StrEnum):
    """What an entry says. The second group moves a debt, the third the money of a payment."""

    RESCHEDULED = "rescheduled"
    CHARGED = "charged"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off"
    VOIDED = "voided"
    REVIVED = "revived"
    PAID = "paid"
    UNPAID = "unpaid"
    RECEIVED = "received"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    REVERSED = "reversed"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One movement. `target` is a debt ("rent:3", "late_fee:3", "loss"), `payment` the key of the money it moved."""

    seq: int
    on: date
    kind: Kind
    amount: Decimal
    target: str = ""
    payment: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Debt:
    """One instalment or charge and where its amount stands. `outstanding` is what is still to be paid of it."""

    amount: Decimal
    paid: Decimal = ZERO
    waived: Decimal = ZERO
    void: Decimal = ZERO

    @property
    def outstanding(self) -> Decimal:
        """Return what is still to be paid."""
        return self.amount - self.paid - self.waived - self.void

    @property
    def is_sound(self) -> bool:
        """Tell whether no part of it is below zero."""
        return min(self.paid, self.waived, self.void, self.outstanding) >= 0


@dataclass(frozen=True, kw_only=True)
class Purse:
    """The money of one payment and where it is."""

    received: Decimal = ZERO
    allocated: Decimal = ZERO
    refund_due: Decimal = ZERO
    refunded: Decimal = ZERO
    reversed: Decimal = ZERO

    @property
    def credit(self) -> Decimal:
        """Return what no debt has used and nobody has asked back."""
        return self.received - self.allocated - self.refund_due - self.refunded - self.reversed

    @property
    def is_sound(self) -> bool:
        """Tell whether no part of it is below zero."""
        return min(self.credit, self.allocated, self.refund_due, self.refunded, self.reversed) >= 0


class LedgerBroken(Exception):
    """A rule tried to book what cannot be: a defect of the shop, never the customer's doing. Nothing was booked."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Terms, due dates and entries of one agreement. Never changed: `post` returns a new one."""

    terms: RentalTerms
    anchor: date
    dues: tuple[Due, ...]
    entries: tuple[Entry, ...] = ()
    debts: Mapping[str, Debt] = field(default_factory=dict)
    purses: Mapping[str, Purse] = field(default_factory=dict)

    @property
    def ledger_seq(self) -> int:
        """Return the number of the last entry; 0 before the first."""
        return self.entries[-1].seq if self.entries else 0

    def post(
        self, kind: Kind, amount: Decimal, *, on: date, target: str = "", payment: str = "", reason: str = ""
    ) -> "Account":
        """Return the account with one more entry. Raises LedgerBroken when the entry cannot be."""
        if not is_exact(amount, self.terms.currency) or (amount <= 0 and kind is not Kind.RESCHEDULED):
            raise LedgerBroken(f"{kind} of {amount}")
        entry = Entry(
            seq=self.ledger_seq + 1, on=on, kind=kind, amount=amount, target=target, payment=payment, reason=reason
        )
        return self._with(entry)

    def _with(self, entry: Entry) -> "Account":
        debts, purses = dict(self.debts), dict(self.purses)
        if entry.target:
            debt = _debt_after(debts.get(entry.target), entry)
            if not debt.is_sound:
                raise LedgerBroken(f"{entry.kind} of {entry.amount} on {entry.target}")
            debts[entry.target] = debt
        if entry.payment:
            purse = _purse_after(purses.get(entry.payment, Purse()), entry)
            if not purse.is_sound:
                raise LedgerBroken(f"{entry.kind} of {entry.amount} from {entry.payment}")
            purses[entry.payment] = purse
        return replace(self, entries=(*self.entries, entry), debts=debts, purses=purses)

    def replayed(self, entries: Sequence[Entry]) -> "Account":
        """Return this account with stored `entries` booked again, in order."""
        account = self
        for entry in entries:
            account = account._with(entry)
        return account

    def debt_of(self, number: int) -> Debt:
        """Return the debt of instalment `number` (from 1)."""
        return self.debts[f"{RENT}:{number}"]

    def due_of(self, number: int) -> Due:
        """Return the due date of instalment `number` (from 1)."""
        return self.dues[number - 1]

    def charges(self) -> Iterator[tuple[str, Debt]]:
        """Yield late fees and other charges with their targets, oldest first."""
        return ((target, debt) for target, debt in self.debts.items() if not target.startswith(f"{RENT}:"))

    @cached_property
    def _rent(self) -> tuple[Debt, ...]:
        return tuple(self.debt_of(due.number) for due in self.dues)

    @property
    def rent_paid(self) -> Decimal:
        """Return the rent that has been paid and kept."""
        return sum((debt.paid for debt in self._rent), ZERO)

    @property
    def rent_outstanding(self) -> Decimal:
        """Return the rent that is still to be paid, due or not."""
        return sum((debt.outstanding for debt in self._rent), ZERO)

    @property
    def rent_waived(self) -> Decimal:
        """Return the rent that the shop has let go."""
        return sum((debt.waived for debt in self._rent), ZERO)

    @property
    def rent_void(self) -> Decimal:
        """Return the rent of periods that will not be."""
        return sum((debt.void for debt in self._rent), ZERO)

    @property
    def charges_paid(self) -> Decimal:
        """Return what has been paid of late fees and other charges."""
        return sum((debt.paid for _, debt in self.charges()), ZERO)

    @property
    def charges_outstanding(self) -> Decimal:
        """Return what is still to be paid of late fees and other charges."""
        return sum((debt.outstanding for _, debt in self.charges()), ZERO)

    @property
    def credit(self) -> Decimal:
        """Return the customer's money that no debt has used."""
        return sum((purse.credit for purse in self.purses.values()), ZERO)

    @property
    def refund_due(self) -> Decimal:
        """Return the customer's money that is on its way back."""
        return sum((purse.refund_due for purse in self.purses.values()), ZERO)

    @property
    def cost_to_finish(self) -> Decimal:
        """Return everything that is still to be paid to the end: rent and charges."""
        return self.rent_outstanding + self.charges_outstanding

    def rent_due(self, day: date) -> Decimal:
        """Return the unpaid rent whose due date is `day` or before."""
        return sum((self.debt_of(due.number).outstanding for due in self.dues if due.due <= day), ZERO)

    def oldest_unpaid(self, day: date) -> Due | None:
        """Return the instalment longest overdue on `day`, or None when nothing is."""
        late = [due for due in self.dues if due.is_overdue(day) and self.debt_of(due.number).outstanding]
        return min(late, key=lambda due: (due.counts_from, due.number)) if late else None


def _debt_after(debt: Debt | None, entry: Entry) -> Debt:
    if entry.kind is Kind.CHARGED:
        if debt is not None:
            raise LedgerBroken(f"{entry.target} is charged already")
        return Debt(amount=entry.amount)
    if debt is None:
        raise LedgerBroken(f"nothing is known of {entry.target}")
    match entry.kind:
        case Kind.PAID:
            return replace(debt, paid=debt.paid + entry.amount)
        case Kind.UNPAID:
            return replace(debt, paid=debt.paid - entry.amount)
        case Kind.WAIVED | Kind.WRITTEN_OFF:
            return replace(debt, waived=debt.waived + entry.amount)
        case Kind.VOIDED:
            return replace(debt, void=debt.void + entry.amount)
        case Kind.REVIVED:
            return replace(debt, void=debt.void - entry.amount)
    raise LedgerBroken(f"{entry.kind} moves no debt")


def _purse_after(purse: Purse, entry: Entry) -> Purse:
    match entry.kind:
        case Kind.RECEIVED:
            return replace(purse, received=purse.received + entry.amount)
        case Kind.PAID:
            return replace(purse, allocated=purse.allocated + entry.amount)
        case Kind.UNPAID:
            return replace(purse, allocated=purse.allocated - entry.amount)
        case Kind.REFUND_DUE:
            return replace(purse, refund_due=purse.refund_due + entry.amount)
        case Kind.REFUNDED:
            return replace(purse, refund_due=purse.refund_due - entry.amount, refunded=purse.refunded + entry.amount)
        case Kind.REVERSED:
            return replace(purse, reversed=purse.reversed + entry.amount)
    raise LedgerBroken(f"{entry.kind} moves no money")


def new_account(terms: RentalTerms, anchor: date) -> Account:
    """Return the account of an agreement that begins on `anchor`, with its whole rent outstanding."""
    numbers = range(1, terms.months + 1)
    return Account(
        terms=terms,
        anchor=anchor,
        dues=schedule(anchor, numbers, offset_months=terms.policy.first_due_offset_months),
        debts={f"{RENT}:{number}": Debt(amount=amount) for number, amount in zip(numbers, terms.amounts, strict=True)},
    )


def reanchored(account: Account, anchor: date, *, on: date, reason: str) -> Account:
    """Return the account with all dates counted from `anchor` (delivery). Amounts stay; older quotes are stale."""
    numbers = range(1, account.terms.months + 1)
    dues = schedule(anchor, numbers, offset_months=account.terms.policy.first_due_offset_months)
    return replace(account.post(Kind.RESCHEDULED, ZERO, on=on, reason=reason), anchor=anchor, dues=dues)


def receive(account: Account, amount: Decimal, *, payment: str, on: date) -> Account:
    """Book money that has arrived and allocate it (see `allocate`). The same payment again changes nothing.

    Raises Refusal("amount_impossible") for zero, less or a broken quantum, Conflict("payment_differs") when `payment`
    is known with another amount.
    """
    after = take_in(account, amount, payment=payment, on=on)
    return account if after is account else allocate(after, payment=payment, on=on)


def take_in(account: Account, amount: Decimal, *, payment: str, on: date) -> Account:
    """Book money that has arrived as credit of its payment. The same payment again changes nothing.

    Raises what `receive` does.
    """
    if amount <= 0 or not is_exact(amount, account.terms.currency):
        raise Refusal("amount_impossible", "A payment is above zero, in whole units of its currency.", amount=amount)
    known = account.purses.get(payment)
    if known is None:
        return account.post(Kind.RECEIVED, amount, on=on, payment=payment)
    if known.received != amount:
        raise Conflict("payment_differs", "This payment is booked already, with another amount.", booked=known.received)
    return account


def order_of_allocation(account: Account, on: date) -> list[str]:
    """Return the targets that money pays on day `on`, in order: rent already due, charges, rent to come.

    Rent before charges: a full payment on time is never made short by an old fee, so no fee breeds another (G49).
    """
    due = [f"{RENT}:{row.number}" for row in account.dues if row.due <= on]
    later = [f"{RENT}:{row.number}" for row in account.dues if row.due > on]
    return [*due, *(target for target, _ in account.charges()), *later]


def allocate(account: Account, *, payment: str, on: date, at_most: Decimal | None = None) -> Account:
    """Use the credit of `payment` for what is owed, in the order of allocation. What is beyond that stays credit."""
    return pay_targets(account, order_of_allocation(account, on), payment=payment, on=on, at_most=at_most)


def pay_targets(
    account: Account, targets: Sequence[str], *, payment: str, on: date, at_most: Decimal | None = None
) -> Account:
    """Use the credit of `payment`, at most `at_most` of it, for `targets` in this order."""
    left = account.purses[payment].credit
    left = left if at_most is None else min(left, at_most)
    for target in targets:
        part = min(left, account.debts[target].outstanding)
        if part > 0:
            account = account.post(Kind.PAID, part, on=on, target=target, payment=payment)
            left -= part
    return account


def set_off(account: Account, targets: Sequence[str], *, on: date) -> Account:
    """Use credit of all payments, the oldest first, for `targets` in this order."""
    for payment in tuple(account.purses):
        account = pay_targets(account, targets, payment=payment, on=on)
    return account


def take_back(account: Account, target: str, amount: Decimal, *, on: date, reason: str) -> Account:
    """Take `amount` that has been paid for `target` off it again; it becomes credit of its payments, newest first."""
    paid_by: dict[str, Decimal] = {}
    for entry in account.entries:
        if entry.target == target and entry.kind in (Kind.PAID, Kind.UNPAID):
            sign = 1 if entry.kind is Kind.PAID else -1
            paid_by[entry.payment] = paid_by.get(entry.payment, ZERO) + sign * entry.amount
    for payment in reversed(account.purses):
        part = min(amount, paid_by.get(payment, ZERO))
        if part > 0:
            account = account.post(Kind.UNPAID, part, on=on, target=target, payment=payment, reason=reason)
            amount -= part
    return account


def owe_credit_back(account: Account, *, on: date, reason: str) -> Account:
    """Turn all credit into refunds that are due, of the newest payment first."""
    for payment in reversed(tuple(account.purses)):
        credit = account.purses[payment].credit
        if credit:
            account = account.post(Kind.REFUND_DUE, credit, on=on, payment=payment, reason=reason)
    return account


def refund(account: Account, *, payment: str, amount: Decimal, on: date) -> Account:
    """Book that `amount` of `payment` has gone back. Raises Conflict("refund_not_due") when less is due."""
    due = account.purses[payment].refund_due if payment in account.purses else ZERO
    if amount <= 0 or amount > due:
        raise Conflict("refund_not_due", "This much is not due back.", due=due)
    return account.post(Kind.REFUNDED, amount, on=on, payment=payment)
