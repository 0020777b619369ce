"""Refunds over the API: staff only, once an Idempotency-Key, and never what was not seen."""

import uuid
from decimal import Decimal as D

import pytest

from accounts.tests.factories import make_staff, make_user
from backoffice.roles import sync_roles
from core.tests.api import client_of, places_of, problem_of
from orders.models import RefundLine
from orders.tests.factories import make_order, make_paid_order
from orders.tests.refunds import offences, paid_by_card, paid_by_transfer, refund
from payments.models import Refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def finance():
    sync_roles()
    return make_staff(groups=["Finance"])


def url(order):
    return f"/api/v1/orders/{order.code}/refunds/"


def post(user, order, *, key=None, **body):
    body = {"reason": "a scratch", "expected_remaining": "102.50", **body}
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return client_of(user).post(url(order), body, format="json", headers=headers)


def test_a_piece_and_the_shipping_go_back(finance, sandbox):
    order = paid_by_card(sandbox, "50.00")
    answer = post(finance, order, lines=[{"line": 1, "quantity": 1}], shipping=True)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["currency"], body["remaining"]) == ("USD", "50.00")
    assert body["lines"] == [{"line": 1, "quantity": 1, "goods": "50.00", "shipping": "0.00"}]
    (made,) = body["refunds"]
    assert (made["id"], made["state"], made["amount"]) == (Refund.objects.get().key, "done", "52.50")
    assert made["lines"] == [{"line": 1, "quantity": 1, "net": "50.00", "tax": "0.00", "shipping": "2.50"}]
    assert client_of(finance).get(url(order)).json() == body
    assert len(sandbox.control("GET", "things/refund")) == 1
    assert offences() == []


def test_the_same_key_is_answered_word_for_word_and_refunds_once(finance, sandbox):
    order = paid_by_card(sandbox, "50.00")
    first = post(finance, order, key="one-refund", amount="10.00")
    again = post(finance, order, key="one-refund", amount="10.00")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    problem_of(post(finance, order, key="one-refund", amount="11.00"), 422, "idempotency_key_reused")
    assert Refund.objects.count() == len(sandbox.control("GET", "things/refund")) == 1
    headless = client_of(finance).post(url(order), {}, format="json")
    problem_of(headless, 400, "idempotency_key_missing")


def test_above_the_limit_it_is_proposed(finance, settings):
    settings.REFUND_APPROVAL_ABOVE = D("10.00")
    body = post(finance, paid_by_transfer("50.00"), amount="10.01").json()
    assert body["refunds"][0]["state"] == "proposed"
    assert body["remaining"] == "92.49"


def test_who_saw_another_sum_gets_both(finance):
    order = paid_by_transfer("50.00")
    refund(order, amount=D("60.00"))
    problem = problem_of(post(finance, order, amount="102.50", shipping=True), 409, "remaining_changed")
    assert problem["facts"] == {"shown": "102.50", "remaining": "42.50"}
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": "0.00"}, "amount_impossible"),
        ({"amount": "100.01"}, "too_much"),
        ({"amount": "102.51", "shipping": True}, "too_much"),
        ({"lines": [{"line": 1, "quantity": 3}]}, "too_many"),
        ({"lines": [{"line": 2, "quantity": 1}]}, "line_unknown"),
        ({"lines": []}, "nothing_to_refund"),
        ({}, "nothing_to_refund"),
    ],
)
def test_refunds_that_make_no_sense_are_refused(finance, body, code):
    problem_of(post(finance, paid_by_transfer("50.00"), **body), 422, code)
    assert (Refund.objects.count(), RefundLine.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"amount": "-1.00"}, "/amount"),
        ({"amount": "1.001"}, "/amount"),
        ({"amount": "NaN"}, "/amount"),
        ({"amount": "1.00", "expected_remaining": "all"}, "/expected_remaining"),
        ({"amount": "1.00", "reason": ""}, "/reason"),
        ({"amount": "1.00", "reason": "a\nb"}, "/reason"),
        ({"lines": [{"line": 1, "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"line": 1, "quantity": 1}, {"line": 1, "quantity": 1}]}, "/lines"),
        ({"lines": [{"line": 1, "quantity": 1}], "amount": "1.00"}, ""),
        ({"amount": "1.00", "state": "done"}, "/state"),
        ({"amount": "1.00", "approved_by": 1}, "/approved_by"),
    ],
)
def test_values_that_cannot_be_are_named(finance, body, place):
    problem = problem_of(post(finance, paid_by_transfer("50.00"), **body), 400, "invalid")
    assert [where.partition("/0")[0] if place == "/lines" else where for where, _ in places_of(problem)] == [place]
    assert Refund.objects.count() == 0


def test_goods_that_have_not_left_and_unpaid_orders(finance):
    problem_of(post(finance, make_paid_order(), amount="102.50", shipping=True), 422, "cancel_instead")
    problem_of(post(finance, make_order(), amount="1.00", expected_remaining="0.00"), 422, "not_refundable")
    assert Refund.objects.count() == 0


def test_only_who_may_give_money_back_does():
    sync_roles()
    owner = make_user()
    order = make_paid_order(user=owner)
    for user, may_look in (
        (None, 401),
        (owner, 403),
        (make_staff(), 403),
        (make_staff(groups=["Warehouse"]), 403),
        (make_staff(groups=["Support"]), 200),
        (make_staff(groups=["Auditor"]), 200),
    ):
        assert client_of(user).get(url(order)).status_code == may_look
        assert post(user, order, amount="1.00").status_code == (401 if user is None else 403)
    assert Refund.objects.count() == 0
    for role in ("Finance", "Manager"):
        answer = client_of(make_staff(groups=[role])).get("/api/v1/orders/NOBODY/refunds/")
        problem_of(answer, 404, "not_found")


@pytest.mark.parametrize("refunds", [1, 3])
def test_the_list_asks_the_database_as_often_for_one_refund_as_for_three(finance, refunds, django_assert_num_queries):
    order = paid_by_transfer("50.00", "20.00")
    for _ in range(refunds):
        refund(order, amount=D("3.00"))
    client = client_of(finance)
    with django_assert_num_queries(11):
        assert len(client.get(url(order)).json()["refunds"]) == refunds
