"""The hosted payment page, driven by forms only, as a browser without JavaScript sends them."""

import time

import pytest
import stripe

from sandbox.tests.selling import (
    ALWAYS_3DS,
    CANCEL,
    CARD,
    DECLINED,
    POOR,
    SUCCESS,
    VISA,
    line,
    pay_session,
    save_card,
    start_session,
)


def paid_address(session):
    return SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)


def test_a_new_session_is_open_and_has_no_payment_intent_yet(sandbox, client):
    session = start_session(client, line_items=[line(amount=1250, quantity=3), line("Mouse", 1200)])
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 4950)
    assert session.url == f"{sandbox.url}/pay/{session.id}"
    assert session.payment_intent is None
    assert session.expires_at - session.created == 24 * 3600
    assert sandbox.control("GET", "things/payment_intent") == []


def test_paying_by_card_leads_back_to_the_shop(sandbox, client):
    session = start_session(client)
    answer = pay_session(sandbox, session)
    assert (answer.status, answer.location) == (303, paid_address(session))
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert session.client_reference_id == "attempt-1"
    assert session.customer_details.email == "dara@example.com"
    assert session.customer is None
    intent = session.payment_intent
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 50500, "usd")
    assert intent.metadata.to_dict() == {"attempt": "attempt-1"}
    assert [charge["amount"] for charge in sandbox.captures()] == [50500]


def test_paying_twice_captures_once(sandbox, client):
    session = start_session(client)
    url = session.url
    assert pay_session(sandbox, session).status == 303
    again = sandbox.post(url, **CARD, number=VISA)
    assert (again.status, again.location) == (303, paid_address(session))
    assert len(sandbox.captures()) == 1


@pytest.mark.parametrize(
    ("number", "words", "code"),
    [
        (DECLINED, "Your card was declined.", "generic_decline"),
        (POOR, "Your card has insufficient funds.", "insufficient_funds"),
        ("4000000000009987", "Your card was declined.", "lost_card"),
        ("4000000000009979", "Your card was declined.", "stolen_card"),
        ("4000000000000069", "Your card has expired.", "expired_card"),
        ("4000000000000127", "security code is incorrect.", "incorrect_cvc"),
        ("4000000000000119", "An error occurred while processing your card.", "processing_error"),
        ("4000000000006975", "making repeated attempts too frequently", "card_velocity_exceeded"),
    ],
)
def test_a_declined_card_can_be_followed_by_another(sandbox, client, number, words, code):
    session = start_session(client)
    answer = pay_session(sandbox, session, number)
    assert answer.status == 402
    assert words in answer.text.replace("&#39;", "'")
    opened = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert opened.status == "open"
    assert opened.payment_intent.status == "requires_payment_method"
    assert opened.payment_intent.last_payment_error.decline_code == code
    assert pay_session(sandbox, session).status == 303
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert paid.payment_intent.id == opened.payment_intent.id
    assert paid.payment_intent.last_payment_error is None
    assert len(sandbox.captures()) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "4242424242424241"}, "Your card number is incorrect."),
        ({"number": ""}, "Your card number is incorrect."),
        ({"number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}, "Your card number is incorrect."),
        ({"number": "4111111111111111"}, "test mode, but used a non test (live) card"),
        ({"expiry": "01/20"}, "expiration year is invalid"),
        ({"expiry": "13/39"}, "expiration month is invalid"),
        ({"expiry": "soon"}, "expiration month is invalid"),
        ({"cvc": "1"}, "security code is invalid"),
    ],
)
def test_a_card_that_cannot_be_is_refused_and_changes_nothing(sandbox, client, changes, words):
    session = start_session(client)
    answer = sandbox.post(session.url, **{**CARD, "number": VISA, **changes})
    assert answer.status == 402
    assert words in answer.text.replace("&#39;", "'")
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None
    assert sandbox.control("GET", "things/charge") == []
    assert "4111111111111111" not in answer.text.replace(" ", "")


