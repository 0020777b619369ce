"""How an agreement stands on a day, for everybody who shows it: page, API, admin, letters and PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from core import clock
from core.money import ZERO
from rentals.bookkeeping import read_leases
from rentals.flow import RUNNING, AgreementState
from rentals.models import Agreement
from rentals.rules import arrears
from rentals.rules.buyout import BuyoutPrice, buyout_price, is_same_as_cash
from rentals.rules.lease import Lease
from rentals.rules.ledger import LATE_FEE, Account
from rentals.rules.schedule import Due, local_day

S = AgreementState


class RowState(StrEnum):
    """What a customer sees of one instalment."""

    PAID = "paid"
    WAIVED = "waived"
    VOID = "void"
    ON_HOLD = "on_hold"
    OVERDUE = "overdue"
    DUE = "due"
    UPCOMING = "upcoming"


class Action(StrEnum):
    """What somebody can do with an agreement as it stands. The deeds check for themselves."""

    SIGN = "sign"
    PAY = "pay"
    BUY_OUT = "buy_out"
    ASK_RETURN = "ask_return"
    KEEP_IT = "keep_it"
    RECEIVE_RETURN = "receive_return"
    SWAP = "swap"
    DECLARE_LOST = "declare_lost"
    WRITE_OFF = "write_off"
    REINSTATE = "reinstate"
    WAIVE_FEE = "waive_fee"
    DEFER = "defer"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True)
class ScheduleRow:
    """One instalment as it stands. `late_fee` is what was charged for it, `late_fee_unpaid` what is left of that."""

    number: int
    due_on: date
    amount: Decimal
    paid: Decimal
    outstanding: Decimal
    state: RowState
    late_fee: Decimal
    late_fee_unpaid: Decimal


@dataclass(frozen=True, kw_only=True)
class Overview:
    """One agreement on `day` (its policy's calendar); all money in `agreement.currency`.

    `due_now` is rent due and charges; `cost_to_finish` everything to the end; `buyout` the price of owning today, None
    when the machine cannot be bought now. `paid` is rent and charges that were paid and kept.
    """

    agreement: Agreement
    lease: Lease
    day: date
    rows: tuple[ScheduleRow, ...]
    paid: Decimal
    rent_paid: Decimal
    due_now: Decimal
    charges: Decimal
    cost_to_finish: Decimal
    credit: Decimal
    refund_due: Decimal
    days_past_due: int
    next_due: ScheduleRow | None
    buyout: BuyoutPrice | None
    same_as_cash_until: date | None
    actions: frozenset[Action]

    @property
    def months_paid(self) -> int:
        """Return how many instalments are paid in full."""
        return sum(row.state is RowState.PAID for row in self.rows)


def overview_of(agreement: Agreement, *, at: datetime | None = None) -> Overview:
    """Return how an agreement stands at `at` (now). Two queries."""
    return overviews_of([agreement], at=at)[0]


def overviews_of(agreements: Sequence[Agreement], *, at: datetime | None = None) -> list[Overview]:
    """Return how several agreements stand at `at` (now), in their order. Two queries, however many there are."""
    at = at or clock.now()
    leases = read_leases(agreements)
    return [_overview(agreement, leases[agreement.pk], at) for agreement in agreements]


def _overview(agreement: Agreement, lease: Lease, at: datetime) -> Overview:
    account = lease.account
    day = local_day(at, account.terms.policy.zone)
    rows = tuple(_row(lease, due, day) for due in account.dues)
    return Overview(
        agreement=agreement,
        lease=lease,
        day=day,
        rows=rows,
        paid=account.rent_paid + account.charges_paid,
        rent_paid=account.rent_paid,
        due_now=account.rent_due(day) + account.charges_outstanding,
        charges=account.charges_outstanding,
        cost_to_finish=account.cost_to_finish,
        credit=account.credit,
        refund_due=account.refund_due,
        days_past_due=arrears.days_past_due(account, day) if lease.state in RUNNING else 0,
        next_due=next((row for row in rows if row.outstanding), None),
        buyout=buyout_price(account, day) if lease.may_charge else None,
        same_as_cash_until=_same_as_cash_until(account, day) if lease.state in RUNNING else None,
        actions=frozenset(_actions(lease, day)),
    )


def _row(lease: Lease, due: Due, day: date) -> ScheduleRow:
    debt = lease.account.debt_of(due.number)
    fee = lease.account.debts.get(f"{LATE_FEE}:{due.number}")
    return ScheduleRow(
        number=due.number,
        due_on=due.due,
        amount=debt.amount,
        paid=debt.paid,
        outstanding=debt.outstanding,
        state=_row_state(lease, due, day),
        late_fee=fee.amount - fee.waived if fee else ZERO,
        late_fee_unpaid=fee.outstanding if fee else ZERO,
    )


def _row_state(lease: Lease, due: Due, day: date) -> RowState:
    debt = lease.account.debt_of(due.number)
    if due.number in lease.disputed:
        return RowState.ON_HOLD
    if not debt.outstanding:
        if debt.void == debt.amount:
            return RowState.VOID
        return RowState.WAIVED if debt.waived else RowState.PAID
    if due.is_overdue(day):
        return RowState.OVERDUE
    return RowState.DUE if due.due <= day else RowState.UPCOMING


def _same_as_cash_until(account: Account, day: date) -> date | None:
    """Return the last day on which all rent paid counts towards the cash price, None when that is over."""
    window = account.terms.policy.buyout.sac_days
    return account.anchor + timedelta(days=window) if window is not None and is_same_as_cash(account, day) else None


def _actions(lease: Lease, day: date) -> list[Action]:
    """Return what the agreement's state and ledger allow."""
    state, account = lease.state, lease.account
    is_running, owes = state in RUNNING, bool(account.cost_to_finish)
    swappable = state == S.ACTIVE and not lease.disputed and not account.rent_due(day) + account.charges_outstanding
    in_window = lease.reinstate_until is not None and day <= lease.reinstate_until
    allowed = {
        Action.SIGN: state == S.DRAFT,
        Action.PAY: owes and state in RUNNING | {S.RETURN_PENDING, S.RETURNED, S.LOST},
        Action.BUY_OUT: lease.may_charge and owes,
        Action.ASK_RETURN: state in RUNNING | {S.SHIPPED},
        Action.KEEP_IT: state == S.RETURN_PENDING,
        Action.RECEIVE_RETURN: state == S.RETURN_PENDING,
        Action.SWAP: swappable,
        Action.DECLARE_LOST: is_running,
        Action.WRITE_OFF: owes and state in {S.DEFAULTED, S.LOST, S.RETURNED},
        Action.REINSTATE: state == S.RETURNED and in_window and not owes and bool(account.rent_void),
        Action.WAIVE_FEE: bool(account.charges_outstanding),
        Action.DEFER: is_running and account.oldest_unpaid(day) is not None,
        Action.HOLD: is_running,
    }
    return [action for action, is_allowed in allowed.items() if is_allowed]
