"""What a provider says may come ten times, shuffled, before and after our own writes, or never: one end, one letter.

Webhooks are real ones of the sandbox, signed and posted; every test ends with the audits.
"""

import random
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from backoffice.tests.audits import offences
from core import clock
from notifications.delivery import deliver_due
from notifications.models import Email
from orders.models import Order, OrderEvent
from orders.paying_online import check_payment, pay_order
from orders.tests.factories import make_order
from payments.billing import start_payment
from payments.collecting import collect
from payments.inbox import process_waiting_events
from payments.models import Bill, BillEvent, Break, Payment, ProviderEvent, Refund
from payments.polling import poll_payments
from payments.providers.stripe.provider import StripeProvider
from payments.refunding import return_surpluses
from payments.settling import settle_unclaimed_captures
from payments.tests.paying import WHERE, pay
from payments.tests.test_webhooks import deliver, events_of
from sandbox.tests.selling import DECLINED

pytestmark = pytest.mark.django_db
COPIES = 10
BEAT = timedelta(seconds=15)  # the poller's own step, CELERY_BEAT_SCHEDULE["poll-payments"]
PAID_WITHIN = timedelta(minutes=5)


def start(order, method="card"):
    return pay_order(order, method=method, by=None)


def assert_paid_once(sandbox, order):
    """One capture, one confirmation, one letter, and books that agree."""
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert len(sandbox.captures()) == 1
    assert BillEvent.objects.filter(bill__order_bill__order=order, kind="payment_captured").count() == 1
    assert OrderEvent.objects.filter(order=order, kind="confirmed").count() == 1
    assert Email.objects.filter(kind="order_confirmed").count() == 1
    assert not Refund.objects.exists()
    assert not Break.objects.exists()
    assert offences() == []


def deliver_shuffled(client, sandbox, *, seed, copies=COPIES):
    """Deliver everything that has happened so far, many times over; act on it in between now and then."""
    lot = random.Random(seed)
    came = events_of(sandbox) * copies
    lot.shuffle(came)
    for event in came:
        assert deliver(client, event).status_code == 200
        if lot.random() < 0.2:
            process_waiting_events()
    process_waiting_events()


def repeat_for_ever(client, sandbox, *, seed):
    """Every message once more, when all is over: nothing may change any more."""
    ProviderEvent.objects.update(processed_at=None, next_try_at=clock.now())
    deliver_shuffled(client, sandbox, seed=seed)


def test_every_message_ten_times_in_any_order_after_the_shop_has_written(sandbox, client, bounded):
    for seed in range(bounded(ci=3, prove=100)):
        sandbox.reset()
        ProviderEvent.objects.all().delete()
        Email.objects.all().delete()
        order = make_order(payment_method="card")
        payment = start(order)
        pay(sandbox, payment, DECLINED)
        pay(sandbox, payment)
        deliver_shuffled(client, sandbox, seed=seed)
        repeat_for_ever(client, sandbox, seed=seed)
        assert_paid_once(sandbox, order)


def test_every_message_ten_times_in_any_order_before_the_shop_has_written(sandbox, client, bounded, monkeypatch):
    """The answer to our own call is the last thing that comes: by then the customer has paid and Stripe has said so."""
    for seed in range(bounded(ci=3, prove=100)):
        sandbox.reset()
        ProviderEvent.objects.all().delete()
        Email.objects.all().delete()
        order = make_order(payment_method="card")
        with monkeypatch.context() as patched:

            def answer_late(self, attempt, seed=seed, patched=patched):
                patched.undo()
                answer = self.start(attempt)
                page = Payment(data={"url": answer.data["url"]})
                pay(sandbox, page, DECLINED)
                pay(sandbox, page)
                deliver_shuffled(client, sandbox, seed=seed)
                return answer

            patched.setattr(StripeProvider, "start", answer_late)
            start(order)
        repeat_for_ever(client, sandbox, seed=seed)
        check_payment(order)
        assert_paid_once(sandbox, order)


def test_a_message_about_an_attempt_that_is_not_written_yet_is_not_lost(sandbox, client, monkeypatch):
    order = make_order(payment_method="card")
    bill = Bill.objects.get(order_bill__order=order)
    payment = start_payment(bill, method="card", by=None, **WHERE)
    key = payment.key
    payment.delete()  # as if its transaction had not been committed yet
    session = sandbox.client().v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": WHERE["return_url"],
            "client_reference_id": key,
            "expires_at": int((clock.now() + timedelta(minutes=35)).timestamp()),
            "line_items": [
                {
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": int(bill.amount * 100),
                        "product_data": {"name": "Order"},
                    },
                    "quantity": 1,
                }
            ],
            "payment_intent_data": {"metadata": {"attempt": key}},
        }
    )
    pay(sandbox, Payment(data={"url": session.url}))
    deliver_shuffled(client, sandbox, seed=1)
    assert not ProviderEvent.objects.exclude(processed_at=None).filter(kind="payment_intent.succeeded").exists()
    written = start_payment(bill, method="card", by=None, **WHERE)
    assert written.key == key
    Payment.objects.filter(pk=written.pk).update(asked_at=clock.now(), provider_id=session.id)
    ProviderEvent.objects.filter(processed_at=None).update(next_try_at=clock.now())
    process_waiting_events()
    assert_paid_once(sandbox, order)


