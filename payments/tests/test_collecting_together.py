"""Many payments, refunds and answers in one moment, with answers lost: on MariaDB, with real connections.

The provider is a real process; every race ends with one capture and books that agree with the provider's.
"""

from collections import Counter
from decimal import Decimal as D
from functools import partial

import pytest
from django.db import connection

from core import clock
from core.tests.racing import run_together
from payments import finalising
from payments.collecting import charge_saved, check, collect, give_up
from payments.inbox import keep_event, process_event
from payments.models import Bill, BillEvent, Break, Payment, ProviderEvent, Refund, SavedMethod
from payments.polling import poll_payments
from payments.providers.port import Event, Failed
from payments.refunding import request_refund, return_surpluses, send_refund
from payments.signals import Claim
from payments.tests.paying import WHERE, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening
from sandbox.tests.running import KEY
from sandbox.tests.selling import save_card

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("balanced_books"),
]
ALL_OF_IT = Claim(D("100.00"), D(0))


@pytest.fixture(autouse=True)
def _on_mariadb(monkeypatch):
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)


def begin(bill, method="card"):
    return collect(bill, method=method, by=None, **WHERE)


def poll_until_known():
    """Poll as beat does, with the waiting taken out."""
    for _ in range(20):
        if not Payment.objects.filter(state__in=("pending", "checking")).exists():
            return
        Payment.objects.exclude(next_poll_at=None).update(next_poll_at=clock.now())
        poll_payments()


def kinds(outcomes):
    return Counter(getattr(outcome, "code", None) or type(outcome).__name__ for outcome in outcomes)


def test_twenty_pays_at_once_while_answers_are_lost(sandbox, bounded):
    for seed in range(bounded(ci=2, prove=20)):
        sandbox.reset()
        sandbox.fault(provider="stripe", method="POST", path="/v1/*", kind="drop", when="after", share=0.3, seed=seed)
        bill = make_bill()
        outcomes = run_together([partial(begin, bill) for _ in range(20)], at_once=20)
        assert set(kinds(outcomes)) <= {"Payment", "payment_is_checked"}
        sandbox.control("DELETE", "faults")
        payment = Payment.objects.get(bill=bill)
        assert len(sandbox.control("GET", "things/checkout.session")) == 1
        payment = check(payment)
        pay(sandbox, payment)
        with listening(ALL_OF_IT):
            checks = run_together([partial(check, payment) for _ in range(10)], at_once=10)
        assert {outcome.state for outcome in checks} == {"captured"}
        assert len(sandbox.captures()) == 1
        assert BillEvent.objects.filter(bill=bill, kind="payment_captured").count() == 1
        assert Bill.objects.get(pk=bill.pk).state == "settled"
        assert not Break.objects.exists()


def test_two_hundred_charges_of_saved_cards_are_captured_and_recorded_once(sandbox, bounded, django_user_model):
    many = bounded(ci=20, prove=200)
    user = django_user_model.objects.create_user("dara@example.com")
    customer, method = save_card(sandbox, sandbox.client(key=KEY))
    card = SavedMethod.objects.create(user=user, provider="stripe", customer_id=customer, method_id=method)
    bills = [make_bill() for _ in range(many)]
    path = "/v1/payment_intents"
    sandbox.fault(provider="stripe", method="POST", path=path, kind="drop", when="after", share=0.3, seed=1)
    with listening(ALL_OF_IT):
        calls = [
            partial(charge_saved, bill, card=card, by=None, description="Rent") for bill in bills for _ in range(2)
        ]
        run_together(calls, at_once=16)
        sandbox.control("DELETE", "faults")
        poll_until_known()
    assert Payment.objects.filter(state="captured", applied_amount=D("100.00")).count() == many
    assert len(sandbox.captures()) == many == Payment.objects.count()


