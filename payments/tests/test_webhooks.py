"""Webhooks: what is not Stripe's or not ours has no effect; what is ours counts once, in any order, however often."""

import json
import random
import time
from decimal import Decimal as D
from itertools import permutations

import pytest
import stripe

from payments.collecting import check, collect
from payments.inbox import process_waiting_events, replay_event
from payments.models import BillEvent, Break, Dispute, Payment, ProviderEvent, Refund, SavedMethod
from payments.refunding import request_refund, return_surpluses, send_refund
from payments.signals import Claim
from payments.tests.paying import WHERE, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening
from sandbox.tests.running import KEY, SECRET
from sandbox.tests.selling import DECLINED

pytestmark = pytest.mark.django_db
URL = "/payments/webhooks/stripe/"
ALL_OF_IT = Claim(D("100.00"), D(0))


def signed(text, secret=SECRET, at=None):
    return stripe.WebhookSignature.generate_signature_header(text, secret, at or int(time.time()))


def deliver(client, event, *, secret=SECRET, at=None, header=None):
    text = event if isinstance(event, str) else json.dumps(event)
    header = signed(text, secret, at) if header is None else header
    return client.post(URL, text, content_type="application/json", headers={"Stripe-Signature": header})


def events_of(sandbox):
    """Return what Stripe would send, oldest first."""
    return [event.to_dict() for event in sandbox.client(key=KEY).v1.events.list({"limit": 100}).data][::-1]


def an_event(**changes):
    thing = {"id": "pi_1", "object": "payment_intent", "metadata": {"attempt": "NOBODY:1"}}
    return {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "data": {"object": thing},
        **changes,
    }


@pytest.fixture
def paid(sandbox):
    """A payment that was made on the page, and that the shop has not heard of."""
    payment = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, payment, DECLINED)
    pay(sandbox, payment)
    return payment


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({}, {"header": ""}),
        ({}, {"header": "nonsense"}),
        ({}, {"header": "t=now,v1=abc"}),
        ({}, {"secret": "whsec_other"}),
        ({}, {"at": 1_700_000_000}),
        ({"livemode": True}, {}),
        ({"account": "acct_somebody"}, {}),
        ({"data": {}}, {}),
        ({"id": 7}, {}),
        ({"padding": "x" * 300_000}, {}),
    ],
)
def test_what_is_not_for_us_has_no_effect(sandbox, client, changes, how):
    answer = deliver(client, an_event(**changes), **how)
    assert (answer.status_code, answer.content) == (400, b"")
    assert ProviderEvent.objects.count() == 0


def test_an_altered_body_has_no_effect(sandbox, client):
    text = json.dumps(an_event())
    assert deliver(client, text.replace("pi_1", "pi_2"), header=signed(text)).status_code == 400
    assert deliver(client, "[]").status_code == 400
    assert deliver(client, "\x00").status_code == 400
    assert ProviderEvent.objects.count() == 0


def test_the_address_takes_signed_posts_of_known_providers_only(sandbox, client):
    assert client.get(URL).status_code == 405
    assert client.post("/payments/webhooks/paypal/", "{}", content_type="application/json").status_code == 404
    assert client.post("/payments/webhooks/khqr/", "{}", content_type="application/json").status_code == 400
    assert client.post("/payments/webhooks/manual/", "{}", content_type="application/json").status_code == 404


def test_without_a_secret_nothing_is_believed(client, settings):
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert deliver(client, an_event(), secret="").status_code == 400


def test_old_and_new_secret_are_good_while_one_replaces_the_other(sandbox, client, settings):
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    assert deliver(client, an_event()).status_code == 200
    assert deliver(client, an_event(id="evt_2"), secret="whsec_new").status_code == 200
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new"]
    assert deliver(client, an_event(id="evt_3")).status_code == 400
    assert ProviderEvent.objects.count() == 2


