"""Collect by card through the real client, lost, late and wrong answers included: one capture each."""

from decimal import Decimal as D
from types import SimpleNamespace

import pytest
from django.db import transaction

from core.refusals import Conflict
from payments import finalising
from payments.billing import start_payment
from payments.collecting import charge_saved, check, collect, give_up
from payments.models import Break, Payment, SavedMethod
from payments.polling import poll_payments
from payments.providers.khqr.client import BakongClient
from payments.providers.stripe.client import client
from payments.signals import Claim
from payments.tests.paying import WHERE, own_calls, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening
from sandbox.tests.running import KEY
from sandbox.tests.selling import ALWAYS_3DS, DECLINED, save_card

pytestmark = pytest.mark.django_db
SESSIONS = "/v1/checkout/sessions"
INTENTS = "/v1/payment_intents"
ALL_OF_IT = Claim(D("100.00"), D(0))


def begin(bill, method="card", **told):
    return collect(bill, method=method, by=None, **{**WHERE, **told})


def hurry(payment):
    """Let the poller's time come."""
    Payment.objects.filter(pk=payment.pk).update(next_poll_at=payment.started_at)


def test_a_card_payment_from_page_to_settlement(sandbox):
    bill = make_bill()
    payment = begin(bill)
    assert (payment.state, payment.key, payment.provider) == ("pending", f"{bill.code}:1", "stripe")
    assert payment.data["url"].startswith(f"{sandbox.url}/pay/cs_test_")
    assert pay(sandbox, payment).location == WHERE["return_url"]
    with listening(ALL_OF_IT):
        payment = check(payment)
    assert (payment.state, payment.captured_amount, payment.applied_amount) == ("captured", D("100.00"), D("100.00"))
    assert payment.capture_id.startswith("pi_")
    bill.refresh_from_db()
    assert bill.state == "settled"
    assert len(sandbox.captures()) == 1


def test_pressing_pay_again_leads_to_the_same_page(sandbox):
    bill = make_bill()
    assert begin(bill).data["url"] == begin(bill).data["url"]
    assert len(sandbox.control("GET", "things/checkout.session")) == 1


def test_asking_twice_books_once(sandbox):
    payment = begin(make_bill())
    pay(sandbox, payment)
    with listening(ALL_OF_IT):
        check(payment)
        check(payment)
    assert Payment.objects.get().applied_amount == D("100.00")
    assert Break.objects.count() == 0


def test_a_declined_card_leaves_the_page_open_for_another(sandbox):
    payment = begin(make_bill())
    assert pay(sandbox, payment, DECLINED).status == 402
    payment = check(payment)
    assert (payment.state, payment.failure_code) == ("pending", "generic_decline")
    pay(sandbox, payment)
    with listening(ALL_OF_IT):
        assert check(payment).state == "captured"


def test_three_d_secure(sandbox):
    payment = begin(make_bill())
    challenge = pay(sandbox, payment, ALWAYS_3DS).location
    assert check(payment).state == "pending"
    sandbox.post(challenge, answer="pass")
    with listening(ALL_OF_IT):
        assert check(payment).state == "captured"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "drop", "when": "before"},
        {"kind": "status", "status": 500, "when": "after"},
        {"kind": "status", "status": 500, "when": "before"},
        {"kind": "status", "status": 503, "when": "after"},
        {"kind": "status", "status": 500, "when": "after", "body": "json"},
    ],
)
def test_a_lost_first_answer_is_found_again(sandbox, fault):
    sandbox.fault(provider="stripe", method="POST", path=SESSIONS, times=3, **fault)
    payment = begin(make_bill())
    assert payment.state == "checking"
    with pytest.raises(Conflict) as refused:
        sandbox.fault(provider="stripe", path="/v1/*", kind="drop")
        begin(payment.bill)
    assert refused.value.code == "payment_is_checked"
    sandbox.control("DELETE", "faults")
    hurry(payment)
    assert poll_payments() == 1
    payment.refresh_from_db()
    assert payment.state == "pending"
    assert len(sandbox.control("GET", "things/checkout.session")) == 1
    pay(sandbox, payment)
    with listening(ALL_OF_IT):
        assert check(payment).state == "captured"
    assert len(sandbox.captures()) == 1


