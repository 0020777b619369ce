"""The power goes at each step of a payment; what the poller finds afterwards is one capture, booked once."""

from contextlib import suppress
from decimal import Decimal as D

import pytest

from core import clock
from payments import collecting, finalising
from payments.collecting import charge_saved, check, collect
from payments.models import Break, Payment, Refund, SavedMethod
from payments.polling import poll_payments, poll_refunds
from payments.providers.registry import provider_named
from payments.refunding import request_refund, send_refund
from payments.settling import SWEEP_AFTER, settle_unclaimed_captures
from payments.signals import Claim
from payments.tests.paying import WHERE, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening
from sandbox.tests.running import KEY
from sandbox.tests.selling import save_card

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("balanced_books")]
ALL_OF_IT = Claim(D("100.00"), D(0))


class PowerCut(BaseException):
    """Nothing in the shop catches it."""


def cut(*args, **kwargs):
    raise PowerCut


def after(deed):
    """Return `deed` with a power cut behind it."""

    def run(*args, **kwargs):
        deed(*args, **kwargs)
        raise PowerCut

    return run


POINTS = {
    "before the attempt is written": (collecting, "start_payment", lambda deed: cut),
    "after the attempt is written": (collecting, "_mark_asked", lambda deed: cut),
    "after it is noted that the provider is asked": (collecting, "_mark_asked", after),
    "before the answer is recorded": (collecting, "finalise", lambda deed: cut),
    "after the answer is recorded": (collecting, "finalise", after),
    "before the money is booked": (finalising, "settle", lambda deed: cut),
    "after the money is booked": (finalising, "settle", after),
}


def come_back_and_sweep():
    """Let two minutes pass and the sweeps run."""
    Payment.objects.filter(captured_at__isnull=False).update(captured_at=clock.now() - 2 * SWEEP_AFTER)
    Payment.objects.exclude(next_poll_at=None).update(next_poll_at=clock.now())
    poll_payments()
    settle_unclaimed_captures()


@pytest.mark.parametrize("point", POINTS)
def test_a_charge_of_a_saved_card_is_captured_once(sandbox, monkeypatch, django_user_model, point):
    user = django_user_model.objects.create_user("dara@example.com")
    customer, method = save_card(sandbox, sandbox.client(key=KEY))
    card = SavedMethod.objects.create(user=user, provider="stripe", customer_id=customer, method_id=method)
    bill = make_bill()
    where, name, broken = POINTS[point]
    with listening(ALL_OF_IT):
        with monkeypatch.context() as patched, pytest.raises(PowerCut):
            patched.setattr(where, name, broken(getattr(where, name)))
            charge_saved(bill, card=card, by=None, description="Rent")
        come_back_and_sweep()
        if not sandbox.captures():  # nobody was asked: whoever collects begins again
            charge_saved(bill, card=card, by=None, description="Rent")
    payment = Payment.objects.get()
    assert (payment.state, payment.applied_amount, payment.bill.state) == ("captured", D("100.00"), "settled")
    assert len(sandbox.captures()) == 1
    assert Break.objects.count() == 0


@pytest.mark.parametrize("point", POINTS)
def test_a_page_is_opened_once_and_paid_once(sandbox, monkeypatch, point):
    bill = make_bill()
    where, name, broken = POINTS[point]
    with listening(ALL_OF_IT):
        with monkeypatch.context() as patched, suppress(PowerCut):
            patched.setattr(where, name, broken(getattr(where, name)))
            collect(bill, method="card", by=None, **WHERE)
        come_back_and_sweep()
        payment = collect(bill, method="card", by=None, **WHERE)
        pay(sandbox, payment)
        with monkeypatch.context() as patched, suppress(PowerCut):
            patched.setattr(where, name, broken(getattr(where, name)))
            check(payment)
        come_back_and_sweep()
    assert len(sandbox.control("GET", "things/checkout.session")) == 1
    payment = Payment.objects.get()
    assert (payment.state, payment.applied_amount, payment.bill.state) == ("captured", D("100.00"), "settled")
    assert len(sandbox.captures()) == 1
    assert Break.objects.count() == 0


@pytest.mark.parametrize("name", ["refund", "refresh_refund"])
@pytest.mark.parametrize("broken", [lambda deed: cut, after], ids=["before", "after"])
def test_a_refund_is_sent_once(sandbox, monkeypatch, name, broken):
    payment = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, payment)
    with listening(ALL_OF_IT):
        payment = check(payment)
    refund = request_refund(
        payment, amount=D("40.00"), expected_remaining=D("100.00"), by=None, reason="a scratch on the lid"
    )
    provider = type(provider_named("stripe"))
    with monkeypatch.context() as patched, suppress(PowerCut):
        patched.setattr(provider, name, broken(getattr(provider, name)))
        send_refund(refund)
    Refund.objects.exclude(next_poll_at=None).update(next_poll_at=clock.now())
    poll_refunds()
    assert Refund.objects.get().state == "done"
    assert [back["amount"] for back in sandbox.control("GET", "things/refund")] == [4000]