def test_an_event_is_kept_before_the_answer_and_once(sandbox, client):
    for _ in range(3):
        assert deliver(client, an_event()).status_code == 200
    kept = ProviderEvent.objects.get()
    assert (kept.event_id, kept.kind, kept.processed_at) == ("evt_1", "payment_intent.succeeded", None)
    assert kept.body["data"]["object"]["id"] == "pi_1"


def test_events_book_a_payment_once_in_any_order(sandbox, client, paid):
    came = events_of(sandbox) * 3
    random.Random(7).shuffle(came)
    with listening(ALL_OF_IT):
        for event in came:
            assert deliver(client, event).status_code == 200
            process_waiting_events()
    paid.refresh_from_db()
    assert (paid.state, paid.applied_amount) == ("captured", D("100.00"))
    assert BillEvent.objects.filter(kind="payment_captured").count() == 1
    assert Break.objects.count() == 0
    assert not ProviderEvent.objects.filter(processed_at=None).exists()


def test_a_late_failure_does_not_undo_a_payment(sandbox, client, paid):
    with listening(ALL_OF_IT):
        check(paid)
    failures = [event for event in events_of(sandbox) if event["type"] == "payment_intent.payment_failed"]
    assert failures
    for number, event in enumerate(failures * 10):
        deliver(client, {**event, "id": f"evt_late_{number}"})
    process_waiting_events()
    paid.refresh_from_db()
    assert (paid.state, paid.bill.state) == ("captured", "settled")


def test_an_unknown_object_is_parked_and_tried_again(sandbox, client):
    bill = make_bill()
    deliver(client, an_event(data={"object": {"id": "pi_1", "metadata": {"attempt": f"{bill.code}:1"}}}))
    process_waiting_events()
    parked = ProviderEvent.objects.get()
    assert (parked.attempts, parked.processed_at) == (1, None)
    assert parked.next_try_at is not None
    payment = collect(bill, method="card", by=None, **WHERE)
    pay(sandbox, payment)
    with listening(ALL_OF_IT):
        replay_event(parked)
    parked.refresh_from_db()
    assert parked.processed_at is not None
    assert Payment.objects.get().state == "captured"


def test_an_event_about_nobody_is_given_up_in_the_end(sandbox, client):
    deliver(client, an_event())
    for _ in range(25):
        ProviderEvent.objects.exclude(next_try_at=None).update(next_try_at=ProviderEvent.objects.get().received_at)
        process_waiting_events()
    kept = ProviderEvent.objects.get()
    assert (kept.attempts, kept.next_try_at, kept.processed_at) == (20, None, None)
    assert kept.outcome == "no payment is called NOBODY:1"


def test_events_of_no_interest_are_done_at_once(sandbox, client):
    deliver(client, an_event(type="customer.created"))
    process_waiting_events()
    assert ProviderEvent.objects.get().outcome == "of no interest"


def test_a_removed_card_is_not_charged_any_more(sandbox, client, django_user_model):
    user = django_user_model.objects.create_user("dara@example.com")
    SavedMethod.objects.create(user=user, provider="stripe", customer_id="cus_1", method_id="pm_1")
    deliver(client, an_event(type="payment_method.detached", data={"object": {"id": "pm_1"}}))
    process_waiting_events()
    assert SavedMethod.objects.usable().count() == 0


# --- A second success -----------------------------------------------------------------------------------------------


def test_the_second_of_two_payments_goes_back_by_itself(sandbox):
    bill = make_bill()
    first = collect(bill, method="card", by=None, **WHERE)
    pay(sandbox, first)
    Payment.objects.filter(pk=first.pk).update(live_bill=None, state="closed")
    second = collect(bill, method="card", by=None, **WHERE)
    assert second.key.endswith(":2")
    pay(sandbox, second)
    with listening(ALL_OF_IT):
        check(second)
    with listening(Claim(D(0), D("100.00"), "More arrived than was owed.")):
        late = check(Payment.objects.get(pk=first.pk))
    assert (late.state, late.applied_amount) == ("captured", 0)
    assert return_surpluses() == 1
    assert return_surpluses() == 0
    refund = Refund.objects.get()
    assert (refund.state, refund.amount, refund.payment) == ("done", D("100.00"), late)
    assert Break.objects.get().resolved_at is not None
    assert [(back["payment_intent"], back["amount"]) for back in sandbox.control("GET", "things/refund")] == [
        (late.capture_id, 10000)
    ]


