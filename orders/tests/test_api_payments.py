"""Paying over the API: begun once a key, asked for as often as one likes, never for somebody else's order."""

from uuid import uuid4

import pytest

from accounts.tests.factories import make_user
from core.tests.api import client_of, problem_of
from orders.guest_access import order_token
from orders.models import Order
from orders.tests.factories import make_order
from payments.models import Payment
from payments.tests.paying import pay
from sandbox.tests.selling import DECLINED

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sandbox):
    return make_order(payment_method="card")


def guest_of(order):
    return client_of(**{"X-Order-Token": order_token(order)})


def start(client, order, method="card", key=None, **more):
    headers = {"Idempotency-Key": key or str(uuid4())}
    body = {"method": method, **more}
    return client.post(f"/api/v1/orders/{order.code}/payments/", body, format="json", headers=headers)


def payment_of(client, name):
    Payment.objects.exclude(next_poll_at=None).update(next_poll_at=Payment.objects.get(key=name).started_at)
    return client.get(f"/api/v1/payments/{name}/")


def test_a_guest_pays_and_asks(sandbox, order):
    guest = guest_of(order)
    begun = start(guest, order)
    assert begun.status_code == 201
    body = begun.json()
    payment = Payment.objects.get()
    assert body == {
        "id": payment.key,
        "state": "pending",
        "method": "card",
        "amount": str(order.total),
        "currency": "USD",
        "redirect_url": payment.data["url"],
        "qr": None,
        "deep_link": None,
        "charge_amount": None,
        "charge_currency": None,
        "expires_at": body["expires_at"],
        "failure_code": "",
        "advice": "",
    }
    assert payment_of(guest, body["id"]).json()["state"] == "pending"
    pay(sandbox, payment)
    asked = payment_of(guest, body["id"]).json()
    assert (asked["state"], asked["redirect_url"]) == ("captured", None)
    assert Order.objects.get().state == "confirmed"


def test_the_same_key_gives_the_same_answer(sandbox, order):
    guest = guest_of(order)
    answers = [start(guest, order, key="one-and-the-same") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["redirect_url"] for answer in answers} == {Payment.objects.get().data["url"]}
    problem_of(start(guest, order, "bank_transfer", key="one-and-the-same"), 422, "idempotency_key_reused")
    assert len(sandbox.control("GET", "things/checkout.session")) == 1


def test_a_declined_card_comes_with_advice(sandbox, order):
    guest = guest_of(order)
    name = start(guest, order).json()["id"]
    pay(sandbox, Payment.objects.get(), DECLINED)
    asked = payment_of(guest, name).json()
    assert (asked["state"], asked["failure_code"]) == ("pending", "generic_decline")
    assert asked["advice"].startswith("Your bank did not accept the card.")


def test_what_makes_no_sense_is_refused_and_changes_nothing(sandbox, order):
    guest = guest_of(order)
    path = f"/api/v1/orders/{order.code}/payments/"
    problem_of(guest.post(path, {"method": "card"}, format="json"), 400, "idempotency_key_missing")
    assert start(guest, order, "gold").status_code == 400
    assert start(guest, order, amount="1.00").status_code == 400
    problem_of(start(guest, order, "khqr"), 422, "payment_method_not_available")
    problem_of(start(guest, order, "cash_on_delivery"), 422, "payment_method_not_available")
    assert Payment.objects.count() == 0


def test_while_an_outcome_is_unknown_nothing_else_can_be_paid(sandbox, order):
    guest = guest_of(order)
    sandbox.fault(provider="stripe", path="/v1/*", kind="drop", when="after")
    begun = start(guest, order)
    assert (begun.status_code, begun.json()["state"]) == (201, "checking")
    problem_of(start(guest, order, "bank_transfer"), 409, "payment_is_checked")
    assert Payment.objects.count() == 1


def test_a_paid_order_cannot_be_paid_again(sandbox, order):
    guest = guest_of(order)
    name = start(guest, order).json()["id"]
    pay(sandbox, Payment.objects.get())
    payment_of(guest, name)
    problem_of(start(guest, order), 409, "nothing_to_pay")
    assert len(sandbox.captures()) == 1


def test_nobody_pays_or_sees_what_belongs_to_others(sandbox, order):
    name = start(guest_of(order), order).json()["id"]
    other = make_order(payment_method="card")
    for stranger in (client_of(), client_of(make_user("x@example.com")), guest_of(other)):
        assert start(stranger, order).status_code == 404
        assert stranger.get(f"/api/v1/payments/{name}/").status_code == 404
    assert guest_of(order).get("/api/v1/payments/NOBODY:1/").status_code == 404
    assert Payment.objects.count() == 1
