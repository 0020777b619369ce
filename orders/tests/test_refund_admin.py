"""Refunds in the admin: the form of an order, the list, approvals and transfers."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from orders.tests.factories import make_order, make_paid_order
from orders.tests.refunds import offences, paid_by_card, paid_by_transfer, refund
from payments.models import Refund
from payments.refunding import send_refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_staff(is_superuser=True)
    client.force_login(user)
    return user


def url(order):
    return reverse("admin:orders_order_refund", args=[order.pk])


def deed(name, row):
    return reverse(f"admin:payments_refund_{name}", args=[row.pk])


def ask(client, order, **told):
    values = {"what": "sum", "amount": "40.00", "remaining": "102.50", "reason": "a scratch", **told}
    return client.post(url(order), values, follow=True)


def text(answer):
    return answer.content.decode()


def test_the_form_says_what_is_left_and_refunds_pieces(boss, client, sandbox):
    order = paid_by_card(sandbox, "50.00", "20.00")
    second = order.lines.last()
    page = text(client.get(url(order)))
    assert "$142.50 can still be refunded." in page
    assert "2 of 2 left, $40.00." in page
    assert "$2.50 of the shipping is left." in page
    answer = ask(client, order, what="pieces", remaining="142.50", shipping="on", **{f"line-{second.pk}": "1"})
    made = Refund.objects.get()
    assert f"Refund {made.key}, $22.50: done." in text(answer)
    assert made.requested_by == boss
    page = text(answer)
    assert deed("withdraw", made).replace("withdraw/", "change/") in page
    assert f"1 × {second.name}" in page
    assert "1 of 2 left, $20.00." in text(client.get(url(order)))
    assert offences() == []


def test_everything_goes_back_in_one_press(boss, client, sandbox):
    order = paid_by_card(sandbox, "50.00")
    assert "$102.50: done." in text(ask(client, order, what="everything", amount=""))
    assert [back["amount"] for back in sandbox.control("GET", "things/refund")] == [10250]
    assert "no money here that could be refunded" in text(ask(client, order, amount="1.00", remaining="0.00"))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"amount": "102.51", "shipping": "on"}, "At most $102.50 can be refunded."),
        ({"amount": "100.01"}, "At most $100.00 can be refunded."),
        ({"amount": "0"}, "greater than or equal to 0.01"),
        ({"amount": "-5"}, "greater than or equal to 0.01"),
        ({"amount": "1.001"}, "no more than 2 decimal places"),
        ({"amount": "NaN"}, "Enter a number"),
        ({"amount": ""}, "Enter the sum that goes back."),
        ({"what": ""}, "Choose what goes back."),
        ({"what": "pieces"}, "Choose what goes back: pieces, shipping or a sum."),
        ({"what": "pieces", "line": "3"}, "less than or equal to 2"),
        ({"what": "pieces", "line": "-1"}, "greater than or equal to 0"),
        ({"reason": ""}, "Say in a few words why the money goes back."),
        ({"remaining": "x"}, "Please look at the marked fields."),
    ],
)
def test_refunds_that_make_no_sense_are_refused_and_send_nothing(boss, client, sandbox, told, words):
    order = paid_by_card(sandbox, "50.00")
    if "line" in told:
        told = {**told, f"line-{order.lines.get().pk}": told["line"]}
    answer = ask(client, order, **told)
    assert answer.status_code == 400
    assert words in text(answer)
    assert Refund.objects.count() == 0
    assert sandbox.control("GET", "things/refund") == []


def test_a_page_that_lay_open_shows_both_sums_and_carries_the_new_one_on(boss, client):
    order = paid_by_transfer("50.00")
    refund(order, amount=D("60.00"))
    answer = ask(client, order, amount="102.50", shipping="on")
    assert answer.status_code == 400
    assert "$42.50 can still be refunded, you saw $102.50. Look again. Nothing was changed." in text(answer)
    assert 'name="remaining" value="42.50"' in text(answer)
    assert Refund.objects.count() == 1
    assert "by hand" in text(ask(client, order, amount="42.50", shipping="on", remaining="42.50"))
    assert offences() == []


def test_an_unpaid_order_offers_no_refund(boss, client):
    order = make_order()
    assert url(order) not in text(client.get(reverse("admin:orders_order_change", args=[order.pk])))
    assert "is not possible any more" in text(ask(client, order))
    assert Refund.objects.count() == 0


def test_goods_that_have_not_left_are_kept_by_cancelling(boss, client):
    order = make_paid_order()
    assert "Cancel the order: that gives all the money back" in text(ask(client, order, what="everything"))
    assert Refund.objects.count() == 0


def test_the_requester_cannot_approve_and_somebody_else_can(boss, client, sandbox, settings):
    settings.REFUND_APPROVAL_ABOVE = D("20.00")
    order = paid_by_card(sandbox, "50.00")
    answer = ask(client, order)
    made = Refund.objects.get()
    assert "Somebody else must approve it" in text(answer)
    assert "approves it, or withdraws it" in text(client.get(reverse("admin:payments_refund_change", args=[made.pk])))
    assert "somebody else must approve it" in text(client.post(deed("approve", made), follow=True))
    made.refresh_from_db()
    assert made.state == "proposed"
    other = make_staff(is_superuser=True)
    client.force_login(other)
    assert "You agree that this money goes back." in text(client.get(deed("approve", made)))
    assert f"Refund {made.key} of $40.00: done." in text(client.post(deed("approve", made), follow=True))
    made.refresh_from_db()
    assert (made.state, made.approved_by) == ("done", other)
    page = text(client.get(reverse("admin:payments_refund_change", args=[made.pk])))
    assert f"https://dashboard.stripe.com/payments/{made.payment.capture_id}" in page
    assert "is not possible any more" in text(client.post(deed("approve", made), follow=True))


def test_a_transfer_is_recorded_once_with_its_reference(boss, client):
    first, second = (refund(paid_by_transfer("50.00"), amount=D("10.00"))[0] for _ in range(2))
    assert "Enter the bank" in text(client.post(deed("confirm_transfer", first), {"reference": " "}))
    answer = client.post(deed("confirm_transfer", first), {"reference": "ABA 81-4402"}, follow=True)
    assert "The customer gets a letter." in text(answer)
    first.refresh_from_db()
    assert (first.state, first.reference, first.finished_by) == ("done", "ABA 81-4402", boss)
    answer = client.post(deed("confirm_transfer", second), {"reference": "ABA 81-4402"})
    assert answer.status_code == 400
    assert f"This reference is on record for refund {first.key}. Nothing was changed." in text(answer)
    second.refresh_from_db()
    assert second.state == "by_hand"


def test_a_failed_refund_says_what_to_do(boss, client, sandbox):
    sandbox.control("POST", "stripe/outcomes", {"refunds": ["fails"]})
    order = paid_by_card(sandbox, "50.00")
    (made,) = refund(order, amount=D("10.00"))
    sandbox.pass_time(61)
    made = send_refund(made, final_too=True)
    page = text(client.get(reverse("admin:payments_refund_change", args=[made.pk])))
    assert "the customer is still owed this money" in page
    assert "Stripe could not send it" in page
    assert "to be sent by hand" in text(client.post(deed("send_by_hand", made), follow=True))
    answer = client.post(deed("withdraw", made), {"reason": "paid out in goods"}, follow=True)
    assert "Its money can be refunded anew." in text(answer)
    made.refresh_from_db()
    assert made.state == "withdrawn"


def test_the_list_filters_what_waits(boss, client, settings):
    settings.REFUND_APPROVAL_ABOVE = D("20.00")
    order = paid_by_transfer("50.00")
    refund(order, by=boss, amount=D("10.00"))
    refund(order, by=boss, amount=D("30.00"))
    changelist = reverse("admin:payments_refund_changelist")
    for state, count in (("proposed", 1), ("by_hand", 1), ("failed", 0)):
        assert client.get(changelist, {"state__exact": state}).context["cl"].result_count == count


def test_a_reason_cannot_carry_markup_into_the_page(boss, client):
    order = paid_by_transfer("50.00")
    order.lines.update(name="<script>alert(1)</script>")
    refund(order, pieces={order.lines.get().pk: 1}, reason="<script>alert(2)</script>")
    for page in (
        reverse("admin:orders_order_change", args=[order.pk]),
        reverse("admin:payments_refund_change", args=[Refund.objects.get().pk]),
        url(order),
    ):
        assert "<script>alert" not in text(client.get(page))
