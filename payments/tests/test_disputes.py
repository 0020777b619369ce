"""Disputes over the real client: money held, won back or lost, and what that means for refunds and orders."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from backoffice.auditing.money import CHECKS
from core.refusals import Refusal
from orders.cancellation import cancel_order
from orders.flow import CancelReason
from orders.paying_online import check_payment, pay_order
from orders.refund_parts import amount_left
from orders.tests.factories import make_order
from orders.tests.refunds import everything, paid_by_card, refund
from payments.inbox import process_waiting_events, replay_event
from payments.models import Break, Dispute, Payment, ProviderEvent, Refund
from payments.reconciling import fetch_missed_events
from payments.refundable import refundable
from payments.refunding import request_refund, return_surpluses
from payments.signals import dispute_changed
from payments.tests.paying import pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    calls = []

    def listen(sender, bill, dispute, **kwargs):
        calls.append((bill.code, dispute.standing))

    dispute_changed.connect(listen)
    yield calls
    dispute_changed.disconnect(listen)


def hear(sandbox):
    """Learn from Stripe's list what its webhooks did not tell."""
    fetch_missed_events()
    process_waiting_events()


def opened(sandbox, order, **told):
    payment = Payment.objects.get(bill__order_bill__order=order)
    made = sandbox.control("POST", "stripe/disputes", {"payment_intent": payment.capture_id, **told})
    hear(sandbox)
    return Dispute.objects.get(dispute_id=made["id"])


def decide(sandbox, dispute, verdict):
    sandbox.control("POST", f"stripe/disputes/{dispute.dispute_id}/decide", {"verdict": verdict})
    hear(sandbox)
    dispute.refresh_from_db()
    return dispute


def offences():
    return [offence for check in CHECKS for offence in check()]


def kinds(order):
    return [event.kind for event in order.events.filter(kind__startswith="dispute").order_by("pk")]


def test_while_the_bank_holds_the_money_nothing_is_refunded(sandbox, heard):
    order = paid_by_card(sandbox, "50.00")
    dispute = opened(sandbox, order)
    bill = dispute.payment.bill
    assert (dispute.standing, dispute.evidence_due_at is not None) == ("open", True)
    assert heard == [(bill.code, "open")]
    assert kinds(order) == ["dispute_open"]
    with pytest.raises(Refusal) as refused:
        refund(order, amount=D("1.00"))
    assert refused.value.code == "disputed"
    with pytest.raises(Refusal) as refused:
        request_refund(
            dispute.payment, amount=D(1), expected_remaining=refundable(dispute.payment), by=None, reason="x"
        )
    assert refused.value.code == "disputed"
    assert Refund.objects.count() == 0
    assert [call for call in sandbox.control("GET", "calls") if call["path"] == "/v1/refunds"] == []


def test_a_won_dispute_lifts_the_hold(sandbox, heard):
    order = paid_by_card(sandbox, "50.00")
    dispute = decide(sandbox, opened(sandbox, order), "won")
    assert (dispute.standing, [standing for _, standing in heard]) == ("won", ["open", "won"])
    assert kinds(order) == ["dispute_open", "dispute_won"]
    difference = Break.objects.get()
    assert (difference.kind, difference.resolution) == ("disputed", "The bank has decided for the shop: won.")
    assert everything(order)[0].state == "done"
    assert offences() == []


def test_a_lost_dispute_has_taken_the_money_for_good(sandbox, heard, client):
    order = paid_by_card(sandbox, "50.00")
    refund(order, amount=D("22.50"))
    dispute = decide(sandbox, opened(sandbox, order, amount=5000), "lost")
    assert (dispute.standing, dispute.amount) == ("lost", D("50.00"))
    assert kinds(order) == ["dispute_open", "dispute_lost"]
    assert Break.objects.open().get().kind == "disputed"
    assert amount_left(order) == D("30.00")
    with pytest.raises(Refusal) as refused:
        refund(order, amount=D("30.01"))
    assert refused.value.code == "too_much"
    client.force_login(make_staff(is_superuser=True))
    page = client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert "$50.00 was disputed and is lost" in page
    listed = client.get(reverse("admin:orders_order_changelist"), {"disputed": "lost"})
    assert [row.code for row in listed.context["cl"].result_list] == [order.code]
    assert not client.get(reverse("admin:orders_order_changelist"), {"disputed": "open"}).context["cl"].result_count
    assert offences() == []


def test_the_same_news_again_changes_nothing(sandbox, heard):
    order = paid_by_card(sandbox, "50.00")
    opened(sandbox, order)
    for event in ProviderEvent.objects.filter(kind__startswith="charge.dispute"):
        for _ in range(3):
            replay_event(event)
    assert len(heard) == 1
    assert Dispute.objects.count() == Break.objects.count() == 1


def test_cancelling_while_the_bank_holds_the_money_lists_it_until_the_bank_gives_it_back(sandbox):
    order = make_order(payment_method="card")
    pay(sandbox, pay_order(order, method="card", by=None))
    check_payment(order)
    dispute = opened(sandbox, order)
    cancel_order(order, by=None, reason=CancelReason.CUSTOMER)
    order.refresh_from_db()
    assert (order.state, Refund.objects.count()) == ("cancelled", 0)
    assert sorted(Break.objects.open().values_list("kind", flat=True)) == ["disputed", "to_give_back"]
    assert return_surpluses() == 0
    decide(sandbox, dispute, "won")
    assert return_surpluses() == 1
    assert Refund.objects.get().state == "done"
    assert not Break.objects.open().exists()
    assert offences() == []


def test_staff_see_disputes_with_their_deadline_and_where_to_answer(sandbox, client):
    order = paid_by_card(sandbox, "50.00")
    dispute = opened(sandbox, order)
    client.force_login(make_staff(is_superuser=True))
    page = client.get(reverse("admin:payments_dispute_change", args=[dispute.pk])).content.decode()
    assert "hand in evidence at the provider by" in page
    assert f"https://dashboard.stripe.com/payments/{dispute.payment.capture_id}" in page
    changelist = reverse("admin:payments_dispute_changelist")
    for standing, count in (("open", 1), ("won", 0), ("lost", 0)):
        assert client.get(changelist, {"standing": standing}).context["cl"].result_count == count
    decide(sandbox, dispute, "lost")
    for standing, count in (("open", 0), ("won", 0), ("lost", 1)):
        assert client.get(changelist, {"standing": standing}).context["cl"].result_count == count