def test_three_d_secure_passed(sandbox, client):
    session = start_session(client)
    answer = pay_session(sandbox, session, ALWAYS_3DS)
    assert answer.status == 303
    challenge = answer.location
    assert sandbox.captures() == []
    assert "Yes, it is me" in sandbox.get(challenge).text
    answer = sandbox.post(challenge, answer="pass")
    assert (answer.status, answer.location) == (303, paid_address(session))
    assert sandbox.post(challenge, answer="pass").location == paid_address(session)
    assert len(sandbox.captures()) == 1


def test_three_d_secure_refused_leads_back_to_the_page(sandbox, client):
    session = start_session(client)
    answer = sandbox.post(pay_session(sandbox, session, ALWAYS_3DS).location, answer="fail")
    assert answer.status == 402
    assert "unable to authenticate" in answer.text
    intent = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"


def test_three_d_secure_in_two_tabs_captures_once(sandbox, client):
    session = start_session(client)
    first = pay_session(sandbox, session, ALWAYS_3DS).location
    second = pay_session(sandbox, session, ALWAYS_3DS).location
    assert first == second
    assert sandbox.post(first, answer="pass").location == paid_address(session)
    assert sandbox.post(second, answer="fail").location == paid_address(session)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert len(sandbox.captures()) == 1


@pytest.mark.parametrize(
    ("life", "words"),
    [
        (29 * 60, "must be at least 30 minutes from Checkout Session creation"),
        (24 * 3600 + 60, "must be less than 24 hours from Checkout Session creation"),
    ],
)
def test_an_expiry_too_soon_or_too_late_is_refused(sandbox, client, life, words):
    with pytest.raises(stripe.InvalidRequestError, match=words):
        start_session(client, expires_at=int(time.time()) + life)
    assert sandbox.control("GET", "things/checkout.session") == []


def test_a_session_expires_by_the_clock(sandbox, client):
    session = start_session(client, expires_at=int(time.time()) + 1805)
    pay_session(sandbox, session, POOR)
    url = session.url
    sandbox.pass_time(1806)
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_status, session.url) == ("expired", "unpaid", None)
    assert (session.payment_intent.status, session.payment_intent.cancellation_reason) == ("canceled", "automatic")
    answer = sandbox.post(url, **CARD, number=VISA)
    assert answer.status == 410
    assert CANCEL in answer.text
    assert sandbox.captures() == []


def test_expiring_by_the_api_stops_a_three_d_secure_on_its_way(sandbox, client):
    session = start_session(client)
    challenge = pay_session(sandbox, session, ALWAYS_3DS).location
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert sandbox.post(challenge, answer="pass").location == f"{sandbox.url}/pay/{session.id}"
    assert sandbox.captures() == []
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `expired`"):
        client.v1.checkout.sessions.expire(session.id)


def test_expiring_by_the_page_and_a_paid_session_cannot_expire(sandbox, client):
    session = start_session(client)
    assert sandbox.post(session.url, action="expire").status == 410
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    paid = start_session(client)
    pay_session(sandbox, paid)
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `complete`"):
        client.v1.checkout.sessions.expire(paid.id)


def test_a_payment_can_wait_for_the_bank(sandbox, client):
    sandbox.control("POST", "stripe/outcomes", {"payments": ["processing", "processing"]})
    sessions = [start_session(client), start_session(client)]
    for session in sessions:
        assert pay_session(sandbox, session).status == 303
        waiting = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
        assert (waiting.status, waiting.payment_status, waiting.payment_intent.status) == (
            "complete",
            "unpaid",
            "processing",
        )
    first, second = (client.v1.checkout.sessions.retrieve(session.id).payment_intent for session in sessions)
    sandbox.control("POST", f"stripe/payment_intents/{second}/settle", {"how": "insufficient_funds"})
    sandbox.pass_time(61)
    assert client.v1.payment_intents.retrieve(first).status == "succeeded"
    assert client.v1.payment_intents.retrieve(second).status == "requires_payment_method"
    paid, unpaid = (client.v1.checkout.sessions.retrieve(session.id) for session in sessions)
    assert (paid.payment_status, unpaid.payment_status) == ("paid", "unpaid")
    types = {event["type"] for event in sandbox.control("GET", "things/event")}
    assert {"checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"} <= types


