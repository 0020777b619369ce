"""PaymentIntents, off-session ones above all."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from sandbox.tests.selling import (
    ALWAYS_3DS,
    OFF_SESSION_OK,
    POOR_AFTER_3DS,
    SAVED_THEN_FAILS,
    SETUP_3DS,
    VISA,
    charge_off_session,
    paid_intent,
    pay_session,
    save_card,
    start_session,
)

NEVER_REDIRECT = {"enabled": True, "allow_redirects": "never"}


@pytest.mark.parametrize("number", [VISA, SETUP_3DS, OFF_SESSION_OK])
def test_a_saved_card_is_charged_off_session(sandbox, client, number):
    intent = charge_off_session(client, *save_card(sandbox, client, number))
    assert (intent.status, intent.amount_received) == ("succeeded", 8333)
    assert [charge["amount"] for charge in sandbox.captures()] == [8333]


@pytest.mark.parametrize(
    ("number", "code", "decline"),
    [
        (ALWAYS_3DS, "authentication_required", "authentication_required"),
        (POOR_AFTER_3DS, "card_declined", "insufficient_funds"),
        (SAVED_THEN_FAILS, "card_declined", "generic_decline"),
    ],
)
def test_an_off_session_refusal_is_a_402_that_carries_intent_and_card(sandbox, client, number, code, decline):
    customer, method = save_card(sandbox, client, number)
    with pytest.raises(stripe.CardError) as refused:
        charge_off_session(client, customer, method)
    error = refused.value.error
    assert (refused.value.http_status, error.type) == (402, "card_error")
    assert (error.code, error.decline_code) == (code, decline)
    assert error.payment_intent.status == "requires_payment_method"
    assert error.payment_intent.metadata.to_dict() == {"attempt": "instalment-3"}
    assert error.payment_method.id == method
    kept = client.v1.payment_intents.retrieve(error.payment_intent.id)
    assert (kept.status, kept.payment_method) == ("requires_payment_method", None)
    assert kept.last_payment_error.code == code
    assert client.v1.charges.retrieve(kept.latest_charge).status == "failed"
    assert sandbox.captures() == []


def test_a_card_that_was_never_set_up_needs_authentication_off_session(sandbox, client):
    customer = client.v1.customers.create({}).id
    method = client.v1.payment_methods.create(
        {"type": "card", "card": {"number": SETUP_3DS, "exp_month": 12, "exp_year": 2039, "cvc": "123"}}
    ).id
    client.v1.payment_methods.attach(method, {"customer": customer})
    with pytest.raises(stripe.CardError) as refused:
        charge_off_session(client, customer, method)
    assert refused.value.code == "authentication_required"


def test_recovery_on_session_after_authentication_required(sandbox, client):
    customer, method = save_card(sandbox, client, ALWAYS_3DS)
    with pytest.raises(stripe.CardError) as refused:
        charge_off_session(client, customer, method)
    name = refused.value.error.payment_intent.id
    intent = client.v1.payment_intents.confirm(
        name, {"payment_method": method, "return_url": "http://127.0.0.1:9/back"}
    )
    assert intent.status == "requires_action"
    challenge = intent.next_action.redirect_to_url.url
    answer = sandbox.post(challenge, answer="pass")
    assert answer.location.startswith(f"http://127.0.0.1:9/back?payment_intent={name}&")
    assert answer.location.endswith("&redirect_status=succeeded")
    assert client.v1.payment_intents.retrieve(name).status == "succeeded"


def test_twenty_parallel_confirms_capture_once(sandbox):
    client = sandbox.client()
    intent = client.v1.payment_intents.create(
        {"amount": 10000, "currency": "usd", "automatic_payment_methods": NEVER_REDIRECT}
    )
    sandbox.fault(provider="stripe", path="*/confirm", kind="slow", seconds=0.02)

    def confirm(number):
        key = {"idempotency_key": f"try-{number}"}
        try:
            answer = sandbox.client().v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}, key)
        except stripe.InvalidRequestError as refused:
            return (refused.code, refused.error.payment_intent.status)
        return ("paid", answer.status)

    with ThreadPoolExecutor(20) as pool:
        outcomes = sorted(pool.map(confirm, range(20)))
    assert outcomes == [("paid", "succeeded")] + [("payment_intent_unexpected_state", "succeeded")] * 19
    assert len(sandbox.captures()) == 1


def test_a_call_that_waits_too_long_for_an_object_is_told_so(sandbox):
    intent = sandbox.client().v1.payment_intents.create({"amount": 10000, "currency": "usd"})
    sandbox.fault(provider="stripe", path="*/cancel", kind="slow", seconds=1.5)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(cancel_or_code, sandbox, intent.id) for _ in range(2)]
        outcomes = sorted(call.result() for call in calls)
    assert outcomes == ["canceled", "lock_timeout, retry true"]


def cancel_or_code(sandbox, name):
    try:
        return sandbox.client().v1.payment_intents.cancel(name).status
    except stripe.RateLimitError as refused:
        return f"{refused.error.code}, retry {refused.headers['stripe-should-retry']}"


def test_canceling(sandbox, client):
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    for deed in (client.v1.payment_intents.cancel, client.v1.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError, match="has a status of canceled") as refused:
            deed(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        client.v1.payment_intents.cancel(paid_intent(client).id)


def test_the_intent_of_a_session_belongs_to_checkout(sandbox, client):
    session = start_session(client)
    pay_session(sandbox, session, "4000000000000002")
    name = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        client.v1.payment_intents.cancel(name)
    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        client.v1.payment_intents.confirm(name, {"payment_method": "pm_card_visa"})
    assert sandbox.captures() == []


@pytest.mark.parametrize(
    ("params", "words", "code"),
    [
        ({"currency": "usd"}, "Missing required param: amount", "parameter_missing"),
        ({"amount": 0, "currency": "usd"}, "greater than or equal to 1", "parameter_invalid_integer"),
        ({"amount": -5, "currency": "usd"}, "greater than or equal to 1", "parameter_invalid_integer"),
        ({"amount": "12.50", "currency": "usd"}, "Invalid integer: 12.50", "parameter_invalid_integer"),
        ({"amount": 49, "currency": "usd"}, "at least", "amount_too_small"),
        ({"amount": 100_000_000, "currency": "usd"}, "no more than", "amount_too_large"),
        ({"amount": 100, "currency": "usd", "off_session": True}, "when `confirm` is true", None),
        ({"amount": 100, "currency": "usd", "payment_method_types": ["card"]}, "unknown", "parameter_unknown"),
        ({"amount": 100, "currency": "usd", "customer": "cus_x"}, "No such customer", "resource_missing"),
        ({"amount": 100, "currency": "usd", "payment_method": "pm_x"}, "No such PaymentMethod", "resource_missing"),
        ({"amount": 100, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}, "return_url", None),
    ],
)
def test_bad_parameters_make_no_intent(sandbox, client, params, words, code):
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        client.v1.payment_intents.create(params)
    assert refused.value.code == code
    assert sandbox.control("GET", "things/payment_intent") == []


def test_a_card_of_one_customer_is_not_charged_for_another(sandbox, client):
    _, method = save_card(sandbox, client)
    other = client.v1.customers.create({}).id
    with pytest.raises(stripe.InvalidRequestError, match="must be attached to the customer"):
        charge_off_session(client, other, method)
    with pytest.raises(stripe.InvalidRequestError, match="Please include the Customer"):
        client.v1.payment_intents.create({"amount": 100, "currency": "usd", "payment_method": method})
    assert sandbox.control("GET", "things/payment_intent") == []


def test_a_card_used_without_a_customer_is_used_up(client):
    method = paid_intent(client).payment_method
    customer = client.v1.customers.create({}).id
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(method, {"customer": customer})


def test_a_detached_card_is_gone(sandbox, client):
    customer, method = save_card(sandbox, client)
    assert client.v1.payment_methods.detach(method).customer is None
    assert client.v1.customers.payment_methods.list(customer).data == []
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        charge_off_session(client, customer, method)


def test_intents_are_found_by_metadata_customer_and_time(sandbox, client):
    customer, method = save_card(sandbox, client)
    intent = charge_off_session(client, customer, method)
    paid_intent(client)
    found = client.v1.payment_intents.search({"query": "metadata['attempt']:'instalment-3' AND status:'succeeded'"})
    assert [each.id for each in found.data] == [intent.id]
    assert [each.id for each in client.v1.payment_intents.list({"customer": customer}).data] == [intent.id]
    assert client.v1.payment_intents.list({"created": {"gt": intent.created + 3600}}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="unable to parse"):
        client.v1.payment_intents.search({"query": "colour:'red'"})


def test_updating_stops_where_the_attempt_begins(client):
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "usd", "metadata": {"a": "1", "b": "2"}})
    changed = client.v1.payment_intents.update(intent.id, {"amount": 200, "metadata": {"a": "", "c": "3"}})
    assert (changed.amount, changed.metadata.to_dict()) == (200, {"b": "2", "c": "3"})
    paid = paid_intent(client)
    with pytest.raises(stripe.InvalidRequestError, match="could not be updated"):
        client.v1.payment_intents.update(paid.id, {"amount": 1})
    assert client.v1.payment_intents.update(paid.id, {"description": "Order 1042"}).description == "Order 1042"


def test_setup_intents_by_the_api(sandbox, client):
    customer = client.v1.customers.create({}).id
    setup = client.v1.setup_intents.create(
        {"customer": customer, "payment_method": "pm_card_authenticationRequired", "confirm": True}
    )
    assert setup.status == "requires_action"
    assert sandbox.post(setup.next_action.redirect_to_url.url, answer="fail").status == 303
    failed = client.v1.setup_intents.retrieve(setup.id)
    assert (failed.status, failed.last_setup_error.code) == (
        "requires_payment_method",
        "setup_intent_authentication_failure",
    )
    with pytest.raises(stripe.CardError) as refused:
        client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    assert refused.value.error.setup_intent.id == setup.id
    assert client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        client.v1.setup_intents.cancel(setup.id)
    other = client.v1.setup_intents.create({"description": "x"})
    assert client.v1.setup_intents.cancel(other.id).status == "canceled"


def test_customers_live_and_are_deleted(sandbox, client):
    customer, method = save_card(sandbox, client)
    changed = client.v1.customers.update(
        customer, {"name": "Dara", "invoice_settings": {"default_payment_method": method}}
    )
    assert changed.invoice_settings.default_payment_method == method
    assert [each.id for each in client.v1.customers.list({"email": "dara@example.com"}).data] == [customer]
    assert client.v1.customers.delete(customer).deleted is True
    assert client.v1.customers.retrieve(customer).deleted is True
    assert client.v1.payment_methods.retrieve(method).customer is None
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        start_session(client, customer=customer)
