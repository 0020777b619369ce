"""Lost, late and wrong answers, as the real client meets them."""

import socket
import time

import pytest
import stripe

from sandbox.tests.selling import charge_off_session, save_card


@pytest.fixture
def saved(sandbox, client):
    return save_card(sandbox, client)


def test_a_dropped_answer_after_acting(sandbox, client, saved):
    sandbox.fault(provider="stripe", method="POST", path="/v1/payment_intents", kind="drop", when="after", times=1)
    with pytest.raises(stripe.APIConnectionError):
        charge_off_session(client, *saved, idempotency_key="k-1")
    assert len(sandbox.captures()) == 1
    assert charge_off_session(client, *saved, idempotency_key="k-1").status == "succeeded"
    assert len(sandbox.captures()) == 1


def test_a_dropped_connection_gives_not_one_byte(sandbox):
    sandbox.fault(kind="drop", when="after")
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as line:
        line.sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert line.recv(100) == b""


def test_a_dropped_call_before_acting_and_the_clients_own_retry(sandbox, saved):
    sandbox.fault(provider="stripe", path="/v1/payment_intents", kind="drop", when="before", times=1)
    assert charge_off_session(sandbox.client(retries=2), *saved).status == "succeeded"
    assert len(sandbox.captures()) == 1
    calls = [call for call in sandbox.control("GET", "calls") if call["path"] == "/v1/payment_intents"]
    assert [(call["acted"], call["status"], call["fault"]) for call in calls] == [
        (False, None, "drop"),
        (True, 200, None),
    ]
    assert calls[0]["idempotency_key"] is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_timeout(sandbox, saved, when):
    sandbox.fault(provider="stripe", path="/v1/payment_intents", kind="timeout", seconds=0.6, when=when, times=1)
    with pytest.raises(stripe.APIConnectionError):
        charge_off_session(sandbox.client(timeout=0.2), *saved)
    assert len(sandbox.captures()) == (1 if when == "after" else 0)


def test_a_delay_holds_nobody_else_up(sandbox, client):
    sandbox.fault(provider="stripe", path="/v1/events", kind="delay", seconds=0.3, times=1)
    started = time.monotonic()
    client.v1.events.list()
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_gateways_html(sandbox, client, saved, status, when):
    sandbox.fault(provider="stripe", path="/v1/payment_intents", kind="status", status=status, when=when, times=1)
    with pytest.raises(stripe.APIError, match="Invalid response body") as refused:
        charge_off_session(client, *saved, idempotency_key="k-1")
    assert (refused.value.http_status, "<center>nginx</center>" in refused.value.http_body) == (status, True)
    assert len(sandbox.captures()) == (1 if when == "after" else 0)
    assert charge_off_session(client, *saved, idempotency_key="k-1").status == "succeeded"
    assert len(sandbox.captures()) == 1


def test_stripes_own_500_after_acting_is_kept_for_the_key(sandbox, client, saved):
    sandbox.fault(path="/v1/payment_intents", kind="status", status=500, body="json", when="after", times=1)
    for _ in range(2):
        with pytest.raises(stripe.APIError, match="unknown error") as refused:
            charge_off_session(client, *saved, idempotency_key="k-1")
        assert refused.value.http_status == 500
    assert len(sandbox.captures()) == 1
    [intent] = client.v1.payment_intents.search({"query": "metadata['attempt']:'instalment-3'"}).data
    assert intent.status == "succeeded"


@pytest.mark.parametrize(("status", "error"), [(401, stripe.AuthenticationError), (429, stripe.RateLimitError)])
def test_stripes_own_refusals_before_acting(sandbox, client, status, error):
    sandbox.fault(kind="status", status=status, body="json", times=1)
    with pytest.raises(error):
        client.v1.customers.create({})
    assert client.v1.customers.create({}).object == "customer"


def test_a_share_of_calls_is_repeatable(sandbox, client):
    def struck():
        sandbox.control("DELETE", "faults")
        sandbox.fault(kind="status", status=500, share=0.3, seed=42, path="/v1/events")
        outcomes = []
        for _ in range(30):
            try:
                client.v1.events.list()
                outcomes.append(False)
            except stripe.APIError:
                outcomes.append(True)
        return outcomes

    first = struck()
    assert 0 < sum(first) < 30
    assert struck() == first


def test_faults_are_shown_and_switched_off_one_by_one(sandbox, client):
    first = sandbox.fault(path="/v1/events", kind="drop")
    second = sandbox.fault(path="/v1/refunds", kind="drop")
    assert [rule["id"] for rule in sandbox.control("GET", "faults")] == [first["id"], second["id"]]
    assert [rule["id"] for rule in sandbox.control("DELETE", f"faults/{first['id']}")] == [second["id"]]
    assert client.v1.events.list().data == []
    sandbox.control("POST", "reset")
    assert sandbox.control("GET", "faults") == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "explode"},
        {"colour": 1},
        {"provider": "paypal"},
        {"times": "3"},
        {"when": "during"},
        {"seed": True},
        [],
    ],
)
def test_unknown_faults_are_refused(sandbox, fault):
    refused = sandbox.control("POST", "faults", fault, status=400)
    assert refused["error"]
    assert sandbox.control("GET", "faults") == []


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "nothing", None, 404),
        ("POST", "clock", {"offset_seconds": "soon"}, 400),
        ("POST", "clock", {}, 400),
        ("POST", "stripe/outcomes", {"payments": ["maybe"]}, 400),
        ("POST", "stripe/disputes", {"payment_intent": "pi_x"}, 404),
        ("POST", "stripe/payment_intents/pi_x/settle", {}, 404),
        ("POST", "stripe/payment_intents/pi_x/settle", {"how": "processing"}, 400),
        ("POST", "stripe/refunds/re_x/settle", {"status": "failed"}, 404),
        ("POST", "stripe/disputes/du_x/decide", {"verdict": "won"}, 404),
        ("POST", "webhooks/resend", {"events": ["evt_x"]}, 404),
        ("POST", "webhooks/release", {"order": "random"}, 400),
        ("POST", "bakong/pay", {"qr": "x"}, 400),
    ],
)
def test_control_calls_that_make_no_sense(sandbox, method, path, content, status):
    assert sandbox.control(method, path, content, status=status)["error"]


def test_pages_of_other_sites_cannot_use_the_sandbox(sandbox):
    foreign = {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"}
    assert sandbox.ask("POST", "/_sandbox/reset", b"{}", foreign).status == 403
    assert sandbox.ask("GET", "/_sandbox/health", headers={"Host": "evil.example"}).status == 403