def test_a_first_instalment_saves_the_card_for_later(sandbox, client):
    customer = client.v1.customers.create({"email": "dara@example.com"}).id
    data = {"setup_future_usage": "off_session", "metadata": {"attempt": "first"}}
    session = start_session(client, customer=customer, payment_intent_data=data)
    pay_session(sandbox, session)
    [card] = client.v1.payment_methods.list({"customer": customer, "type": "card"}).data
    assert (card.card.last4, card.customer) == ("4242", customer)
    again = start_session(client, customer=customer)
    assert "saved card ending in 4242" in sandbox.get(again.url).text
    assert sandbox.post(again.url, saved=card.id).status == 303
    assert len(sandbox.captures()) == 2


def test_a_saved_card_of_somebody_else_is_not_taken(sandbox, client):
    _, method = save_card(sandbox, client)
    other = client.v1.customers.create({"email": "other@example.com"}).id
    session = start_session(client, customer=other)
    assert sandbox.post(session.url, saved=method).status == 402
    assert sandbox.captures() == []


def test_setup_mode_saves_a_card_without_a_payment(sandbox, client):
    customer, method = save_card(sandbox, client, ALWAYS_3DS)
    assert client.v1.payment_methods.retrieve(method).customer == customer
    assert sandbox.captures() == []
    session = client.v1.checkout.sessions.list({"customer": customer}).data[0]
    assert (session.mode, session.status, session.payment_status) == ("setup", "complete", "no_payment_required")


def test_setup_mode_makes_a_customer_and_refuses_a_declined_card(sandbox, client):
    session = client.v1.checkout.sessions.create(
        {"mode": "setup", "success_url": SUCCESS, "currency": "usd", "customer_email": "new@example.com"}
    )
    answer = sandbox.post(session.url, **CARD, number=DECLINED)
    assert (answer.status, "Your card was declined." in answer.text) == (402, True)
    assert sandbox.post(session.url, **CARD, number=VISA).status == 303
    done = client.v1.checkout.sessions.retrieve(session.id)
    assert client.v1.customers.retrieve(done.customer).email == "new@example.com"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"line_items": [line(amount=49)]}, "at least \\$0.50 usd"),
        ({"line_items": [line(amount=100_000_000)]}, "no more than"),
        ({"line_items": []}, "Invalid array|must pass `line_items`"),
        ({"line_items": [line(), line(currency="khr")]}, "same currency"),
        ({"line_items": [line(quantity=0)]}, "greater than 0"),
        ({"line_items": [line(currency="xxx")]}, "Invalid currency: xxx"),
        ({"customer": "cus_nobody"}, "No such customer: 'cus_nobody'"),
        ({"payment_method_types": ["card"]}, "unknown parameter: payment_method_types"),
        ({"payment_intent_data": {"colour": "red"}}, r"unknown parameter: payment_intent_data\[colour\]"),
        ({"ui_mode": "hosted"}, "Invalid ui_mode"),
        ({"success_url": "javascript:alert(1)"}, "Not a valid URL"),
        ({"cancel_url": "/cart"}, "Not a valid URL"),
        ({"cancel_url": ""}, "empty string"),
        ({"mode": "subscription"}, "Invalid mode"),
        ({"setup_intent_data": {"description": "x"}}, "can not pass `setup_intent_data`"),
        ({"metadata": {"k" * 41: "v"}}, "Metadata keys"),
        ({"metadata": {"k": "v" * 501}}, "Metadata values"),
    ],
)
def test_what_makes_no_sense_is_refused(sandbox, client, changes, words):
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        start_session(client, **changes)
    assert refused.value.http_status == 400
    assert sandbox.control("GET", "things/checkout.session") == []


def test_riels_have_a_hundred_parts_and_yen_none(sandbox, client):
    riel = start_session(client, line_items=[line(amount=410_000, currency="khr")])
    assert "Pay 4,100.00 KHR" in sandbox.get(riel.url).text
    yen = start_session(client, line_items=[line(amount=12_345, currency="jpy")])
    assert "Pay 12,345 JPY" in sandbox.get(yen.url).text
