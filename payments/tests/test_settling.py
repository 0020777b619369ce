"""Money arrives: the fact first, then its purpose."""

from contextlib import contextmanager
from decimal import Decimal as D

import pytest
import time_machine

from core.refusals import Conflict, Refusal
from payments.models import Bill, Break, Payment
from payments.settling import record_capture, resolve_break, settle, settle_unclaimed_captures
from payments.signals import Claim, bill_settled
from payments.tests.test_billing import make_bill

pytestmark = pytest.mark.django_db


@contextmanager
def listening(*answers):
    """Let these answers (values, or exceptions to raise) be what the floors above say."""
    receivers = []
    for answer in answers:

        def receive(sender, answer=answer, **kwargs):
            if isinstance(answer, Exception):
                raise answer
            return answer

        receivers.append(receive)
        bill_settled.connect(receive, weak=False)
    try:
        yield
    finally:
        for receive in receivers:
            bill_settled.disconnect(receive)


@pytest.fixture
def payment():
    return make_bill(method="bank_transfer").payments.get()


def captured(payment, amount="100.00"):
    return record_capture(payment, amount=D(amount), reference="BANK-1", by=None)


def test_a_capture_is_a_fact_before_anybody_claims_it(payment):
    captured(payment)
    payment.refresh_from_db()
    assert (payment.state, payment.captured_amount, payment.applied_amount) == ("captured", D("100.00"), D("0"))
    assert payment.live_bill is None
    assert payment.bill.state == "open"


def test_one_claim_settles_the_bill(payment):
    with listening(Claim(D("100.00"), D(0)), None):
        settle(captured(payment), by=None)
    payment.refresh_from_db()
    assert (payment.applied_amount, payment.bill.state) == (D("100.00"), "settled")
    assert payment.bill.settled_at is not None
    assert Break.objects.count() == 0


def test_settling_twice_asks_once(payment):
    with listening(Claim(D("100.00"), D(0))):
        settle(captured(payment), by=None)
    with listening(RuntimeError("must not be asked again")):
        settle(payment, by=None)
    assert Break.objects.count() == 0


def test_part_of_the_money_leaves_the_bill_open(payment):
    with listening(Claim(D("40.00"), D(0))):
        settle(captured(payment, "40.00"), by=None)
    payment.refresh_from_db()
    assert (payment.applied_amount, payment.bill.state) == (D("40.00"), "open")


@pytest.mark.parametrize(
    ("answers", "kind", "amount"),
    [
        ([], "unclaimed", "100.00"),
        ([None], "unclaimed", "100.00"),
        ([Claim(D("100.00"), D(0)), Claim(D("100.00"), D(0))], "unclaimed", "100.00"),
        ([Claim(D("70.00"), D("30.00"), "too much")], "surplus", "30.00"),
        ([Refusal("no", "The order is closed.")], "claim_failed", "100.00"),
        ([ValueError("bug")], "claim_failed", "100.00"),
        ([Claim(D("70.00"), D("20.00"))], "claim_failed", "100.00"),
    ],
)
def test_money_nobody_can_use_stands_and_is_listed(payment, answers, kind, amount):
    with listening(*answers):
        settle(captured(payment), by=None)
    payment.refresh_from_db()
    difference = Break.objects.get()
    assert (difference.kind, difference.amount) == (kind, D(amount))
    assert payment.captured_amount == D("100.00")
    assert payment.state == "captured"


def test_the_same_capture_again_changes_nothing(payment):
    captured(payment)
    assert captured(payment).captured_amount == D("100.00")
    with pytest.raises(Conflict) as refused:
        captured(payment, "90.00")
    assert refused.value.code == "already_captured"
    assert Payment.objects.get().captured_amount == D("100.00")


@pytest.mark.parametrize("amount", ["0", "-1.00", "1.001", "NaN"])
def test_impossible_amounts_are_refused(payment, amount):
    with pytest.raises(Refusal) as refused:
        captured(payment, amount)
    assert refused.value.code == "amount_impossible"
    assert Payment.objects.get().state == "pending"


def test_the_sweep_settles_what_a_crash_left_behind():
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        payment = make_bill(method="bank_transfer").payments.get()
        captured(payment)
        with listening(Claim(D("100.00"), D(0))):
            clock.shift(9)
            assert settle_unclaimed_captures() == 0
            clock.shift(2)
            assert settle_unclaimed_captures() == 1
            assert settle_unclaimed_captures() == 0
    assert Bill.objects.get().state == "settled"


def test_a_difference_is_resolved_once_and_with_words(payment, django_user_model):
    staff = django_user_model.objects.create_user("vanna@example.com")
    settle(captured(payment), by=None)
    difference = Break.objects.get()
    with pytest.raises(Refusal):
        resolve_break(difference, by=staff, resolution="  ")
    resolve_break(difference, by=staff, resolution="sent back, ABA 123")
    difference.refresh_from_db()
    assert (difference.owner, difference.resolution) == (staff, "sent back, ABA 123")
    with pytest.raises(Conflict):
        resolve_break(difference, by=staff, resolution="again")
