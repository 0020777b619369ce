"""Signed webhooks, read by the real library, and their faults."""

import pytest
import stripe

from sandbox.tests.running import SECRET, wait_until
from sandbox.tests.selling import paid_intent, pay_session, start_session

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def arrived(shop, count):
    return wait_until(lambda: len(shop.came) >= count and shop.types(), what=f"{len(shop.came)} webhooks of {count}")


def deliveries(sandbox):
    return {event["type"]: event for event in sandbox.control("GET", "webhooks")["events"]}


def test_webhooks_are_signed_and_in_order(sandbox, shop, client):
    session = start_session(client)
    pay_session(sandbox, session)
    assert arrived(shop, 4) == [*PAID, "checkout.session.completed"]
    body, header = shop.came[3]
    event = stripe.Webhook.construct_event(body, header, SECRET)
    assert event.data.object.id == session.id
    assert (event.object, event.api_version, event.livemode) == ("event", stripe.api_version, False)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"50500", b"50501"), header, SECRET)
    wait_until(lambda: deliveries(sandbox)["checkout.session.completed"]["delivery"] == "delivered")
    assert client.v1.events.retrieve(event.id).pending_webhooks == 0


def test_an_event_names_the_request_that_caused_it(sandbox, shop, client):
    customer = client.v1.customers.create({"name": "Dara"}, {"idempotency_key": "k-7"})
    arrived(shop, 1)
    [event] = shop.events()
    assert event["request"] == {
        "id": customer.last_response.headers["request-id"],
        "idempotency_key": "k-7",
    }
    assert event["data"]["object"]["name"] == "Dara"


def test_an_event_is_a_copy_of_that_moment(sandbox, shop, client):
    session = start_session(client)
    pay_session(sandbox, session, "4000000000009995")
    pay_session(sandbox, session)
    arrived(shop, 6)
    by_type = {event["type"]: event["data"]["object"] for event in shop.events()}
    assert by_type["payment_intent.payment_failed"]["status"] == "requires_payment_method"
    assert by_type["payment_intent.succeeded"]["status"] == "succeeded"


def test_the_clock_does_not_make_signatures_stale(sandbox, shop, client):
    sandbox.pass_time(40 * 24 * 3600)
    client.v1.customers.create({})
    arrived(shop, 1)
    body, header = shop.came[0]
    assert stripe.Webhook.construct_event(body, header, SECRET).type == "customer.created"


def test_secrets_rotate(sandbox, shop, client):
    sandbox.control("POST", "webhooks/roll", {"secret": "whsec_new"})
    client.v1.customers.create({})
    arrived(shop, 1)
    for secret in (SECRET, "whsec_new"):
        assert stripe.Webhook.construct_event(*shop.came[0], secret).type == "customer.created"
    sandbox.control("POST", "webhooks/roll", {"secret": "whsec_third", "keep_old": False})
    client.v1.customers.create({})
    arrived(shop, 2)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(*shop.came[1], SECRET)


def test_a_refused_webhook_is_tried_again(sandbox, shop, client):
    shop.status = 500
    client.v1.customers.create({})
    arrived(shop, 1)
    wait_until(lambda: deliveries(sandbox)["customer.created"]["delivery"] == "refused")
    assert len(client.v1.events.list({"delivery_success": False}).data) == 1
    sandbox.pass_time(6)
    arrived(shop, 2)
    wait_until(lambda: len(deliveries(sandbox)["customer.created"]["attempts"]) == 2)
    shop.status = 200
    sandbox.pass_time(61)
    arrived(shop, 3)
    wait_until(lambda: deliveries(sandbox)["customer.created"]["delivery"] == "delivered")
    assert [attempt["said"] for attempt in deliveries(sandbox)["customer.created"]["attempts"]] == ["500", "500", "200"]
    assert len({event["id"] for event in shop.events()}) == 1


def test_every_webhook_dropped(sandbox, shop, client):
    sandbox.control("PUT", "webhooks", {"drop": 1.0})
    paid_intent(client)
    sandbox.control("PUT", "webhooks", {})
    client.v1.customers.create({})
    assert arrived(shop, 1) == ["customer.created"]
    assert deliveries(sandbox)["payment_intent.succeeded"]["delivery"] == "dropped"
    lost = [event["id"] for event in sandbox.control("GET", "webhooks")["events"] if event["delivery"] == "dropped"]
    sandbox.control("POST", "webhooks/resend", {"events": lost})
    assert arrived(shop, 4)[1:] == PAID


def test_duplicates(sandbox, shop, client):
    sandbox.control("PUT", "webhooks", {"duplicate": 9, "types": ["payment_intent.succeeded"]})
    paid_intent(client)
    types = arrived(shop, 12)
    assert {kind: types.count(kind) for kind in types} == dict(zip(PAID, (1, 1, 10), strict=True))


def test_held_webhooks_leave_in_any_order_and_number(sandbox, shop, client):
    sandbox.control("PUT", "webhooks", {"hold": True})
    paid_intent(client)
    assert {event["delivery"] for event in deliveries(sandbox).values()} == {"held"}
    assert sandbox.control("POST", "webhooks/release", {"order": "reversed"}) == {"released": 3}
    assert arrived(shop, 3) == PAID[::-1]
    shop.came.clear()
    paid_intent(client)
    sandbox.control("POST", "webhooks/release", {"order": "shuffled", "times": 10, "seed": 7})
    shuffled = arrived(shop, 30)
    assert sorted(shuffled) == sorted(PAID * 10)
    assert shuffled != PAID * 10


def test_gathered_webhooks_leave_reordered(sandbox, shop, client):
    sandbox.control("PUT", "webhooks", {"gather": 30.0, "order": "reversed"})
    paid_intent(client)
    assert shop.came == []
    sandbox.pass_time(31)
    assert arrived(shop, 3) == PAID[::-1]


def test_delayed_webhooks_come_by_the_clock(sandbox, shop, client):
    sandbox.control("PUT", "webhooks", {"delay": 600.0})
    paid_intent(client)
    sandbox.control("POST", "tick")
    assert shop.came == []
    sandbox.pass_time(601)
    assert sorted(arrived(shop, 3)) == sorted(PAID)


@pytest.mark.parametrize(
    "manners", [{"colour": 1}, {"drop": "all"}, {"order": "random"}, {"parallel": 0}, {"parallel": 17}, ["drop"]]
)
def test_unknown_manners_are_refused(sandbox, manners):
    before = sandbox.control("GET", "webhooks")["manners"]
    sandbox.control("PUT", "webhooks", manners, status=400)
    assert sandbox.control("GET", "webhooks")["manners"] == before
