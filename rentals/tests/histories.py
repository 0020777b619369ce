"""Random lives of one agreement, for the invariants."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.money import CURRENCIES, round_down
from core.refusals import Refusal
from rentals.flow import ENDED, OWNED, RUNNING, AgreementState
from rentals.rules import arrears, buyout, lease, ledger
from rentals.rules.terms import terms_by_rate, terms_by_total
from rentals.tests import invariants
from rentals.tests.stage import make_policy

S = AgreementState
ZERO = Decimal(0)
LONGEST_DAILY = 9
IN_DEBT = (S.DEFAULTED, S.LOST, S.RETURNED)
BEGINNINGS = [4, 4, 4, 4, 0, 1, 2, 3]

policies = st.builds(
    make_policy,
    buyout=st.fixed_dictionaries(
        {
            "method": st.sampled_from(["cash_fraction", "pct_remaining", "cash_minus_credit"]),
            "sac_days": st.sampled_from([None, 0, 30, 90]),
            "floor_one_payment": st.booleans(),
        }
    ),
    late_fee=st.fixed_dictionaries({"combine": st.sampled_from(["min_cap", "greater"])}),
    first_due_offset_months=st.sampled_from([0, 0, 0, 1]),
    prorate_on_return=st.booleans(),
)


@st.composite
def all_terms(draw):
    """Terms within the policy: by rate or by an awkward total, in dollars or riel."""
    code = draw(st.sampled_from(["USD", "USD", "KHR"]))
    quantum = CURRENCIES[code].quantum
    cash = draw(st.integers(min_value=2_000, max_value=200_000)) * quantum
    months = draw(st.sampled_from([3, 6, 12]))
    policy = draw(policies)
    ratio = draw(st.integers(min_value=90, max_value=200))
    total = round_down(cash * ratio / 100, code)
    total = max(total, policy.min_instalment[code] * months)
    if total > cash * 2:
        cash = total
    shared = {"cash_price": cash, "months": months, "currency": code, "policy": policy}
    if draw(st.booleans()):
        return terms_by_total(total=total, **shared)
    return terms_by_rate(monthly=round_down(total / months, code), **shared)


# Where calendar months differ, rules about them go wrong: half of all lives begin there.
FIRST_DAYS = (date(2026, 1, 1), date(2028, 3, 1))
month_ends = st.dates(*FIRST_DAYS).map(lambda day: day.replace(day=1) - timedelta(days=1))


class Life(RuleBasedStateMachine):
    """One agreement, what its customer, its staff and the clock do to it, and money counted beside it."""

    def __init__(self):
        super().__init__()
        self.received = {}
        self.ownerships = 0

    @initialize(terms=all_terms(), start=st.dates(*FIRST_DAYS) | month_ends, done=st.sampled_from(BEGINNINGS))
    def begin(self, terms, start, done):
        """Draft, sign, pay, send, deliver: most lives get that far at once."""
        self.today = start
        self.lease = lease.draft(terms, start)
        self.segments = [(1, start)]
        for step in (self.sign, self.pay_first, self.send, self.deliver)[:done]:
            step()

    # --- the machine's own hands ---

    def becomes(self, after):
        """Take over what a rule made of the lease; count ownership passing."""
        if after.owned_since is not None and self.lease.owned_since is None:
            self.ownerships += 1
        assert not (self.lease.state in OWNED and after.state != self.lease.state)
        self.lease = after

    def new_key(self):
        """Return the key of a payment that has not been."""
        return f"payment {len(self.received) + 1}"

    def amount_of(self, share):
        """Return a payable amount: this share (in tenths, up to 12) of what it costs to finish, at least a quantum."""
        code = self.lease.account.terms.currency
        amount = round_down(self.lease.account.cost_to_finish * share / 10, code)
        return max(amount, CURRENCIES[code].quantum)

    def noon(self):
        """Return the instant of noon today in the shop."""
        return datetime.combine(self.today, time(12), tzinfo=self.lease.account.terms.policy.zone)

    def paid(self, amount):
        """Pay `amount`; paying never raises the price of owning, and the same news twice is no news."""
        before = buyout.buyout_price(self.lease.account, self.today).amount
        key = self.new_key()
        after = lease.pay(self.lease, amount, payment=key, on=self.today)
        self.received[key] = amount
        self.becomes(after)
        assert buyout.buyout_price(after.account, self.today).amount <= before
        assert lease.pay(after, amount, payment=key, on=self.today) is after

    # --- to delivery ---

    @precondition(lambda self: self.lease.state == S.DRAFT)
    @rule()
    def sign(self):
        """The customer signs."""
        self.becomes(lease.sign(self.lease))

    @precondition(lambda self: self.lease.state in (S.PENDING_PAYMENT, S.EXPIRED))
    @rule()
    def pay_first(self):
        """The first payment arrives, in time or late; told twice."""
        key = self.new_key()
        after = lease.first_payment(self.lease, payment=key, on=self.today)
        self.received[key] = after.account.terms.amounts[0]
        self.becomes(after)
        assert lease.first_payment(after, payment=key, on=self.today) is after

    @precondition(lambda self: self.lease.state in (S.DRAFT, S.PENDING_PAYMENT))
    @rule()
    def expire(self):
        """The hold runs out."""
        self.becomes(lease.expire(self.lease, on=self.today))

    @precondition(lambda self: self.lease.state == S.CONFIRMED)
    @rule()
    def send(self):
        """The machine leaves."""
        self.becomes(lease.ship(self.lease))

    @precondition(lambda self: self.lease.state in (S.CONFIRMED, S.SHIPPED))
    @rule()
    def cancel(self):
        """Cancelled, or refused at the door: everything goes back."""
        self.becomes(lease.cancel(self.lease, on=self.today))
        assert self.lease.account.rent_paid == 0
        back = sum((purse.refund_due + purse.refunded for purse in self.lease.account.purses.values()), ZERO)
        assert back == sum(self.received.values(), ZERO)

    @precondition(lambda self: self.lease.state == S.SHIPPED)
    @rule()
    def deliver(self):
        """The machine arrives: the anchor."""
        self.becomes(lease.deliver(self.lease, on=self.today))
        self.segments = [(1, self.today)]

    # --- time ---

    @rule(days=st.sampled_from([1, 2, 5, 7, 8, 9, 20, 28, 29, 30, 31, 32, 45]), gap=st.booleans())
    def wait(self, days, gap):
        """Days pass; billing looks every day, or after a gap. The same day twice, or an earlier one, is no news."""
        looks = 1 if gap or days > LONGEST_DAILY else days
        for _ in range(looks):
            self.today += timedelta(days=days // looks)
            before = self.lease
            self.becomes(lease.tick(before, on=self.today))
            invariants.check_fees(before, self.lease, self.today)
            assert lease.tick(self.lease, on=self.today) == self.lease
        assert lease.tick(self.lease, on=self.today - timedelta(days=days)) == self.lease
        for number, planned, _ in arrears.steps_due(self.lease.account, self.today):
            assert planned <= self.today
            assert self.lease.account.debt_of(number).outstanding

    # --- money ---

    @rule(share=st.integers(0, 12))
    def pay_some(self, share):
        """Any amount arrives, whatever the state."""
        self.paid(self.amount_of(share))

    @precondition(lambda self: lease.to_collect(self.lease, self.today))
    @rule()
    def pay_what_is_due(self):
        """The saved card is charged for all that is due."""
        self.paid(self.lease.account.rent_due(self.today))
        assert lease.to_collect(self.lease, self.today) == []

    @precondition(lambda self: self.lease.state in RUNNING)
    @rule(short=st.booleans())
    def buy_out(self, short):
        """Money for the price of today arrives: enough, or one quantum short."""
        price = buyout.buyout_price(self.lease.account, self.today).amount
        amount = price - CURRENCIES[self.lease.account.terms.currency].quantum if short else price
        if amount < 0 or (amount == 0 and short):
            return
        key = self.new_key()
        after = lease.buy_out(self.lease, amount=amount, payment=key, at=self.noon())
        if amount:
            self.received[key] = amount
        if not short and not self.lease.disputed:
            assert after.state == S.BOUGHT_OUT
        self.becomes(after)

    @precondition(lambda self: self.lease.account.refund_due)
    @rule()
    def refund(self):
        """One payment's refund has gone out."""
        account = self.lease.account
        key, purse = next((key, purse) for key, purse in account.purses.items() if purse.refund_due)
        after = ledger.refund(account, payment=key, amount=purse.refund_due, on=self.today)
        self.becomes(lease.replace(self.lease, account=after))

    @precondition(lambda self: any(debt.outstanding for _, debt in self.lease.account.charges()))
    @rule()
    def waive(self):
        """Staff let a charge go."""
        target = next(target for target, debt in self.lease.account.charges() if debt.outstanding)
        self.becomes(lease.waive_charge(self.lease, target, on=self.today, reason="our mistake"))

    # --- endings ---

    @precondition(lambda self: self.lease.state in RUNNING | {S.SHIPPED})
    @rule()
    def ask_return(self):
        """The customer wants to hand it back."""
        self.becomes(lease.ask_return(self.lease))

    @precondition(lambda self: self.lease.state == S.RETURN_PENDING)
    @rule()
    def keep_it_after_all(self):
        """It was not sent in time."""
        self.becomes(lease.return_not_sent(self.lease, on=self.today))

    @precondition(lambda self: self.lease.state == S.RETURN_PENDING)
    @rule(damaged=st.booleans())
    def take_return(self, damaged):
        """It is back."""
        finish = self.lease.account.cost_to_finish
        back_before = self.lease.account.refund_due
        code = self.lease.account.terms.currency
        damage = CURRENCIES[code].quantum * 1000 if damaged else None
        price = buyout.buyout_price(self.lease.account, self.today).amount
        self.becomes(lease.take_return(self.lease, on=self.today, damage=damage))
        account = self.lease.account
        assert account.credit == 0
        assert account.cost_to_finish <= finish + price
        assert account.refund_due >= back_before
        # Set-off: nobody owes the shop and is owed by it at once.
        assert account.refund_due == back_before or account.cost_to_finish == 0

    @precondition(lambda self: self.lease.state == S.RETURNED)
    @rule()
    def reinstate(self):
        """The customer takes it up again, or is refused and nothing changes."""
        until = self.lease.reinstate_until
        is_over = until is None or self.today > until or not self.lease.account.rent_void
        if is_over or self.lease.account.cost_to_finish:
            with pytest.raises(Refusal, match=r"no longer|Pay what is owed|Nothing was left"):
                lease.reinstate(self.lease, on=self.today)
            return
        first = next(due.number for due in self.lease.account.dues if self.lease.account.debt_of(due.number).void)
        after = lease.reinstate(self.lease, on=self.today)
        anchor = after.account.due_of(first).starts
        assert self.today <= anchor < self.today + timedelta(days=5)
        self.segments.append((first, anchor))
        self.becomes(lease.tick(after, on=self.today))

    @precondition(lambda self: self.lease.state == S.ACTIVE and not self.lease.disputed)
    @rule()
    def swap(self):
        """Another machine takes its place, unless something is overdue."""
        owed = self.lease.account.rent_due(self.today) + self.lease.account.charges_outstanding
        if owed:
            with pytest.raises(Refusal, match="Pay what is due first"):
                lease.swap_out(self.lease, on=self.today)
        else:
            self.becomes(lease.swap_out(self.lease, on=self.today))

    @precondition(lambda self: self.lease.state in RUNNING)
    @rule(share=st.integers(0, 12))
    def lose_it(self, share):
        """It is lost."""
        price = buyout.buyout_price(self.lease.account, self.today).amount
        value = self.amount_of(share)
        self.becomes(lease.declare_lost(self.lease, on=self.today, market_value=value))
        assert self.lease.account.cost_to_finish == min(price, value)

    @precondition(lambda self: self.lease.state in IN_DEBT and self.lease.account.cost_to_finish)
    @rule()
    def write_off(self):
        """Two persons give the debt up."""
        self.becomes(lease.write_off(self.lease, on=self.today, by="a", approved_by="b", reason="bankrupt"))
        assert self.lease.account.cost_to_finish == 0

    @precondition(lambda self: self.lease.state in RUNNING and self.received and not self.lease.disputed)
    @rule(lost=st.booleans(), data=st.data())
    def dispute(self, lost, data):
        """A customer's bank takes a payment back, or tries to; nothing grows meanwhile."""
        key = data.draw(st.sampled_from(sorted(self.lease.account.purses)))
        held = lease.open_dispute(self.lease, payment=key)
        later = self.today + timedelta(days=40)
        if held.disputed:
            assert lease.to_collect(held, later) == []
            assert lease.tick(held, on=later).state == held.state
        after = lease.close_dispute(held, payment=key, lost=lost, on=self.today)
        if lost:
            assert after.account.purses[key].allocated == 0
        self.becomes(after)

    # --- what must hold ---

    @invariant()
    def all_is_in_order(self):
        """The eleven, after every step."""
        if not hasattr(self, "lease"):
            return
        invariants.check_amounts(self.lease)
        invariants.check_money(self.lease, self.received)
        invariants.check_buyout(self.lease, self.today)
        invariants.check_dates(self.lease, self.segments)
        invariants.check_ownership(self.lease, self.ownerships)
        invariants.check_end(self.lease, self.today)
        invariants.check_recomputed(self.lease, self.today)
        if self.lease.state in ENDED:
            assert self.lease.account.credit == 0
