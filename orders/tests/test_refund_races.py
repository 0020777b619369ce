"""Refunds, approvals and cancellations at the same moment: on MariaDB, with real connections."""

import threading
import uuid
from collections import Counter
from decimal import Decimal as D
from functools import partial

import pytest
from django.db import connection

from accounts.tests.factories import make_staff
from backoffice.auditing.money import CHECKS, letters_leave_in_time
from catalog.tests.factories import make_variant
from core import clock
from core.tests.racing import run_together
from orders import refunding
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.models import Order
from orders.paying_online import check_payment, pay_order
from orders.tests.factories import make_order
from orders.tests.refunds import everything, paid_by_card, paid_by_transfer, refund
from payments import refunding as payments_refunding
from payments.collecting import check
from payments.models import Payment, Refund
from payments.polling import poll_refunds
from payments.refund_decisions import approve_refund, confirm_transfer
from payments.refunding import return_surpluses, send_refund
from payments.tests.paying import pay

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on_mariadb():
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"


def kinds(outcomes):
    return Counter(getattr(outcome, "code", type(outcome).__name__) for outcome in outcomes)


def offences():
    """Letters have nobody here who sends them."""
    return [offence for check in CHECKS if check is not letters_leave_in_time for offence in check()]


def sent(sandbox):
    return [call["path"] for call in sandbox.control("GET", "calls") if call["path"].startswith("/v1/refunds")]


def test_two_staff_refund_everything_at_once(sandbox, bounded):
    staff = [make_staff(), make_staff()]
    for _ in range(bounded(ci=3, prove=50)):
        sandbox.reset()
        order = paid_by_card(sandbox, "50.00")
        told = {"amount": D("102.50"), "shipping": True, "expected_remaining": D("102.50")}
        outcomes = run_together([partial(refund, order, by=by, **told) for by in staff], at_once=2)
        assert kinds(outcomes) == {"list": 1, "remaining_changed": 1}
        assert sent(sandbox) == ["/v1/refunds"]
        made = Refund.objects.get(payment__bill__order_bill__order=order)
        assert (made.state, made.amount) == ("done", D("102.50"))
        assert sum(share.total for share in made.lines.all()) == D("102.50")
    assert offences() == []


def test_without_the_lock_the_same_race_pays_twice(monkeypatch):
    """Negative control: no lock, a barrier between look and deed, and no unique name for a refund."""
    gate = threading.Barrier(2)

    def unlocked(order):
        bills = [link.bill for link in order.order_bills.all()]
        return order, bills, list(Payment.objects.filter(bill__in=bills))

    def look_together(*args):
        payments_refunding.refuse_changed(*args)
        gate.wait()

    monkeypatch.setattr(refunding, "_lock", unlocked)
    monkeypatch.setattr(refunding, "refuse_changed", look_together)
    monkeypatch.setattr(payments_refunding, "_next_key", lambda payment: uuid.uuid4().hex)
    order = paid_by_transfer("50.00")
    told = {"amount": D("102.50"), "shipping": True, "expected_remaining": D("102.50")}
    outcomes = run_together([partial(refund, order, **told)] * 2, at_once=2)
    assert kinds(outcomes) == {"list": 2}
    assert sum(made.amount for made in Refund.objects.all()) == D("205.00")
    assert {offence.rule for offence in offences()} >= {"refunds_stay_within_captures", "lines_give_back_what_was_paid"}


def test_parts_refunded_at_once_never_exceed_what_was_paid(sandbox, bounded):
    """Callers who look again after a conflict, eight at a time: the sum of all that succeed is what was paid."""
    for _ in range(bounded(ci=2, prove=20)):
        order = paid_by_card(sandbox, "50.00", "33.33")
        calls = [partial(refund, order, amount=D("30.00"), shipping=True)] * 8
        outcomes = run_together(calls, at_once=8)
        assert set(kinds(outcomes)) <= {"list", "remaining_changed", "too_much"}
        assert kinds(outcomes)["list"] >= 1
        if refunding.amount_left(order):
            everything(order)
        refunds = Refund.objects.filter(payment__bill__order_bill__order=order)
        assert sum(made.amount for made in refunds) == order.total
    assert offences() == []


def test_two_people_approve_at_once(sandbox, settings, bounded):
    settings.REFUND_APPROVAL_ABOVE = D(0)
    asker, *others = make_staff(), make_staff(), make_staff()
    for _ in range(bounded(ci=3, prove=50)):
        sandbox.reset()
        (made,) = refund(paid_by_card(sandbox, "50.00"), by=asker, amount=D("50.00"))
        calls = [partial(lambda by, row: send_refund(approve_refund(row, by=by)), by, made) for by in others]
        assert kinds(run_together(calls, at_once=2)) == {"Refund": 1, "wrong_state": 1}
        assert sent(sandbox) == ["/v1/refunds"]
    assert offences() == []


def test_one_reference_belongs_to_one_refund_also_at_the_same_moment(bounded):
    staff = make_staff()
    for number in range(bounded(ci=3, prove=50)):
        rows = [refund(paid_by_transfer("50.00"), amount=D("10.00"))[0] for _ in range(2)]
        calls = [partial(confirm_transfer, row, by=staff, reference=f"ABA {number}") for row in rows]
        outcomes = kinds(run_together(calls, at_once=2))
        assert outcomes == {"Refund": 1, "reference_used": 1}
        assert Refund.objects.filter(reference=f"ABA {number}", state="done").count() == 1
    assert offences() == []


def test_settling_against_cancelling_in_both_orders_has_one_outcome(sandbox, bounded):
    """Money that is found and an order that is called off at once: the order is off, and all of the money goes back."""
    for number in range(bounded(ci=20, prove=500)):
        order = make_order((make_variant(units=1), 1), payment_method="card")
        pay(sandbox, pay_order(order, method="card", by=None))
        calls = [
            partial(check_payment, order),
            partial(cancel_order, order, by=None, reason=CancelReason.CUSTOMER),
        ]
        outcomes = run_together(calls[:: -1 if number % 2 else 1], at_once=2)
        errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert errors == []
        bring_to_rest(order)
        (payment,) = Payment.objects.filter(bill__order_bill__order=order)
        assert Order.objects.get(pk=order.pk).state == "cancelled"
        assert payment.state == "captured"
        back = [made.amount for made in payment.refunds.all() if made.state == "done"]
        assert sum(back) == payment.captured_amount == order.total
        assert len(back) == 1
    assert offences() == []


def bring_to_rest(order):
    """What the sweeps do within a minute."""
    check_payment(order)
    for payment in Payment.objects.filter(bill__order_bill__order=order).exclude(state="captured"):
        check(payment)
    return_surpluses()
    Refund.objects.exclude(next_poll_at=None).update(next_poll_at=clock.now())
    poll_refunds()