def test_an_unknown_outcome_is_no_failure_and_no_success(sandbox):
    payment = begin(make_bill())
    pay(sandbox, payment)
    sandbox.fault(provider="stripe", path="/v1/*", kind="status", status=500)
    payment = check(payment)
    assert (payment.state, payment.live_bill_id) == ("checking", payment.bill_id)
    sandbox.control("DELETE", "faults")
    hurry(payment)
    with listening(ALL_OF_IT):
        poll_payments()
    payment.refresh_from_db()
    assert payment.state == "captured"


def test_a_bank_that_thinks_is_waited_for(sandbox):
    sandbox.control("POST", "stripe/outcomes", {"payments": ["processing"]})
    payment = begin(make_bill())
    pay(sandbox, payment)
    payment = check(payment)
    assert payment.state == "checking"
    with pytest.raises(Conflict):
        begin(payment.bill)
    sandbox.pass_time(61)
    with listening(ALL_OF_IT):
        assert check(payment).state == "captured"


def test_an_expired_page_makes_room_for_the_next_attempt(sandbox):
    payment = begin(make_bill())
    sandbox.pass_time(36 * 60)
    payment = check(payment)
    assert (payment.state, payment.failure_code, payment.live_bill) == ("closed", "expired", None)
    assert begin(payment.bill).key.endswith(":2")


def test_switching_closes_the_page_first(sandbox):
    payment = begin(make_bill())
    url = payment.data["url"]
    second = begin(payment.bill, "bank_transfer")
    assert second.method == "bank_transfer"
    payment.refresh_from_db()
    assert (payment.state, payment.live_bill) == ("closed", None)
    assert sandbox.post(url, number="4242424242424242").status == 410


def test_money_that_was_faster_than_the_switch_counts(sandbox):
    payment = begin(make_bill())
    pay(sandbox, payment)
    with listening(ALL_OF_IT), pytest.raises(Conflict) as refused:
        begin(payment.bill, "bank_transfer")
    assert refused.value.code == "bill_not_open"
    assert Payment.objects.get().state == "captured"


def test_an_unknown_outcome_forbids_switching(sandbox):
    payment = begin(make_bill())
    sandbox.fault(provider="stripe", path="/v1/*", kind="drop")
    with pytest.raises(Conflict) as refused:
        begin(payment.bill, "bank_transfer")
    assert refused.value.code == "payment_is_checked"
    assert Payment.objects.count() == 1


def test_another_amount_pays_for_nothing_and_is_listed(sandbox):
    payment = begin(make_bill())
    pay(sandbox, payment)
    Payment.objects.filter(pk=payment.pk).update(amount=D("120.00"))
    payment = check(Payment.objects.get())
    assert (payment.state, payment.failure_code, payment.captured_amount) == ("failed", "mismatch", 0)
    difference = Break.objects.get()
    assert (difference.kind, difference.amount, difference.currency) == ("mismatch", D("100.00"), "USD")


@pytest.mark.django_db(transaction=True)
def test_a_call_inside_a_transaction_is_refused_before_anything_leaves(sandbox, settings):
    """With real transactions: the clients themselves refuse, whoever calls them."""
    stripe_calls = [lambda: client().v1.checkout.sessions.list({}), lambda: client().v1.customers.create({})]
    bakong = BakongClient(sandbox.url, "token")
    for call in [*stripe_calls, lambda: bakong.check("0" * 32), lambda: bakong.check_many(["0" * 32])]:
        with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
            call()
    assert sandbox.control("GET", "calls") == []
    for call in [*stripe_calls, lambda: bakong.check("0" * 32)]:
        call()
    assert len(sandbox.control("GET", "calls")) == 3


@pytest.mark.django_db(transaction=True)
def test_a_whole_payment_asks_no_provider_inside_a_transaction(sandbox):
    """The negative of it: were one call made under a lock, the client would have refused it."""
    payment = begin(make_bill())
    pay(sandbox, payment)
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        check(payment)
    payment.refresh_from_db()
    assert payment.state == "pending"
    with listening(ALL_OF_IT):
        assert check(payment).state == "captured"


# --- Money that is on record and that no bill has yet: a crash stands in between ------------------------------------


