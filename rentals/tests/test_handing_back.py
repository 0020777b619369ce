"""Machines come back: announced, kept after all, received, inspected, settled; the unit never goes straight to sale."""

from datetime import date, datetime
from decimal import Decimal as D

import pytest
import time_machine

from accounts.tests.factories import make_staff, make_user
from backoffice.auditing import money as money_audit
from backoffice.auditing import run
from backoffice.auditing import stock as stock_audit
from core.refusals import Conflict, Refusal
from notifications.models import Email
from orders.models import Allocation, Return
from orders.returning import ask_return, inspect_return, receive_return
from rentals.bookkeeping import read_lease
from rentals.clockwork import run_clock
from rentals.handing_back import hand_back, keep_it
from rentals.models import Agreement, LedgerEntry
from rentals.tests.journeys import make_delivered, pay_some

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_amiss():
    """After every test the books and the shelves are in order."""
    yield
    with time_machine.travel("2027-06-01T00:00:00Z"):
        wrong = [*run(money_audit.CHECKS), *run(stock_audit.CHECKS)]
    late = {"letters_leave_in_time", "holds_end_in_time", "open_questions_are_asked"}
    assert [offence for offence in wrong if offence.rule not in late] == []


def at(text):
    return time_machine.travel(datetime.fromisoformat(f"{text}T10:00:00+07:00"), tick=False)


def bring_back(agreement, day, **found):
    with at(day):
        returned = hand_back(agreement, by=agreement.customer, reason="moving abroad")
        receive_return(returned, by=None)
        return inspect_return(returned, by=None, findings="clean", **found)


def test_two_months_paid_and_back_on_the_first_of_march():
    (agreement,) = make_delivered()
    with at("2026-02-15"):
        pay_some(agreement, "65.00")
    bring_back(agreement, "2026-03-01")
    agreement.refresh_from_db()
    account = read_lease(agreement).account
    assert (agreement.state, agreement.live_unit, agreement.unit.state) == ("returned", None, "testing")
    assert (account.refund_due, account.cost_to_finish, account.rent_void) == (D(0), D(0), D(650))
    letter = Email.objects.get(kind="rental_returned")
    assert "Nothing is owed on either side" in letter.text
    assert "22 March 2026" in letter.text


def test_in_the_first_week_all_rent_goes_back():
    (agreement,) = make_delivered()
    bring_back(agreement, "2026-01-22")
    agreement.refresh_from_db()
    assert (agreement.refund_due, agreement.reinstate_until) == (D(65), None)
    assert "$65.00 go back to you" in Email.objects.get(kind="rental_returned").text


def test_what_was_prepaid_is_set_off_against_damage():
    (agreement,) = make_delivered()
    with at("2026-02-15"):
        pay_some(agreement, "195.00")
    bring_back(agreement, "2026-03-01", damage=D("100.00"), market_value=D("400.00"))
    account = read_lease(Agreement.objects.get()).account
    assert account.debts["damage:1"].paid == D(100)
    assert (account.refund_due, account.cost_to_finish) == (D(30), D(0))


def test_the_day_that_the_carrier_took_it_counts():
    (agreement,) = make_delivered()
    with at("2026-02-20"):
        returned = hand_back(agreement, by=agreement.customer)
    with at("2026-03-20"):
        receive_return(returned, by=None, taken_on=date(2026, 3, 14))
        inspect_return(returned, by=None, findings="clean")
    account = read_lease(Agreement.objects.get()).account
    assert account.cost_to_finish == D(65)  # February only: March began on the 15th
    assert account.rent_void == D(650)


def test_a_machine_that_is_not_sent_goes_on_and_catches_up():
    (agreement,) = make_delivered()
    with at("2026-02-14"):
        hand_back(agreement, by=agreement.customer)
    with at("2026-02-28"):
        assert run_clock()["kept"] == 0
        assert Agreement.objects.get().state == "return_pending"
        assert not Email.objects.filter(kind="rent_to_pay").exists()
    with at("2026-03-01"):
        assert run_clock()["kept"] == 1
    agreement.refresh_from_db()
    assert (agreement.state, Return.objects.get().state) == ("past_due", "withdrawn")
    assert Email.objects.filter(kind="rental_kept").count() == 1
    # Nobody was asked for February in time: no fee yet.
    assert not LedgerEntry.objects.filter(kind="charged").exists()


def test_who_changes_their_mind_keeps_it():
    (agreement,) = make_delivered()
    with at("2026-01-20"):
        hand_back(agreement, by=agreement.customer)
        assert keep_it(agreement, by=agreement.customer).state == "active"
        returned = hand_back(agreement, by=agreement.customer)
        receive_return(returned, by=None)
        with pytest.raises(Conflict, match="is coming back"):
            keep_it(agreement, by=agreement.customer)


def test_each_unit_returns_once():
    (agreement,) = make_delivered()
    bring_back(agreement, "2026-03-01")
    entries = LedgerEntry.objects.count()
    with at("2026-03-02"), pytest.raises(Conflict) as refused:
        hand_back(agreement, by=agreement.customer)
    assert refused.value.code == "not_with_customer"
    with at("2026-03-02"), pytest.raises(Conflict) as refused:
        ask_return(Allocation.objects.get(), by=None)
    assert refused.value.code == "not_with_customer"
    with at("2026-03-02"), pytest.raises(Conflict):
        inspect_return(Return.objects.get(), by=None, findings="again")
    assert LedgerEntry.objects.count() == entries


@pytest.mark.parametrize(
    ("who", "code"),
    [(make_user, "not_your_agreement"), (make_staff, "wrong_state"), (lambda: None, "not_your_agreement")],
)
def test_only_its_customer_hands_it_back(who, code):
    (agreement,) = make_delivered()
    with at("2026-02-01"), pytest.raises(Refusal) as refused:
        hand_back(agreement, by=who())
    assert refused.value.code == code
    assert not Return.objects.exists()
    assert Agreement.objects.get().state == "active"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"damage": D(0), "market_value": D(1)}, "amount_impossible"),
        ({"damage": D("1.005"), "market_value": D(1)}, "amount_impossible"),
        ({"damage": D(5)}, "market_value_missing"),
        ({"damage": D(5), "market_value": D(-1)}, "amount_impossible"),
        ({"findings": " "}, "findings_missing"),
    ],
)
def test_an_impossible_inspection_settles_nothing(found, code):
    (agreement,) = make_delivered()
    with at("2026-03-01"):
        returned = hand_back(agreement, by=agreement.customer)
        receive_return(returned, by=None)
        entries = LedgerEntry.objects.count()
        with pytest.raises(Refusal) as refused:
            inspect_return(returned, by=None, **{"findings": "clean", **found})
    assert refused.value.code == code
    assert (LedgerEntry.objects.count(), Return.objects.get().state) == (entries, "received")


def test_it_was_not_taken_before_it_was_sent():
    (agreement,) = make_delivered()
    with at("2026-03-01"):
        returned = hand_back(agreement, by=agreement.customer)
        for day in (date(2026, 1, 11), date(2026, 3, 2)):
            with pytest.raises(Refusal) as refused:
                receive_return(returned, by=None, taken_on=day)
            assert refused.value.code == "day_impossible"
    assert Return.objects.get().state == "asked"
