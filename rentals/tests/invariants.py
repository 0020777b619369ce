"""What must hold for every agreement at every moment, numbered as in the rules; shared by pure and stored histories."""

from calendar import monthrange
from decimal import Decimal
from itertools import pairwise

from core.money import is_exact
from rentals.flow import ENDED, OWNED, RUNNING
from rentals.rules import arrears, buyout, lease
from rentals.rules.ledger import LATE_FEE, Kind, new_account
from rentals.rules.policy import BuyoutMethod, FeeCombination

ZERO = Decimal(0)


def check_amounts(rented):
    """1, 2, 3 and 8: every debt is whole, and all of them are the total; all money is whole quanta."""
    account = rented.account
    debts = [account.debt_of(due.number) for due in account.dues]
    assert tuple(debt.amount for debt in debts) == account.terms.amounts
    assert sum((debt.amount for debt in debts), ZERO) == account.terms.total
    for debt in account.debts.values():
        parts = (debt.paid, debt.waived, debt.void, debt.outstanding)
        assert min(parts) >= 0
        assert sum(parts, ZERO) == debt.amount
        assert all(type(part) is Decimal and is_exact(part, account.terms.currency) for part in parts)
    parts = (account.rent_paid, account.rent_waived, account.rent_void, account.rent_outstanding)
    assert sum(parts, ZERO) == account.terms.total
    assert account.rent_paid <= account.terms.total


def check_money(rented, received):
    """4: nothing of what came in (`received`, by payment, counted outside) is lost or made up."""
    account = rented.account
    assert {key: purse.received for key, purse in account.purses.items()} == received
    for purse in account.purses.values():
        parts = (purse.allocated, purse.credit, purse.refund_due, purse.refunded, purse.reversed)
        assert min(parts) >= 0
        assert sum(parts, ZERO) == purse.received
    gone = sum((purse.refunded + purse.reversed for purse in account.purses.values()), ZERO)
    kept = account.rent_paid + account.charges_paid + account.credit + account.refund_due
    assert sum(received.values(), ZERO) == kept + gone


def check_buyout(rented, day):
    """5: the price of owning lies between zero and the cost to finish, and is zero only when nothing is left to ask."""
    account = rented.account
    price = buyout.buyout_price(account, day)
    assert 0 <= price.amount <= price.cost_to_finish
    terms = account.terms
    credited = terms.policy.buyout.credit_pct if price.basis == BuyoutMethod.CASH_MINUS_CREDIT else Decimal(1)
    by_credit = price.basis in (buyout.SAME_AS_CASH, BuyoutMethod.CASH_MINUS_CREDIT)
    quantum = terms.policy.quantum[terms.currency]
    earned = by_credit and account.rent_paid * credited > terms.buyout_cash_price - quantum
    if price.amount == 0:
        assert not account.charges_outstanding
        assert earned or not account.rent_outstanding
    if not account.cost_to_finish:
        assert price.amount == 0
    assert price.waived + price.rent_part == account.rent_outstanding


def check_dates(rented, segments):
    """6: dates rise, and each is its month's day by the anchor of its segment (`segments`: first number, anchor)."""
    dues = rented.account.dues
    assert all(before.due < after.due for before, after in pairwise(dues))
    offset = rented.account.terms.policy.first_due_offset_months
    for row in dues:
        first, anchor = next(segment for segment in reversed(segments) if segment[0] <= row.number)
        months = anchor.year * 12 + anchor.month - 1 + row.number - first + offset
        assert row.due.year * 12 + row.due.month - 1 == months
        assert row.due.day == min(anchor.day, monthrange(row.due.year, row.due.month)[1])


def check_fees(before, rented, day):
    """7: what `day` has charged: one fee an instalment, within its bounds, none within grace."""
    account = rented.account
    rule = account.terms.policy.late_fee
    for entry in account.entries[len(before.account.entries) :]:
        if entry.kind is Kind.CHARGED and entry.target.startswith(LATE_FEE):
            number = int(entry.target.split(":")[1])
            assert (day - before.account.due_of(number).counts_from).days > rule.grace_days
            assert entry.amount <= before.account.debt_of(number).outstanding
            if rule.combine is FeeCombination.MIN_CAP:
                assert entry.amount <= rule.cap[account.terms.currency]
    charged = [entry.target for entry in account.entries if entry.kind is Kind.CHARGED]
    assert len(charged) == len(set(charged))


def check_ownership(rented, ownerships):
    """9: it passes exactly once, only in an owning state, only with nothing outstanding."""
    assert (rented.owned_since is not None) == (rented.state in OWNED)
    assert ownerships == (1 if rented.state in OWNED else 0)
    if rented.state in OWNED:
        assert rented.account.cost_to_finish == 0


def check_end(rented, day):
    """11: an agreement that has ended has nothing that the shop would still charge by itself."""
    if rented.state in ENDED:
        assert lease.to_collect(rented, day) == []


def check_recomputed(rented, day):
    """The entries alone make the balances, and ledger and date alone the standing of a running agreement."""
    account = rented.account
    again = new_account(account.terms, account.anchor).replayed(account.entries)
    assert (again.debts, again.purses) == (account.debts, account.purses)
    assert [entry.seq for entry in account.entries] == list(range(1, len(account.entries) + 1))
    if rented.state in RUNNING and not rented.disputed:
        now = arrears.standing(account, day)
        # Default is left by paying all that is due and all fees, not by paying a part.
        assert rented.state in ("defaulted", now)