def beats_until_confirmed(order, pass_time):
    """Let beats pass, each with its sweeps, until the order is paid; return how long that took."""
    began = clock.now()
    while clock.now() - began <= 2 * PAID_WITHIN:
        poll_payments()
        settle_unclaimed_captures()
        order.refresh_from_db()
        if order.state == "confirmed":
            break
        pass_time(BEAT)
    return clock.now() - began


@pytest.fixture
def pass_time(sandbox):
    """Let time pass in the shop and at the providers alike; letters leave meanwhile."""
    with time_machine.travel(timezone.now()) as traveller:

        def pass_time(span):
            traveller.shift(span)
            sandbox.pass_time(int(span.total_seconds()))
            deliver_due()

        yield pass_time


@pytest.mark.parametrize("waited", [0, 3, 20])
def test_with_every_webhook_lost_polling_alone_finds_a_card_payment_in_time(sandbox, pass_time, waited):
    order = make_order(payment_method="card")
    payment = start(order)
    for _ in range(waited * 4):  # the customer thinks, and the poller goes on
        poll_payments()
        pass_time(BEAT)
    pay(sandbox, payment)
    assert beats_until_confirmed(order, pass_time) <= PAID_WITHIN
    assert ProviderEvent.objects.count() == 0
    assert_paid_once(sandbox, order)


def test_polling_alone_finds_a_payment_by_khqr_in_time(sandbox, pass_time, settings):
    settings.KHQR_ACCOUNT, settings.BAKONG_API_BASE = "commercia@aclb", sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    order = make_order(payment_method="khqr")
    payment = start(order, "khqr")
    pass_time(timedelta(minutes=9))
    sandbox.control("POST", "bakong/pay", {"qr": payment.data["qr"], "way": "right"})
    assert beats_until_confirmed(order, pass_time) <= PAID_WITHIN
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert Email.objects.filter(kind="order_confirmed").count() == 1
    assert offences() == []


def test_the_bank_answers_after_the_webhook_has_failed_for_ten_minutes(sandbox, client, pass_time, monkeypatch):
    """R10: our own address is down; what we do not hear we ask for."""
    monkeypatch.setattr("payments.webhooks.keep_event", lambda *told: 1 / 0)
    client.raise_request_exception = False
    order = make_order(payment_method="card")
    payment = start(order)
    pay(sandbox, payment)
    assert {deliver(client, event).status_code for event in events_of(sandbox)} == {500}
    assert beats_until_confirmed(order, pass_time) <= PAID_WITHIN
    monkeypatch.undo()
    deliver_shuffled(client, sandbox, seed=3)
    assert_paid_once(sandbox, order)


def test_a_failure_of_the_first_attempt_replayed_ten_times_leaves_the_second_paid(sandbox, client, pass_time):
    """R11: messages bind to the attempt they are about."""
    order = make_order(payment_method="card")
    first = start(order)
    pay(sandbox, first, DECLINED)
    pass_time(timedelta(minutes=36))
    check_payment(order)
    second = start(order)
    assert (second.key[-2:], Order.objects.get().state) == (":2", "pending")
    pay(sandbox, second)
    check_payment(order)
    deliver_shuffled(client, sandbox, seed=4)
    repeat_for_ever(client, sandbox, seed=5)
    assert_paid_once(sandbox, order)


def test_paid_by_two_ways_the_second_goes_back_within_a_minute(sandbox, client, pass_time):
    """R2: a second success is refunded by the system, whichever message came first."""
    order = make_order(payment_method="card")
    bill = Bill.objects.get(order_bill__order=order)
    first = start(order)
    Payment.objects.filter(pk=first.pk).update(live_bill=None, state="closed")  # the provider could not be told
    second = collect(bill, method="card", by=None, **WHERE)
    pay(sandbox, first)
    pay(sandbox, second)
    deliver_shuffled(client, sandbox, seed=6)
    for _ in range(4):
        return_surpluses()
        pass_time(BEAT)
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert len(sandbox.captures()) == 2
    refund = Refund.objects.get()
    assert (refund.state, refund.amount) == ("done", bill.amount)
    assert refund.finished_at - refund.requested_at <= timedelta(minutes=1)
    assert Email.objects.filter(kind="order_confirmed").count() == 1
    assert offences() == []