def test_page_webhook_and_poller_at_once_book_once(sandbox, bounded):
    for _ in range(bounded(ci=3, prove=50)):
        payment = begin(make_bill())
        pay(sandbox, payment)
        told = {
            "id": f"evt_{payment.key}",
            "type": "payment_intent.succeeded",
            "data": {"object": {"id": "pi_1", "metadata": {"attempt": payment.key}}},
        }
        event = Event(event_id=told["id"], kind=told["type"], body=told)
        with listening(ALL_OF_IT):
            outcomes = run_together(
                [
                    partial(check, payment),
                    partial(lambda event: process_event(keep_event("stripe", event).pk), event),
                    partial(lambda event: process_event(keep_event("stripe", event).pk), event),
                    partial(check, payment),
                ],
                at_once=4,
            )
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        payment.refresh_from_db()
        assert (payment.state, payment.bill.state) == ("captured", "settled")
        assert BillEvent.objects.filter(bill=payment.bill, kind="payment_captured").count() == 1
        assert ProviderEvent.objects.filter(event_id=told["id"]).count() == 1


def test_switching_in_two_tabs_leaves_one_live_attempt(sandbox, bounded):
    for _ in range(bounded(ci=3, prove=50)):
        bill = make_bill()
        begin(bill)
        run_together([partial(begin, bill, "bank_transfer"), partial(begin, bill, "card")] * 2, at_once=4)
        assert Payment.objects.filter(live_bill=bill).count() == 1
        live = Payment.objects.get(live_bill=bill)
        gone = Payment.objects.filter(bill=bill).exclude(pk=live.pk)
        assert set(gone.values_list("state", flat=True)) == {"closed"}


def test_paying_against_giving_up_counts_the_money(sandbox, bounded):
    for _ in range(bounded(ci=3, prove=50)):
        payment = begin(make_bill())
        with listening(ALL_OF_IT):
            run_together([partial(pay, sandbox, payment), partial(give_up, payment, by=None)], at_once=2)
            poll_until_known()
            Payment.objects.exclude(next_poll_at=None).update(next_poll_at=clock.now())
            poll_payments()
        payment.refresh_from_db()
        paid = [charge for charge in sandbox.captures() if charge["payment_intent"] == payment.capture_id]
        assert (payment.state, len(paid)) in {("captured", 1), ("closed", 0)}
    assert len(sandbox.captures()) == Payment.objects.filter(state="captured").count()


def settled_payment(sandbox):
    payment = begin(make_bill())
    pay(sandbox, payment)
    with listening(ALL_OF_IT):
        return check(payment)


def refund_all(payment):
    whole = D("100.00")
    return send_refund(request_refund(payment, amount=whole, expected_remaining=whole, by=None, reason="broken"))


def test_two_staff_refund_everything_at_once(sandbox, bounded):
    for _ in range(bounded(ci=3, prove=50)):
        sandbox.reset()
        payment = settled_payment(sandbox)
        outcomes = run_together([partial(refund_all, payment)] * 2, at_once=2)
        assert kinds(outcomes) == {"Refund": 1, "remaining_changed": 1}
        made = [call for call in sandbox.control("GET", "calls") if call["path"] == "/v1/refunds"]
        assert [call["method"] for call in made] == ["POST"]
        assert Refund.objects.get(payment=payment).state == "done"


def test_two_sweeps_send_a_surplus_back_once(sandbox, bounded):
    for _ in range(bounded(ci=3, prove=50)):
        payment = begin(make_bill())
        pay(sandbox, payment)
        with listening(Claim(D(0), D("100.00"), "paid twice")):
            check(payment)
        outcomes = run_together([return_surpluses] * 3, at_once=3)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert Refund.objects.filter(payment=payment).count() == 1
        assert Break.objects.get(payment=payment).resolved_at is not None


def test_without_the_look_under_lock_a_late_failure_would_undo_a_payment(sandbox, monkeypatch):
    """The negative control: it is the second look under lock that keeps a late failure from undoing a payment."""
    payment = settled_payment(sandbox)
    stale = Payment.objects.get(pk=payment.pk)
    stale.state = "pending"
    monkeypatch.setattr(finalising, "_locked", lambda payment: stale)
    finalising.finalise(stale, Failed(code="late", reason="a failure that came after the success"))
    assert Payment.objects.get(pk=payment.pk).state == "failed"