# --- Refunds and disputes -------------------------------------------------------------------------------------------


@pytest.fixture
def settled(sandbox):
    payment = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, payment)
    with listening(ALL_OF_IT):
        return check(payment)


def refund_of(payment, amount="40.00", remaining="100.00"):
    return request_refund(
        payment, amount=D(amount), expected_remaining=D(remaining), by=None, reason="a scratch on the lid"
    )


def test_a_refund_whose_answer_is_lost_is_sent_once(sandbox, settled):
    sandbox.fault(provider="stripe", method="POST", path="/v1/refunds", kind="drop", when="after", times=3)
    refund = send_refund(refund_of(settled))
    assert refund.state == "requested"
    assert send_refund(refund).state == "done"
    assert len(sandbox.control("GET", "things/refund")) == 1


def test_a_refund_that_fails_later_is_listed(sandbox, client, settled):
    sandbox.control("POST", "stripe/outcomes", {"refunds": ["fails"]})
    refund = send_refund(refund_of(settled))
    assert refund.state == "done"
    sandbox.pass_time(61)
    for event in events_of(sandbox):
        deliver(client, event)
    process_waiting_events()
    refund.refresh_from_db()
    assert refund.state == "failed"
    assert Break.objects.get().kind == "refund_failed"


def test_a_pending_refund_is_followed(sandbox, settled):
    sandbox.control("POST", "stripe/outcomes", {"refunds": ["pending"]})
    refund = send_refund(refund_of(settled))
    assert refund.state == "pending"
    sandbox.pass_time(61)
    assert send_refund(refund).state == "done"


def test_a_dispute_is_listed_and_followed_to_its_end(sandbox, client, settled):
    dispute = sandbox.control("POST", "stripe/disputes", {"payment_intent": settled.capture_id})
    for event in events_of(sandbox):
        deliver(client, event)
    process_waiting_events()
    kept = Dispute.objects.get()
    assert (kept.payment, kept.amount, kept.status) == (settled, D("100.00"), "needs_response")
    assert kept.evidence_due_at is not None
    assert Break.objects.get().kind == "disputed"
    sandbox.control("POST", f"stripe/disputes/{dispute['id']}/decide", {"verdict": "won"})
    for event in events_of(sandbox):
        deliver(client, event)
    process_waiting_events()
    kept.refresh_from_db()
    assert (kept.status, kept.closed_at is not None) == ("won", True)


def test_a_refund_made_elsewhere_is_listed(sandbox, client, settled):
    sandbox.client(key=KEY).v1.refunds.create({"payment_intent": settled.capture_id, "amount": 500})
    for event in events_of(sandbox):
        deliver(client, event)
    process_waiting_events()
    assert Break.objects.get().kind == "reversed"


@pytest.mark.parametrize("order", list(permutations(("page", "event", "poll"))))
def test_page_event_and_poller_end_alike(sandbox, client, order):
    payment = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, payment)
    steps = {
        "page": lambda: check(payment),
        "event": lambda: ([deliver(client, event) for event in events_of(sandbox)], process_waiting_events()),
        "poll": lambda: check(Payment.objects.get(pk=payment.pk)),
    }
    with listening(ALL_OF_IT):
        for step in order:
            steps[step]()
    payment.refresh_from_db()
    assert (payment.state, payment.applied_amount, payment.bill.state) == ("captured", D("100.00"), "settled")
    assert BillEvent.objects.filter(kind="payment_captured").count() == 1
    assert Break.objects.count() == 0
