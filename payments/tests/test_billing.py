"""Bills and attempts."""

from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from core.refusals import Conflict, Refusal
from payments.billing import open_bill, reopen_bill, start_payment, void_bill
from payments.models import Bill, BillEvent, Payment
from payments.settling import open_break, record_capture, resolve_break

pytestmark = pytest.mark.django_db
DUE = datetime(2027, 1, 4, tzinfo=UTC)


def make_bill(amount="100.00", **fields):
    values = {"currency": "USD", "payer": None, "payer_email": "a@example.com", "due_at": DUE, **fields}
    return open_bill(amount=D(amount), **values)


def test_a_bill_with_a_method_has_its_first_attempt():
    bill = make_bill(method="bank_transfer")
    payment = bill.payments.get()
    assert (payment.key, payment.state, payment.amount, payment.provider) == (
        f"{bill.code}:1",
        "pending",
        D("100.00"),
        "manual",
    )
    assert payment.live_bill == bill
    assert list(BillEvent.objects.values_list("kind", flat=True)) == ["open", "payment_started"]


def test_a_bill_over_nothing_has_no_attempt():
    assert make_bill("0.00", method="bank_transfer").payments.count() == 0


@pytest.mark.parametrize(("amount", "currency"), [("-0.01", "USD"), ("1.001", "USD"), ("150", "KHR"), ("NaN", "USD")])
def test_impossible_amounts_are_refused(amount, currency):
    with pytest.raises(Refusal) as refused:
        make_bill(amount, currency=currency)
    assert refused.value.code == "amount_impossible"
    assert Bill.objects.count() == 0


def test_the_same_method_again_is_the_same_attempt():
    bill = make_bill()
    first = start_payment(bill, method="bank_transfer", by=None)
    assert start_payment(bill, method="bank_transfer", by=None) == first
    assert Payment.objects.count() == 1


def test_another_method_closes_the_live_attempt():
    bill = make_bill(method="bank_transfer")
    second = start_payment(bill, method="cash_on_delivery", by=None)
    assert second.key == f"{bill.code}:2"
    first = Payment.objects.get(key=f"{bill.code}:1")
    assert (first.state, first.live_bill) == ("closed", None)


def test_money_that_is_not_booked_yet_is_not_asked_for_again():
    bill = make_bill(method="bank_transfer")
    first = record_capture(bill.payments.get(), amount=D("100.00"), reference="B1", by=None)
    with pytest.raises(Conflict) as refused:
        start_payment(bill, method="cash_on_delivery", by=None)
    assert (refused.value.code, refused.value.facts) == ("payment_is_checked", {"payment": first.key})
    assert Payment.objects.count() == 1


def test_when_staff_have_dealt_with_money_that_could_not_be_booked_the_bill_can_be_paid_again(django_user_model):
    bill = make_bill(method="bank_transfer")
    first = record_capture(bill.payments.get(), amount=D("100.00"), reference="B1", by=None)
    open_break(first, kind="claim_failed", amount=D("100.00"), reason="an error")
    staff = django_user_model.objects.create_user("staff@example.com")
    resolve_break(first.breaks.get(), by=staff, resolution="sent back by bank transfer")
    assert start_payment(bill, method="cash_on_delivery", by=None).key == f"{bill.code}:2"


def test_a_withheld_bill_cannot_be_paid():
    bill = make_bill(withheld_reason="signature_required", method="bank_transfer")
    assert bill.payments.count() == 0
    with pytest.raises(Refusal) as refused:
        start_payment(bill, method="bank_transfer", by=None)
    assert (refused.value.code, refused.value.facts) == ("bill_withheld", {"why": "signature_required"})


def test_a_void_bill_takes_its_attempt_with_it_and_can_come_back():
    bill = make_bill(method="bank_transfer")
    void_bill(bill, by=None, reason="cancelled")
    bill.refresh_from_db()
    assert (bill.state, bill.payments.get().state) == ("void", "closed")
    with pytest.raises(Conflict) as refused:
        start_payment(bill, method="bank_transfer", by=None)
    assert refused.value.code == "bill_not_open"
    void_bill(bill, by=None, reason="again")
    reopen_bill(bill, by=None, reason="late money")
    bill.refresh_from_db()
    assert bill.state == "open"
