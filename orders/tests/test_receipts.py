"""Receipts: what stands on the page, in print and in the letter equals bills, payments and refunds."""

from decimal import Decimal as D

import pytest
from django.test import Client

from accounts.tests.factories import make_staff, make_user
from accounts.tests.signing import ShopClient
from backoffice.roles import sync_roles
from notifications.models import Email
from orders.guest_access import order_token
from orders.paying_online import check_payment, pay_order
from orders.payment_approval import mark_paid
from orders.receipts import receipt_of
from orders.tests.factories import make_order, make_paid_order
from payments.models import Payment, Refund
from payments.refunding import request_refund, send_refund
from payments.tests.paying import pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid_by_card(sandbox):
    order = make_order(payment_method="card")
    pay(sandbox, pay_order(order, method="card", by=None))
    check_payment(order)
    order.refresh_from_db()
    return order


def give_back(amount, *, sends=True):
    payment = Payment.objects.get()
    gone = sum(refund.amount for refund in payment.refunds.standing())
    refund = request_refund(
        payment, amount=D(amount), expected_remaining=payment.captured_amount - gone, by=None, reason="a scratch"
    )
    return send_refund(refund) if sends else refund


def test_a_receipt_names_the_card_and_the_sum(paid_by_card):
    receipt = receipt_of(paid_by_card)
    [received] = receipt.received
    assert (received.method, received.brand, received.last4) == ("card", "Visa", "4242")
    assert received.reference == Payment.objects.get().capture_id
    assert (receipt.billed, receipt.paid, receipt.returned, receipt.kept, receipt.too_much) == (
        D("102.50"),
        D("102.50"),
        D(0),
        D("102.50"),
        D(0),
    )


def test_refunds_count_once_they_are_decided_and_not_when_they_were_withdrawn(paid_by_card):
    give_back("32.50")
    waiting = give_back("10.00", sends=False)
    receipt = receipt_of(paid_by_card)
    assert [(back.amount, back.is_done) for back in receipt.given_back] == [(D("32.50"), True), (D("10.00"), False)]
    assert (receipt.paid, receipt.returned, receipt.kept) == (D("102.50"), D("42.50"), D("60.00"))
    for undecided in ("proposed", "withdrawn"):
        Refund.objects.filter(pk=waiting.pk).update(state=undecided)
        assert receipt_of(paid_by_card).kept == D("70.00")


def test_too_much_is_said(sandbox):
    order = make_order()
    mark_paid(order, by=None, amount=D("110.00"), reference="ABA 1")
    receipt = receipt_of(order)
    assert (receipt.billed, receipt.paid, receipt.too_much) == (D("102.50"), D("110.00"), D("7.50"))


def test_a_receipt_costs_three_queries_however_much_was_paid(django_assert_num_queries):
    order = make_order()
    with django_assert_num_queries(2):
        receipt_of(order)
    for number, amount in enumerate(("10.00", "20.00", "72.50")):
        mark_paid(order, by=None, amount=D(amount), reference=f"ABA {number}")
    with django_assert_num_queries(3):
        assert [received.amount for received in receipt_of(order).received] == [D("10.00"), D("20.00"), D("72.50")]


def test_the_letter_is_the_receipt(paid_by_card):
    letter = Email.objects.get(kind="order_confirmed")
    reference = Payment.objects.get().reference
    for words in ("Paid by: Card, Visa ending in 4242", f"Reference: {reference}", "Received: $102.50", "receipt"):
        assert words in letter.text
        assert words.split(": ")[-1].replace("Card, ", "") in letter.html
    assert "more than you owe" not in letter.text


def test_an_order_paid_at_the_door_gets_no_receipt_before_it_is_paid():
    order = make_order(payment_method="cash_on_delivery")
    assert "receipt" not in Email.objects.get(kind="order_confirmed").text
    mark_paid(order, by=None, amount=order.total, reference="cash 7")
    letter = Email.objects.get(kind="payment_received")
    for words in ("we have received $102.50", "It is paid in full.", "Paid by: Cash on delivery", "Reference: cash 7"):
        assert words in letter.text


def test_a_part_of_the_sum_is_received_with_what_is_left():
    order = make_order()
    mark_paid(order, by=None, amount=D("100.00"), reference="ABA 1")
    assert "$2.50 is still to be paid." in Email.objects.get(kind="payment_received").text
    mark_paid(order, by=None, amount=D("2.50"), reference="ABA 2")
    letter = Email.objects.get(kind="order_confirmed")
    assert "Received: $100.00" in letter.text
    assert "Received: $2.50" in letter.text
    assert Email.objects.filter(kind="payment_received").count() == 1


# --- Who may see it -------------------------------------------------------------------------------------------------


def page_of(client, path):
    answer = client.get(path)
    return answer.status_code, answer.content.decode()


def test_a_guest_prints_by_the_signed_link(paid_by_card):
    status, page = page_of(Client(), f"/orders/view/{order_token(paid_by_card)}/receipt/")
    assert status == 200
    for words in ("Receipt", paid_by_card.code, "Card, Visa ending in 4242", "$102.50", "data-print"):
        assert words in page
    assert page_of(Client(), "/orders/view/nonsense/receipt/")[0] == 404


def test_an_owner_sees_what_went_back(sandbox):
    user = make_user("dara@example.com")
    order = make_order(user=user, payment_method="card")
    pay(sandbox, pay_order(order, method="card", by=user))
    check_payment(order)
    give_back("32.50")
    client = ShopClient()
    client.force_login(user)
    status, page = page_of(client, f"/orders/{order.code}/receipt/")
    assert status == 200
    for words in ("Given back", "-$32.50", "$70.00", "Back to the order"):
        assert words in page


def test_nobody_else_sees_it_but_staff_who_may_see_orders():
    sync_roles()
    order = make_paid_order(user=make_user("dara@example.com"))
    path = f"/orders/{order.code}/receipt/"
    assert Client().get(path).status_code == 302
    for who, expected in (
        (make_user("other@example.com"), 404),
        (make_staff("cat@example.com", groups=["Catalogue"]), 404),
        (make_staff("fin@example.com", groups=["Finance"]), 200),
    ):
        client = ShopClient()
        client.force_login(who)
        assert client.get(path).status_code == expected, who
    assert "Back to the order" not in client.get(path).content.decode()
    outside = ShopClient()
    outside.by_password_only(who)
    assert outside.get(path).status_code == 404


def test_an_unpaid_order_has_no_proof_of_payment():
    order = make_order()
    page = page_of(Client(), f"/orders/view/{order_token(order)}/receipt/")[1]
    assert "Nothing has been paid yet. This page is no proof of payment." in page