@pytest.fixture
def unbooked(sandbox, monkeypatch):
    """A capture whose process died before the money was booked."""
    payment = begin(make_bill())
    pay(sandbox, payment)
    with monkeypatch.context() as patched:
        patched.setattr(finalising, "settle", lambda payment, by: payment)
        payment = check(payment)
    assert (payment.state, payment.claimed_at, payment.bill.state) == ("captured", None, "open")
    return payment


def test_money_on_record_is_booked_and_not_asked_for_again(sandbox, unbooked):
    with listening(ALL_OF_IT), pytest.raises(Conflict) as refused:
        begin(unbooked.bill)
    assert refused.value.code == "bill_not_open"
    unbooked.refresh_from_db()
    assert (unbooked.applied_amount, unbooked.bill.state) == (D("100.00"), "settled")
    assert (Payment.objects.count(), len(sandbox.captures())) == (1, 1)


def test_a_saved_card_is_not_charged_beside_money_on_record(sandbox, unbooked, card):
    saved = card()
    with listening(ALL_OF_IT), pytest.raises(Conflict) as refused:
        charge(unbooked.bill, saved)
    assert refused.value.code == "bill_not_open"
    assert len(sandbox.captures()) == 1


def test_money_that_cannot_be_booked_keeps_the_bill_from_being_paid_again(sandbox, unbooked):
    with listening(RuntimeError("a bug of ours")), pytest.raises(Conflict) as refused:
        begin(unbooked.bill)
    assert refused.value.code == "payment_is_checked"
    with pytest.raises(Conflict) as refused:
        start_payment(unbooked.bill, method="bank_transfer", by=None)
    assert refused.value.code == "payment_is_checked"
    assert (Payment.objects.count(), Break.objects.get().kind) == (1, "claim_failed")


# --- Saved cards ----------------------------------------------------------------------------------------------------


@pytest.fixture
def card(sandbox, django_user_model):
    def saved(number="4242424242424242"):
        user = django_user_model.objects.create_user("dara@example.com")
        customer, method = save_card(sandbox, sandbox.client(key=KEY), number)
        return SavedMethod.objects.create(user=user, provider="stripe", customer_id=customer, method_id=method)

    return saved


def charge(bill, card):
    return charge_saved(bill, card=card, by=None, description="Instalment 3")


def test_a_saved_card_is_charged(sandbox, card):
    bill = make_bill()
    with listening(ALL_OF_IT):
        payment = charge(bill, card())
    assert (payment.state, payment.applied_amount) == ("captured", D("100.00"))


@pytest.mark.parametrize(
    ("number", "code"),
    [("4000002760003184", "authentication_required"), ("4000000000000341", "generic_decline")],
)
def test_a_charge_that_is_declined_is_over(sandbox, card, number, code):
    payment = charge(make_bill(), card(number))
    assert (payment.state, payment.failure_code, payment.live_bill) == ("failed", code, None)
    assert sandbox.captures() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "drop", "when": "before"},
        {"kind": "status", "status": 500, "when": "after"},
        {"kind": "status", "status": 500, "when": "after", "body": "json"},
    ],
)
def test_a_charge_whose_answer_is_lost_is_captured_once(sandbox, card, fault):
    saved = card()
    sandbox.fault(provider="stripe", method="POST", path=INTENTS, times=3, **fault)
    bill = make_bill()
    payment = charge(bill, saved)
    assert payment.state == "checking"
    hurry(payment)
    with listening(ALL_OF_IT):
        poll_payments()

    payment.refresh_from_db()
    assert payment.state == "captured"
    assert len(sandbox.captures()) == 1


def test_giving_up_what_nobody_was_asked_for_needs_no_call(sandbox):
    payment = start_payment(make_bill(), method="card", by=None, **WHERE)
    assert give_up(payment, by=None).state == "closed"
    assert own_calls(sandbox, SESSIONS) == []


def test_a_slow_provider_does_not_keep_the_worker(sandbox, monkeypatch):
    payments = [begin(make_bill()) for _ in range(3)]
    for payment in payments:
        hurry(payment)
    seconds = iter([0, 0, 21, 21, 21, 21])
    monkeypatch.setattr("payments.polling.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    assert poll_payments() == 3
    assert len([call for call in sandbox.control("GET", "calls") if call["method"] == "GET"]) == 1
    monkeypatch.undo()
    assert poll_payments() == 0  # the others were leased, and come again when the lease is over
    assert Payment.objects.filter(next_poll_at=None).count() == 0
