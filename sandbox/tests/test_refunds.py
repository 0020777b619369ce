"""Refunds and disputes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from sandbox.tests.selling import DISPUTES, FAILING_REFUND, PENDING_REFUND, paid_intent, pay_session, start_session


def paid_by(sandbox, client, number):
    session = start_session(client)
    pay_session(sandbox, session, number)
    return client.v1.checkout.sessions.retrieve(session.id).payment_intent


def balance(client):
    return [(each.type, each.amount, each.fee) for each in client.v1.balance_transactions.list({"limit": 100}).data]


def test_refunding_in_parts_never_exceeds_what_was_paid(sandbox, client):
    intent = paid_intent(client)
    first = client.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 3200, "reason": "requested_by_customer", "metadata": {"refund": "r-1"}}
    )
    assert (first.status, first.amount, first.charge) == ("succeeded", 3200, intent.latest_charge)
    with pytest.raises(stripe.InvalidRequestError, match=r"\(68.01 USD\) is greater than unrefunded amount") as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 6801})
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, None, "amount")
    rest = client.v1.refunds.create({"charge": intent.latest_charge})
    assert rest.amount == 6800
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    assert refused.value.code == "charge_already_refunded"
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (10000, True)
    assert [each.id for each in client.v1.refunds.list({"payment_intent": intent.id}).data] == [rest.id, first.id]
    assert balance(client) == [("refund", -6800, 0), ("refund", -3200, 0), ("charge", 10000, 320)]


def test_two_parallel_full_refunds_give_the_money_back_once(sandbox, client):
    intent = paid_intent(client)
    sandbox.fault(provider="stripe", path="/v1/refunds", kind="slow", seconds=0.05)

    def refund(_):
        try:
            return sandbox.client().v1.refunds.create({"payment_intent": intent.id, "amount": 10000}).status
        except stripe.InvalidRequestError as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(refund, range(2))) == ["charge_already_refunded", "succeeded"]
    assert sandbox.control("GET", "stripe/totals") == {intent.id: {"captures": 1, "captured": 10000, "refunded": 10000}}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "should be provided"),
        ({"payment_intent": "pi_x"}, "No such payment_intent: 'pi_x'"),
        ({"charge": "ch_x"}, "No such charge: 'ch_x'"),
        ({"charge": "ch_x", "amount": 0}, "greater than or equal to 1"),
        ({"charge": "ch_x", "amount": -1}, "greater than or equal to 1"),
        ({"charge": "ch_x", "reason": "because"}, "Invalid reason"),
    ],
)
def test_bad_refunds_are_refused(sandbox, client, params, words):
    with pytest.raises(stripe.InvalidRequestError, match=words):
        client.v1.refunds.create(params)
    assert sandbox.control("GET", "things/refund") == []


def test_an_unpaid_intent_cannot_be_refunded(client):
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent.id})


def test_a_pending_refund_succeeds_later(sandbox, client):
    refund = client.v1.refunds.create({"payment_intent": paid_by(sandbox, client, PENDING_REFUND)})
    assert (refund.status, refund.pending_reason, refund.balance_transaction) == ("pending", "processing", None)
    sandbox.pass_time(61)
    done = client.v1.refunds.retrieve(refund.id)
    assert done.status == "succeeded"
    assert client.v1.balance_transactions.retrieve(done.balance_transaction).amount == -50500


def test_a_refund_may_fail_after_it_succeeded(sandbox, client):
    intent = paid_by(sandbox, client, FAILING_REFUND)
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 500})
    assert refund.status == "succeeded"
    sandbox.pass_time(61)
    failed = client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    charge = client.v1.charges.retrieve(failed.charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert balance(client)[:2] == [("refund_failure", 500, 0), ("refund", -500, 0)]
    types = [event["type"] for event in sandbox.control("GET", "things/event")]
    assert types[-2:] == ["refund.updated", "refund.failed"]


def test_a_test_decides_how_the_next_refund_ends(sandbox, client):
    sandbox.control("POST", "stripe/outcomes", {"refunds": ["pending"]})
    intent = paid_intent(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    sandbox.control("POST", f"stripe/refunds/{refund.id}/settle", {"status": "failed", "reason": "declined"})
    assert client.v1.refunds.retrieve(refund.id).failure_reason == "declined"
    sandbox.control("POST", f"stripe/refunds/{refund.id}/settle", {"status": "succeeded"})
    assert client.v1.refunds.retrieve(refund.id).status == "failed"
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 0


def test_a_dispute_takes_the_money_until_it_is_won(sandbox, client):
    intent = paid_intent(client)
    opened = sandbox.control("POST", "stripe/disputes", {"payment_intent": intent.id, "reason": "fraudulent"})
    dispute = client.v1.disputes.retrieve(opened["id"])
    assert (dispute.status, dispute.amount, dispute.payment_intent) == ("needs_response", 10000, intent.id)
    assert dispute.evidence_details.due_by > dispute.created
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    kept = client.v1.disputes.update(dispute.id, {"evidence": {"product_description": "A laptop"}, "submit": False})
    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)
    won = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (won.status, won.evidence_details.submission_count) == ("won", 1)
    assert balance(client) == [("adjustment", 10000, 0), ("adjustment", -10000, 1500), ("charge", 10000, 320)]
    types = [event["type"] for event in sandbox.control("GET", "things/event") if "dispute" in event["type"]]
    assert types == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    assert client.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_a_dispute_without_evidence_is_lost_at_the_deadline(sandbox, client):
    paid_by(sandbox, client, DISPUTES)
    sandbox.control("POST", "tick")
    [dispute] = client.v1.disputes.list().data
    assert (dispute.reason, dispute.status) == ("fraudulent", "needs_response")
    sandbox.control("POST", "clock", {"advance_seconds": dispute.evidence_details.due_by - dispute.created + 2})
    lost = client.v1.disputes.retrieve(dispute.id)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute.id)


def test_a_dispute_can_be_accepted_or_decided_by_a_test(sandbox, client):
    first, second = (
        sandbox.control("POST", "stripe/disputes", {"payment_intent": paid_intent(client).id})["id"] for _ in range(2)
    )
    assert client.v1.disputes.close(first).status == "lost"
    sandbox.control("POST", f"stripe/disputes/{second}/decide", {"verdict": "won"})
    sandbox.control("POST", f"stripe/disputes/{second}/decide", {"verdict": "lost"})
    assert client.v1.disputes.retrieve(second).status == "won"


def test_what_was_refunded_in_full_cannot_be_disputed(sandbox, client):
    intent = paid_intent(client)
    client.v1.refunds.create({"payment_intent": intent.id})
    refused = sandbox.control("POST", "stripe/disputes", {"payment_intent": intent.id}, status=400)
    assert "nobody can dispute it" in refused["error"]
    assert client.v1.disputes.list().data == []
