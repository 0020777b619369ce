"""Loss, debts given up by two people, the way back after a return, and money on its way to the customer."""

from datetime import datetime
from decimal import Decimal as D

import pytest
import time_machine

from accounts.tests.factories import make_staff
from catalog.models import Unit
from catalog.tests.factories import make_units
from core.refusals import Conflict, Refusal
from notifications.models import Email
from orders.models import RefundLine
from orders.returning import inspect_return, receive_return
from payments.models import Payment, Refund
from rentals.clockwork import run_clock
from rentals.ending import approve_write_off, declare_lost, propose_write_off, reinstate
from rentals.handing_back import hand_back
from rentals.models import Agreement, Collection, LedgerEntry, LedgerRefund
from rentals.refunding import return_what_is_due
from rentals.tests.journeys import make_delivered, pay_bill, pay_some

pytestmark = pytest.mark.django_db


def at(day, clock="10:00:00"):
    return time_machine.travel(datetime.fromisoformat(f"{day}T{clock}+07:00"), tick=False)


def brought_back(day="2026-03-01", paid=None):
    (agreement,) = make_delivered()
    if paid:
        with at("2026-02-15"):
            pay_some(agreement, paid)
    with at(day):
        returned = hand_back(agreement, by=agreement.customer)
        receive_return(returned, by=None)
        inspect_return(returned, by=None, findings="clean")
    return Agreement.objects.get()


@pytest.mark.parametrize(("worth", "owed"), [("280.00", D(280)), ("900.00", D(535))])
def test_a_lost_machine_costs_one_capped_charge(worth, owed):
    (agreement,) = make_delivered()
    with at("2026-02-01"):
        declare_lost(agreement, market_value=D(worth), by=make_staff(), reason="stolen from a car")
        bill = Collection.objects.get(purpose="charge").bill
        assert (bill.amount, Unit.objects.get().state) == (owed, "lost")
        pay_bill(bill)
    assert Agreement.objects.get().state == "completed"


def test_a_loss_needs_a_reason_and_a_running_agreement():
    (agreement,) = make_delivered()
    with at("2026-02-01"):
        for facts, code in (
            ({"reason": " ", "market_value": D(1)}, "reason_needed"),
            ({"reason": "x", "market_value": D(-1)}, "amount_impossible"),
        ):
            with pytest.raises(Refusal) as refused:
                declare_lost(agreement, by=None, **facts)
            assert refused.value.code == code
    assert (Agreement.objects.get().state, Unit.objects.get().state) == ("active", "on_rent")


def test_two_people_write_a_debt_off():
    (agreement,) = make_delivered()
    with at("2026-03-20"):
        run_clock()
        one, other = make_staff("a@example.com"), make_staff("b@example.com")
        with pytest.raises(Conflict, match="Nobody has proposed"):
            approve_write_off(agreement, by=other)
        propose_write_off(agreement, by=one, reason="bankrupt")
        with pytest.raises(Refusal) as refused:
            approve_write_off(agreement, by=one)
        assert refused.value.code == "two_persons_needed"
        approve_write_off(agreement, by=other)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.live_unit, Unit.objects.get().state) == ("written_off", None, "lost")
    assert sum(LedgerEntry.objects.filter(kind="written_off").values_list("amount", flat=True)) == D(715)


def test_what_runs_is_not_written_off():
    (agreement,) = make_delivered()
    with at("2026-02-01"), pytest.raises(Conflict) as refused:
        propose_write_off(agreement, by=make_staff(), reason="no")
    assert refused.value.code == "wrong_state"


def test_an_agreement_is_taken_up_again_with_a_comparable_machine():
    agreement = brought_back(paid="65.00")
    make_units(agreement.line.variant, serials=["SPARE-1"])
    with at("2026-03-10"):
        row = reinstate(agreement, serial="spare-1", by=make_staff())
    assert (row.state, row.live_unit.serial, row.live_unit.state) == ("active", "SPARE-1", "on_rent")
    assert [str(due) for due in row.instalments.values_list("due_on", flat=True)[1:4]] == [
        "2026-02-15",
        "2026-03-10",
        "2026-04-10",
    ]
    with at("2026-03-12"):
        hand_back(row, by=row.customer)
    assert Agreement.objects.get().state == "return_pending"


def test_after_its_window_it_is_over():
    agreement = brought_back(paid="65.00")
    make_units(agreement.line.variant, serials=["SPARE-1"])
    with at("2026-03-23"), pytest.raises(Refusal) as refused:
        reinstate(agreement, serial="SPARE-1", by=make_staff())
    assert refused.value.code == "reinstatement_over"
    assert Unit.objects.get(serial="SPARE-1").state == "available"


@pytest.mark.parametrize(("serial", "code"), [("NOWHERE", "serial_unknown"), ("PF", "serial_foreign")])
def test_a_wrong_machine_reinstates_nothing(serial, code):
    agreement = brought_back(paid="65.00")
    serial = agreement.unit.serial if serial == "PF" else serial
    with at("2026-03-10"), pytest.raises(Refusal) as refused:
        reinstate(agreement, serial=serial, by=make_staff())
    assert refused.value.code == code
    assert Agreement.objects.get().state == "returned"


def test_money_goes_back_newest_first_and_the_ledger_hears_the_final_word():
    agreement = brought_back(paid="195.00")
    assert agreement.refund_due == D(130)
    with at("2026-03-01", "11:00:00"):
        assert return_what_is_due() == 1
        assert return_what_is_due() == 0
        refund = Refund.objects.get()
        assert (refund.amount, refund.payment.bill.collection.purpose) == (D(130), "rent")
        Refund.objects.filter(pk=refund.pk).update(state="done")
        return_what_is_due()
        return_what_is_due()
    agreement.refresh_from_db()
    assert agreement.refund_due == D(0)
    assert LedgerEntry.objects.get(kind="refunded").amount == D(130)
    assert LedgerRefund.objects.get().booked_at is not None


def test_a_refund_that_failed_stays_due():
    agreement = brought_back(paid="195.00")
    with at("2026-03-01", "11:00:00"):
        return_what_is_due()
        Refund.objects.update(state="failed")
        assert return_what_is_due() == 0
    agreement.refresh_from_db()
    assert (agreement.refund_due, LedgerEntry.objects.filter(kind="refunded").count()) == (D(130), 0)


def test_a_refund_that_staff_withdrew_is_begun_again():
    agreement = brought_back(paid="195.00")
    with at("2026-03-01", "11:00:00"):
        return_what_is_due()
        Refund.objects.update(state="withdrawn")
        assert return_what_is_due() == 1
    assert Refund.objects.filter(state="requested").get().amount == D(130)
    assert agreement.refunds.count() == 2


def test_in_the_first_week_the_first_payment_goes_back_once():
    agreement = brought_back("2026-01-20")
    with at("2026-01-20", "11:00:00"):
        assert return_what_is_due() == 1
        assert return_what_is_due() == 0
    refund = Refund.objects.get()
    assert (refund.amount, refund.payment) == (D(65), Payment.objects.get(bill__order_bill__order=agreement.line.order))
    share = RefundLine.objects.get(refund=refund)
    assert (share.line, share.net + share.tax, share.shipping) == (agreement.line, D(65), D(0))
    assert Email.objects.filter(kind="rental_returned").count() == 1
