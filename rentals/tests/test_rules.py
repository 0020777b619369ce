"""Single rules where the worked cases are silent: zones, quotes, stale news, excuses, disputes, refusals."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import pytest

from core.refusals import Conflict, Refusal
from rentals.rules import arrears, buyout, endings, lease, ledger, pricing
from rentals.rules.ledger import Kind, LedgerBroken
from rentals.rules.schedule import local_day, schedule, start_of
from rentals.tests.stage import ANCHOR, make_account, make_policy, make_terms

PHNOM_PENH = ZoneInfo("Asia/Phnom_Penh")
HONOLULU = ZoneInfo("Pacific/Honolulu")


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=PHNOM_PENH)


def running(**terms):
    """Return an active lease: 12 × 65.00, delivered on 15 January 2026."""
    rented = lease.first_payment(lease.sign(lease.draft(make_terms(**terms), ANCHOR)), payment="first", on=ANCHOR)
    return lease.deliver(lease.ship(rented), on=ANCHOR)


# --- days -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", [UTC, HONOLULU, PHNOM_PENH], ids=str)
@pytest.mark.parametrize(
    ("clock", "day"), [("2026-02-15T23:59:59", date(2026, 2, 15)), ("2026-02-16T00:00:01", date(2026, 2, 16))]
)
def test_the_shops_day_is_the_same_whatever_the_server_thinks(server, clock, day):
    instant = datetime.fromisoformat(clock).replace(tzinfo=PHNOM_PENH).astimezone(server)
    assert local_day(instant, PHNOM_PENH) == day
    rented = lease.tick(running(), on=local_day(instant, PHNOM_PENH))
    assert rented.state == ("active" if day == date(2026, 2, 15) else "past_due")


def test_a_local_day_begins_seven_hours_before_utc():
    assert start_of(date(2026, 2, 16), PHNOM_PENH) == datetime(2026, 2, 15, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [(date(2027, 1, 31), ["02-28", "03-31", "04-30"]), (date(2028, 1, 31), ["02-29", "03-31", "04-30"])],
)
def test_month_ends_come_back(anchor, expected):
    assert [f"{due.due:%m-%d}" for due in schedule(anchor, range(1, 5), offset_months=0)][1:] == expected


# --- quotes ---------------------------------------------------------------------------------------------------------


def test_a_quote_dies_when_the_ledger_moves_or_its_time_is_over():
    account = running().account
    quote = buyout.make_quote(account, noon(date(2026, 1, 20)))
    assert quote.holds(account, quote.expires_at - timedelta(seconds=1))
    assert not quote.holds(account, quote.expires_at)
    assert not quote.holds(account, quote.made_at - timedelta(seconds=1))
    moved = ledger.receive(account, D(1), payment="other", on=date(2026, 1, 20))
    with pytest.raises(Conflict) as refused:
        buyout.exercise(moved, quote, amount=quote.price.amount, payment="p", at=noon(date(2026, 1, 20)))
    assert refused.value.code == "quote_stale"


def test_a_quote_is_not_exercised_for_less():
    account, at = running().account, noon(date(2026, 1, 20))
    quote = buyout.make_quote(account, at)
    with pytest.raises(Refusal) as refused:
        buyout.exercise(account, quote, amount=D("534.99"), payment="p", at=at)
    assert (refused.value.code, refused.value.facts) == ("amount_short", {"price": D("535.00")})


def test_a_surplus_over_the_quote_is_due_back():
    account, at = running().account, noon(date(2026, 1, 20))
    bought = buyout.exercise(account, buyout.make_quote(account, at), amount=D(600), payment="p", at=at)
    assert (bought.cost_to_finish, bought.rent_waived, bought.refund_due) == (0, D(180), D(65))


def test_nothing_is_quoted_when_nothing_is_owed():
    account = ledger.receive(make_account(), D(780), payment="all", on=ANCHOR)
    with pytest.raises(Refusal, match="paid already"):
        buyout.make_quote(account, noon(ANCHOR))


def test_money_for_a_stale_price_is_ordinary_rent():
    rented = lease.buy_out(running(), amount=D(534), payment="p", at=noon(date(2026, 1, 20)))
    assert (rented.state, rented.account.rent_paid) == ("active", D(599))


# --- money ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [D(0), D(-1), D("0.001"), D("1.005")])
def test_impossible_amounts_are_refused(amount):
    with pytest.raises(Refusal) as refused:
        ledger.receive(make_account(), amount, payment="p", on=ANCHOR)
    assert refused.value.code == "amount_impossible"


def test_a_payment_is_booked_once():
    once = ledger.receive(make_account(), D(65), payment="p", on=ANCHOR)
    assert ledger.receive(once, D(65), payment="p", on=ANCHOR) is once
    with pytest.raises(Conflict) as refused:
        ledger.receive(once, D(66), payment="p", on=ANCHOR)
    assert refused.value.code == "payment_differs"


def test_what_cannot_be_is_not_booked():
    account = make_account()
    for kind, target in ((Kind.PAID, "rent:13"), (Kind.UNPAID, "rent:1"), (Kind.RECEIVED, "rent:1")):
        with pytest.raises(LedgerBroken):
            account.post(kind, D(1), on=ANCHOR, target=target)
    with pytest.raises(LedgerBroken):
        account.post(Kind.WAIVED, D(66), on=ANCHOR, target="rent:1")
    with pytest.raises(LedgerBroken):
        account.post(Kind.REFUND_DUE, D(1), on=ANCHOR, payment="nobody")
    assert account.ledger_seq == 0


def test_no_more_goes_back_than_is_due():
    back = lease.cancel(
        lease.first_payment(lease.sign(lease.draft(make_terms(), ANCHOR)), payment="p", on=ANCHOR), on=ANCHOR
    ).account
    for amount in (D(0), D("65.01")):
        with pytest.raises(Conflict):
            ledger.refund(back, payment="p", amount=amount, on=ANCHOR)
    gone = ledger.refund(back, payment="p", amount=D(65), on=ANCHOR)
    assert (gone.refund_due, gone.purses["p"].refunded) == (0, D(65))


def test_prepaid_rent_goes_back_from_the_newest_payment():
    account = ledger.receive(make_account(), D(130), payment="old", on=ANCHOR)
    account = ledger.receive(account, D(130), payment="new", on=ANCHOR)
    account, _ = endings.hand_back(account, date(2026, 3, 1))
    assert {key: purse.refund_due for key, purse in account.purses.items()} == {"old": D(0), "new": D(130)}


def test_money_for_an_ended_agreement_is_due_back_at_once():
    rented = lease.pay(lease.cancel(running_before_dispatch(), on=ANCHOR), D(65), payment="late", on=ANCHOR)
    assert (rented.state, rented.account.purses["late"].refund_due) == ("cancelled", D(65))


def running_before_dispatch():
    return lease.first_payment(lease.sign(lease.draft(make_terms(), ANCHOR)), payment="first", on=ANCHOR)


def test_late_money_revives_an_expired_agreement():
    expired = lease.expire(lease.sign(lease.draft(make_terms(), ANCHOR)), on=ANCHOR)
    assert expired.account.rent_void == D(780)
    revived = lease.first_payment(expired, payment="late", on=ANCHOR)
    assert (revived.state, revived.account.rent_paid, revived.account.rent_outstanding) == ("confirmed", D(65), D(715))


# --- arrears --------------------------------------------------------------------------------------------------------


def test_no_fee_while_a_payment_is_under_way():
    account, day = running().account, date(2026, 2, 23)
    assert arrears.assess(account, day, excused={2}) is account
    assert arrears.assess(account, day).charges_outstanding == D("3.25")


def test_a_deferred_instalment_counts_from_its_new_day_and_keeps_its_due_date():
    account = arrears.restart_clock(running().account, 2, on=date(2026, 3, 1), to=date(2026, 3, 1), reason="a promise")
    assert account.due_of(2).due == date(2026, 2, 15)
    assert arrears.standing(account, date(2026, 3, 1)) is arrears.Standing.CURRENT
    assert arrears.standing(account, date(2026, 3, 2)) is arrears.Standing.PAST_DUE
    assert arrears.assess(account, date(2026, 3, 8)) is account


def test_a_waiver_needs_a_reason_and_something_to_waive():
    account = arrears.assess(running().account, date(2026, 2, 23))
    with pytest.raises(Refusal, match="Say why"):
        arrears.waive_charge(account, "late_fee:2", on=ANCHOR, reason=" ")
    waived = arrears.waive_charge(account, "late_fee:2", on=ANCHOR, reason="post was late")
    assert waived.charges_outstanding == 0
    for target in ("late_fee:2", "late_fee:3", "rent:2"):
        with pytest.raises(Conflict):
            arrears.waive_charge(waived, target, on=ANCHOR, reason="again")


def test_after_a_gap_of_nine_days_all_steps_are_there_and_none_early():
    found = arrears.steps_due(running().account, date(2026, 2, 24))
    assert [(number, str(day), str(step)) for number, day, step in found] == [
        (2, "2026-02-12", "notice"),
        (2, "2026-02-15", "charge"),
        (2, "2026-02-16", "overdue"),
        (2, "2026-02-17", "charge"),
        (2, "2026-02-20", "charge"),
        (2, "2026-02-23", "late_fee"),
        (2, "2026-02-24", "charge"),
    ]


def test_default_is_cured_in_time_by_rent_and_fees_and_not_after():
    defaulted = lease.tick(running(), on=date(2026, 3, 18))
    assert (defaulted.state, defaulted.reinstate_until) == ("defaulted", date(2026, 4, 17))
    owed = defaulted.account.rent_due(date(2026, 3, 18)) + defaulted.account.charges_outstanding
    assert owed == D("133.25")
    part = lease.pay(defaulted, D(65), payment="part", on=date(2026, 3, 18))
    assert part.state == "defaulted"
    cured = lease.pay(part, D("68.25"), payment="rest", on=date(2026, 3, 18))
    assert (cured.state, cured.reinstate_until) == ("active", None)
    late = lease.pay(lease.tick(running(), on=date(2026, 4, 18)), D(300), payment="late", on=date(2026, 4, 18))
    assert late.state == "defaulted"


# --- endings --------------------------------------------------------------------------------------------------------


def test_a_lost_dispute_makes_its_instalment_unpaid_and_its_clock_new():
    rented = lease.pay(running(), D(65), payment="card", on=date(2026, 2, 15))
    held = lease.open_dispute(rented, payment="card")
    assert held.disputed == {2}
    assert lease.tick(held, on=date(2026, 6, 1)).state == "active"
    lost = lease.close_dispute(held, payment="card", lost=True, on=date(2026, 3, 10))
    assert (lost.account.debt_of(2).outstanding, lost.account.due_of(2).due) == (D(65), date(2026, 2, 15))
    assert lost.account.due_of(2).counts_from == date(2026, 3, 10)
    assert lost.account.purses["card"].reversed == D(65)
    won = lease.close_dispute(held, payment="card", lost=False, on=date(2026, 3, 10))
    assert (won.state, won.account.rent_paid, won.disputed) == ("active", D(130), frozenset())


def test_what_is_overdue_is_not_swapped():
    with pytest.raises(Conflict) as refused:
        lease.swap_out(running(), on=date(2026, 2, 15))
    assert (refused.value.code, refused.value.facts) == ("overdue", {"due": D(65)})


def test_a_credit_beyond_the_new_machine_is_refused():
    with pytest.raises(Refusal):
        endings.swap_in(cash_price=D(50), monthly=D(8), months=12, credit=D(60), like=make_terms())


def test_a_debt_is_written_off_by_two():
    defaulted = lease.tick(running(), on=date(2026, 3, 18))
    for persons in ({"by": "a", "approved_by": "a"}, {"by": "a", "approved_by": ""}):
        with pytest.raises(Refusal) as refused:
            lease.write_off(defaulted, on=date(2026, 3, 18), reason="gone", **persons)
        assert refused.value.code == "two_persons_needed"
    written = lease.write_off(defaulted, on=date(2026, 3, 18), by="a", approved_by="b", reason="gone")
    assert (written.state, written.account.cost_to_finish) == ("written_off", 0)


def test_a_return_that_never_came_goes_on_where_it_was():
    asked = lease.ask_return(running())
    back = lease.return_not_sent(asked, on=date(2026, 2, 16))
    assert back.state == "past_due"


def test_states_that_do_not_follow_are_refused():
    for step in (lease.ship, lease.sign, lambda rented: lease.deliver(rented, on=ANCHOR)):
        with pytest.raises(Conflict) as refused:
            step(running())
        assert refused.value.code == "wrong_state"
    with pytest.raises(Conflict):
        lease.take_return(running(), on=ANCHOR)


def test_damage_is_capped_by_market_value_and_price():
    account = running().account
    for assessed, value, charged in (("40.00", "280.00", "40.00"), ("400.00", "280.00", "280.00")):
        after = endings.charge_damage(account, date(2026, 2, 1), assessed=D(assessed), market_value=D(value))
        assert after.charges_outstanding == D(charged)
    with pytest.raises(Refusal):
        endings.charge_damage(account, date(2026, 2, 1), assessed=D(0), market_value=D(1))


def test_damage_in_the_first_week_is_set_off_against_the_rent_that_goes_back():
    asked = lease.ask_return(running())
    back = lease.take_return(asked, on=date(2026, 1, 20), damage=D("40.00"), market_value=D("500.00"))
    account = back.account
    assert (account.rent_paid, account.charges_paid, account.refund_due) == (0, D("40.00"), D("25.00"))
    worthless = lease.take_return(asked, on=date(2026, 1, 20), damage=D("40.00"), market_value=D(0))
    assert (worthless.account.charges_paid, worthless.account.refund_due) == (0, D("65.00"))


def test_a_machine_that_never_arrived_is_not_damaged_by_its_customer():
    shipped = lease.ship(lease.first_payment(lease.sign(lease.draft(make_terms(), ANCHOR)), payment="p", on=ANCHOR))
    back = lease.take_return(lease.ask_return(shipped), on=date(2026, 3, 1), damage=D("40.00"))
    assert (back.account.charges_outstanding, back.account.refund_due) == (0, D("65.00"))


# --- prices ---------------------------------------------------------------------------------------------------------


def test_payback_and_proposals():
    assert [pricing.payback_months(D(cost), D(65)) for cost in ("0", "65", "65.01", "400")] == [0, 1, 2, 7]
    proposed = pricing.proposed_monthly(cash_price=D(599), months=12, ratio_wanted=D("1.30"), currency="USD")
    assert proposed == D("64.89")
    assert proposed * 12 <= D(599) * D("1.30")
    for cash, payment, payments in ((D(0), D(1), 1), (D(1), D(0), 1), (D(1), D(1), 0)):
        with pytest.raises(Refusal):
            pricing.price_of(cash_price=cash, payment=payment, payments=payments, policy=make_policy())
    with pytest.raises(Refusal):
        pricing.payback_months(D(1), D(0))
