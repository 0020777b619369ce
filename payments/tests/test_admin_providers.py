"""Providers in the admin: ask again, process again, refund what one has seen."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from payments.collecting import check, collect
from payments.models import Payment, ProviderEvent, Refund
from payments.refunding import request_refund
from payments.signals import Claim
from payments.tests.paying import WHERE, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def payment(sandbox):
    begun = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, begun)
    return begun


def settle(payment):
    """Let the money come that nobody can use: what paid an order is refunded at the order."""
    with listening(Claim(D(0), D("100.00"), "paid twice")):
        return check(payment)


def url(obj, deed):
    return reverse(f"admin:payments_{obj._meta.model_name}_{deed}", args=[obj.pk])


def refund(client, payment, **told):
    values = {"amount": "40.00", "remaining": "100.00", "reason": "a scratch", **told}
    return client.post(url(payment, "refund"), values, follow=True)


def test_staff_ask_the_provider(boss, client, payment):
    with listening(Claim(D("100.00"), D(0))):
        page = client.post(url(payment, "check"), follow=True).content.decode()
    assert f"{payment.key}: money received." in page
    assert "Ask the provider" not in page
    assert Payment.objects.get().state == "captured"


def test_staff_refund_a_part_then_the_rest(boss, client, sandbox, payment):
    payment = settle(payment)
    assert "At most $100.00." in client.get(url(payment, "refund")).content.decode()
    assert "of $40.00: done." in refund(client, payment).content.decode()
    assert "of $60.00: done." in refund(client, payment, amount="60.00", remaining="60.00").content.decode()
    assert [back.requested_by for back in Refund.objects.all()] == [boss, boss]
    assert sorted(back["amount"] for back in sandbox.control("GET", "things/refund")) == [4000, 6000]
    assert "is not possible any more" in refund(client, payment, amount="1.00", remaining="0.00").content.decode()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"amount": "100.01"}, "At most $100.00 can be refunded."),
        ({"amount": "0"}, "greater than or equal to 0.01"),
        ({"amount": "-5"}, "greater than or equal to 0.01"),
        ({"amount": "1.001"}, "no more than 2 decimal places"),
        ({"amount": "NaN"}, "Enter a number"),
        ({"remaining": "60.00"}, "$100.00 can still be refunded, you saw $60.00."),
        ({"reason": ""}, "Say in a few words why the money goes back."),
    ],
)
def test_refunds_that_make_no_sense_are_refused_and_send_nothing(boss, client, sandbox, payment, told, words):
    answer = refund(client, settle(payment), **told)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert Refund.objects.count() == 0
    assert sandbox.control("GET", "things/refund") == []


def test_an_unpaid_payment_cannot_be_refunded(boss, client, payment):
    assert "is not possible any more" in refund(client, payment).content.decode()
    assert Refund.objects.count() == 0


def test_a_message_is_shown_word_for_word_and_processed_again(boss, client, sandbox, payment):
    body = {
        "data": {"object": {"id": "pi_1", "metadata": {"attempt": payment.key, "note": "<script>alert(1)</script>"}}}
    }
    event = ProviderEvent.objects.create(
        provider="stripe", event_id="evt_1", kind="payment_intent.succeeded", body=body
    )
    page = client.get(reverse("admin:payments_providerevent_change", args=[event.pk])).content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    with listening(Claim(D("100.00"), D(0))):
        page = client.post(url(event, "replay"), follow=True).content.decode()
    assert f"Processed again: {payment.key} is captured." in page


def test_pages_of_refund_and_payment_open(boss, client, payment):
    payment = settle(payment)
    made = request_refund(payment, amount=D("1.00"), expected_remaining=D("100.00"), by=boss, reason="x")
    for name, key in (("refund", made.pk), ("payment", payment.pk)):
        page = client.get(reverse(f"admin:payments_{name}_change", args=[key]))
        assert page.status_code == 200
        assert made.key in page.content.decode()
