"""How refunds of orders end: sent, failed, by hand; and what customers are told."""

from decimal import Decimal as D

import pytest
from django.utils.html import escape

from accounts.tests.factories import make_staff
from core.refusals import Refusal
from notifications.models import Email
from orders.refund_parts import amount_left
from orders.refunding import refund_lines
from orders.tests.factories import make_delivered_order
from orders.tests.refunds import everything, offences, paid_by_card, paid_by_transfer, refund
from payments.models import Break, Payment, Refund
from payments.polling import poll_refunds
from payments.refund_decisions import confirm_transfer, send_by_hand
from payments.refunding import send_refund

pytestmark = pytest.mark.django_db


def test_a_refund_that_fails_is_still_owed_and_goes_by_hand(sandbox):
    sandbox.control("POST", "stripe/outcomes", {"refunds": ["fails"]})
    order = paid_by_card(sandbox, "50.00")
    (made,) = everything(order)
    assert made.state == "done"
    sandbox.pass_time(61)
    made = send_refund(made, final_too=True)
    assert (made.state, amount_left(order)) == ("failed", 0)
    assert Break.objects.open().get().kind == "refund_failed"
    letter = Email.objects.get(kind="refund_failed")
    assert letter.to == "shop@localhost"
    assert f"/admin/payments/refund/{made.pk}/change/" in letter.text
    made = send_by_hand(made, by=make_staff())
    assert send_refund(made, final_too=True).state == "by_hand"
    made = confirm_transfer(made, by=make_staff(), reference="ABA 9")
    assert send_refund(made, final_too=True).state == "done"
    assert Break.objects.open().count() == 0
    assert Email.objects.filter(kind="refund_done").count() == 2
    assert len(sandbox.control("GET", "things/refund")) == 1
    assert offences() == []


@pytest.mark.parametrize("way", ["transfer", "card"])
def test_letters_say_how_much_for_what_and_which_way_once(sandbox, way):
    order = paid_by_transfer("50.00") if way == "transfer" else paid_by_card(sandbox, "50.00")
    order.lines.update(name="ក្តារចុច <b>ThinkPad</b>")
    (made,) = everything(order)
    if way == "transfer":
        confirm_transfer(made, by=make_staff(), reference="ABA 81-4402")
    started, done = Email.objects.get(kind="refund_started"), Email.objects.get(kind="refund_done")
    for letter in (started, done):
        assert letter.to == order.email
        assert "$102.50" in letter.subject
        assert order.code in letter.subject
        assert "2 × ក្តារចុច <b>ThinkPad</b>" not in letter.text  # a sum names no pieces
        assert "ក្តារចុច <b>ThinkPad</b>: $100.00" in letter.text
        assert escape("ក្តារចុច <b>ThinkPad</b>") in letter.html
        assert "Courier: $2.50" in letter.text
    assert ("ABA 81-4402" in done.text) == (way == "transfer")
    assert ("by bank transfer" in started.text) == (way == "transfer")
    assert ("card" in done.text) == (way == "card")


def test_refund_lines_joins_the_transaction_of_its_caller(sandbox):
    """The floors above refund inside deeds of their own: nothing is sent before they commit."""
    order = paid_by_card(sandbox, "50.00")
    refund_lines(order, by=None, reason="x", expected_remaining=D("102.50"), amount=D("5.00"))
    assert sandbox.control("GET", "things/refund") == []
    assert poll_refunds() == 1
    assert Refund.objects.get().state == "done"


def test_a_free_order_has_nothing_to_refund():
    order = make_delivered_order()
    Payment.objects.update(applied_amount=0)
    with pytest.raises(Refusal) as refused:
        refund(order, amount=D("1.00"))
    assert refused.value.code == "not_refundable"
