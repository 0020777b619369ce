"""Refunds that staff make by hand, in riel, of surplus; and what a provider may no longer change."""

from decimal import Decimal as D

import pytest

from accounts.tests.factories import make_staff
from core.refusals import Conflict, Refusal
from payments.finalising import finalise
from payments.models import Payment, Refund
from payments.providers.port import Captured, Failed, Refunded, RefundFailed
from payments.refund_decisions import approve_refund, confirm_transfer, send_by_hand, withdraw_refund
from payments.refundable import charge_for, refundable, settled_left, surplus_left
from payments.refunding import finalise_refund, request_refund, return_surpluses, send_refund
from payments.signals import Claim, bill_refunded, payment_failed
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening

pytestmark = pytest.mark.django_db


def riel_payment(amount="100.00", rate="4100"):
    """Return a settled payment of riel for a bill in dollars."""
    payment = make_bill().payments.create(
        key="riel:1",
        provider="khqr",
        method="khqr_riel",
        amount=D(amount),
        currency="USD",
        charge_amount=D(amount) * D(rate),
        charge_currency="KHR",
        rate=D(rate),
    )
    with listening(Claim(D(amount), D(0))):
        return finalise(payment, Captured(capture_id="hash", amount=D(amount) * D(rate), currency="KHR"))


def card_payment(applied="100.00", surplus="0"):
    payment = make_bill().payments.create(
        key="card:1", provider="stripe", method="card", amount=D("100.00"), currency="USD"
    )
    with listening(Claim(D(applied), D(surplus), "paid twice")):
        return finalise(payment, Captured(capture_id="pi_1", amount=D("100.00"), currency="USD"))


def refund_of(payment, amount, **told):
    told.setdefault("expected_remaining", refundable(payment))
    return request_refund(payment, amount=D(amount), by=told.pop("by", None), reason="a scratch", **told)


@pytest.fixture
def heard():
    calls = []

    def listen(sender, bill, refund, **kwargs):
        calls.append((bill.code, refund.state))

    bill_refunded.connect(listen)
    yield calls
    bill_refunded.disconnect(listen)


def test_riel_go_back_at_the_rate_they_came_at_and_to_the_last_note():
    payment = riel_payment()
    amounts = ["33.33", "0.02", "33.33", "33.32"]
    refunds = [refund_of(payment, amount) for amount in amounts]
    assert {(refund.state, refund.by_hand, refund.charge_currency) for refund in refunds} == {("by_hand", True, "KHR")}
    assert [refund.charge_amount for refund in refunds] == [D(136700), D(100), D(136600), D(136600)]
    assert sum(refund.charge_amount for refund in refunds) == payment.charge_amount == D(410000)


def test_what_is_less_than_a_note_is_refused():
    payment = riel_payment()
    refund_of(payment, "0.01")
    with pytest.raises(Refusal) as refused:
        refund_of(payment, "0.01")
    assert refused.value.code == "too_small"
    assert Refund.objects.count() == 1
    assert charge_for(payment, D("99.99")) == D(409900)


def test_each_step_of_a_refund_is_told_inside_its_transaction(heard):
    payment = riel_payment()
    code = payment.bill.code
    refund = refund_of(payment, "10.00")
    confirm_transfer(refund, by=make_staff(), reference="ABA 1")
    withdraw_refund(refund_of(payment, "10.00"), by=make_staff(), reason="a mistake")
    assert heard == [(code, "by_hand"), (code, "done"), (code, "by_hand"), (code, "withdrawn")]


def test_an_error_of_a_listener_stops_the_deed():
    def fail(sender, **kwargs):
        raise RuntimeError("the floor above is broken")

    payment = riel_payment()
    bill_refunded.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            refund_of(payment, "10.00")
    finally:
        bill_refunded.disconnect(fail)
    assert Refund.objects.count() == 0


def test_what_waits_for_a_second_person_is_not_sent_and_not_told(sandbox, settings, heard):
    settings.REFUND_APPROVAL_ABOVE = D("50.00")
    asker = make_staff()
    refund = refund_of(card_payment(), "50.01", by=asker)
    assert send_refund(refund).state == "proposed"
    assert (sandbox.control("GET", "calls"), heard) == ([], [])
    with pytest.raises(Conflict):
        confirm_transfer(refund, by=make_staff(), reference="x")
    with pytest.raises(Conflict):
        send_by_hand(refund, by=make_staff())
    assert withdraw_refund(refund, by=asker, reason="wrong order").state == "withdrawn"
    with pytest.raises(Conflict):
        approve_refund(refund, by=make_staff())
    assert heard == []


def test_surplus_and_what_paid_the_bill_are_kept_apart():
    payment = card_payment(applied="60.00", surplus="40.00")
    assert (settled_left(payment), surplus_left(payment), refundable(payment)) == (D(60), D(40), D(100))
    with pytest.raises(Refusal) as refused:
        refund_of(payment, "40.01", from_surplus=True, expected_remaining=D("40.00"))
    assert refused.value.code == "too_much"
    refund_of(payment, "30.00", from_surplus=True, expected_remaining=D("40.00"))
    assert (settled_left(payment), surplus_left(payment), refundable(payment)) == (D(60), D(10), D(70))
    refund_of(payment, "60.00")
    assert (settled_left(payment), surplus_left(payment)) == (D(0), D(10))


def test_a_surplus_that_is_partly_refunded_goes_back_with_its_rest_only(sandbox, monkeypatch):
    payment = card_payment(applied="60.00", surplus="40.00")
    refund_of(payment, "30.00", from_surplus=True, expected_remaining=D("40.00"))
    monkeypatch.setattr("payments.refunding.send_refund", lambda refund: refund)
    assert return_surpluses() == 1
    assert return_surpluses() == 0
    assert sorted(refund.amount for refund in Refund.objects.all()) == [D("10.00"), D("30.00")]


def test_a_failed_refund_keeps_its_money_until_staff_decide(heard):
    payment = card_payment()
    refund = refund_of(payment, "100.00")
    refund = finalise_refund(refund, RefundFailed(reason="the card is closed"))
    assert (refund.state, refundable(payment)) == ("failed", D(0))
    with pytest.raises(Refusal) as refused:
        refund_of(payment, "1.00")
    assert refused.value.code == "not_refundable"
    refund = send_by_hand(refund, by=make_staff())
    assert finalise_refund(refund, Refunded(provider_id="re_late")).state == "by_hand"
    refund = confirm_transfer(refund, by=make_staff(), reference="ABA 1")
    assert finalise_refund(refund, RefundFailed(reason="late")).state == "done"
    assert [state for _, state in heard] == ["requested", "failed", "by_hand", "done"]


def test_a_payment_that_a_bank_refuses_is_told_and_one_that_ran_out_is_not():
    calls = []

    def listen(sender, bill, payment, **kwargs):
        calls.append((bill.code, payment.failure_code))

    payment_failed.connect(listen)
    try:
        bill = make_bill()
        for number, code in enumerate(("insufficient_funds", "expired"), start=1):
            payment = Payment.objects.create(
                bill=bill, key=f"{bill.code}:{number}", provider="stripe", method="card", amount=1, currency="USD"
            )
            for _ in range(3):
                finalise(payment, Failed(code=code, reason="no"))
    finally:
        payment_failed.disconnect(listen)
    assert calls == [(bill.code, "insufficient_funds")]
