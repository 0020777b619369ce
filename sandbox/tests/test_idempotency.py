"""Idempotency keys, API keys, parameters, lists."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from sandbox.tests.selling import charge_off_session, paid_intent, save_card

DAY = 24 * 3600


def test_the_first_result_is_given_again(sandbox, client):
    saved = save_card(sandbox, client)
    first = charge_off_session(client, *saved, idempotency_key="k-1")
    again = charge_off_session(client, *saved, idempotency_key="k-1")
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert again.last_response.headers["original-request"] == first.last_response.headers["request-id"]
    assert len(sandbox.captures()) == 1


def test_a_refusal_is_given_again_too(sandbox, client):
    customer, method = save_card(sandbox, client, "4000000000000341")
    names = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            charge_off_session(client, customer, method, idempotency_key="k-1")
        names.add(refused.value.error.payment_intent.id)
    assert len(names) == 1
    assert len(sandbox.control("GET", "things/payment_intent")) == 1


def test_other_parameters_or_another_address_are_refused(sandbox, client):
    saved = save_card(sandbox, client)
    charge_off_session(client, *saved, idempotency_key="k-1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        charge_off_session(client, *saved, amount=8334, idempotency_key="k-1")
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.customers.create({}, {"idempotency_key": "k-1"})
    assert len(sandbox.captures()) == 1


def test_after_a_day_the_same_key_charges_again(sandbox, client):
    saved = save_card(sandbox, client)
    first = charge_off_session(client, *saved, idempotency_key="k-1")
    sandbox.pass_time(DAY - 60)
    assert charge_off_session(client, *saved, idempotency_key="k-1").id == first.id
    sandbox.pass_time(120)
    assert charge_off_session(client, *saved, idempotency_key="k-1").id != first.id
    assert len(sandbox.captures()) == 2


def test_parameters_that_fail_validation_leave_no_result(client):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"colour": "red"}, {"idempotency_key": "k-1"})
    assert client.v1.customers.create({"name": "Dara"}, {"idempotency_key": "k-1"}).name == "Dara"


def test_a_key_that_is_on_its_way_conflicts(sandbox, client):
    saved = save_card(sandbox, client)
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "usd", "customer": saved[0]})
    sandbox.fault(path="*/confirm", kind="slow", seconds=0.4, times=1)

    def confirm(_):
        confirming = {"payment_method": saved[1], "off_session": True}
        try:
            answer = sandbox.client().v1.payment_intents.confirm(intent.id, confirming, {"idempotency_key": "k-1"})
        except stripe.APIError as refused:
            return (refused.http_status, refused.error.code)
        return (200, answer.status)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, range(2))) == [(200, "succeeded"), (409, "idempotency_key_in_use")]
    assert len(sandbox.captures()) == 1


def test_the_client_of_a_lost_answer_finds_the_same_charge(sandbox, client):
    """The client's own retries carry one key; 20 parallel payers with one key are one capture."""
    saved = save_card(sandbox, client)
    sandbox.fault(provider="stripe", method="POST", path="/v1/payment_intents", when="after", share=0.3, seed=3)

    def pay(_):
        own = sandbox.client(retries=8)
        return charge_off_session(own, *saved, idempotency_key="order-1042-attempt-1").id

    with ThreadPoolExecutor(20) as pool:
        names = set(pool.map(pay, range(20)))
    assert len(names) == 1
    assert len(sandbox.captures()) == 1
    [rule] = sandbox.control("GET", "faults")
    assert rule["struck"] >= 1
    calls = [call for call in sandbox.control("GET", "calls") if call["idempotency_key"] == "order-1042-attempt-1"]
    assert sum(call["acted"] for call in calls) == 1


def test_without_one_key_for_all_the_same_payers_capture_twenty_times(sandbox, client):
    """The negative control of the test above: what it counts can go wrong."""
    saved = save_card(sandbox, client)

    def pay(number):
        return charge_off_session(sandbox.client(retries=8), *saved, idempotency_key=f"key-{number}").id

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(pay, range(20)))) == 20
    assert len(sandbox.captures()) == 20


@pytest.mark.parametrize("key", ["sk_test_wrong", "sk_live_sandbox"])
def test_a_wrong_key_is_refused(sandbox, key):
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as refused:
        sandbox.client(key=key).v1.customers.create({})
    assert refused.value.http_status == 401
    assert key not in str(refused.value)
    assert sandbox.control("GET", "things/customer") == []


def test_keys_can_be_rolled(sandbox, client):
    sandbox.control("POST", "stripe/keys", {"keys": ["sk_test_new"]})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.customers.create({})
    assert sandbox.client(key="sk_test_new").v1.customers.create({}).object == "customer"


def test_no_key_no_address_no_method(sandbox):
    assert sandbox.ask("GET", "/v1/events").status == 401
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    for method, path in (("GET", "/v1/invoices"), ("DELETE", "/v1/refunds"), ("PUT", "/v1/customers")):
        answer = sandbox.ask(method, path, headers=headers)
        assert (answer.status, answer.json()["error"]["type"]) == (404, "invalid_request_error")
    assert "Unrecognized request URL" in answer.text
    old = sandbox.ask("GET", "/v1/events", headers={**headers, "Stripe-Version": "latest"})
    assert (old.status, "Invalid Stripe API version" in old.text) == (400, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("name[=x", "Received unknown parameter: name["),
        ("metadata=x", "Invalid metadata"),
        ("metadata[a][b]=x", "must be strings"),
        ("name[first]=x", "Invalid string"),
        ("address[street]=x", "Received unknown parameter: address[street]"),
        ("expand[]=balance", "cannot be expanded"),
        ("expand[]=charge.charge.charge.charge.charge", "more than 4 levels"),
        ("name=" + "x" * 5001, "at most 5000 characters"),
        ("&".join(f"metadata[{number}]=x" for number in range(51)), "up to 50 metadata keys"),
    ],
)
def test_hostile_forms_are_refused(sandbox, body, words):
    headers = {"Authorization": "Bearer sk_test_sandbox", "Content-Type": "application/x-www-form-urlencoded"}
    answer = sandbox.ask("POST", "/v1/customers", body.encode(), headers)
    assert answer.status == 400
    assert words in answer.json()["error"]["message"]
    assert sandbox.control("GET", "things/customer") == []


def test_a_body_too_large_is_refused(sandbox):
    answer = sandbox.ask("POST", "/v1/customers", b"x" * ((1 << 20) + 1))
    assert answer.status == 413


def test_lists_go_page_by_page_in_both_directions(client):
    names = [client.v1.customers.create({"name": str(number)}).id for number in range(5)][::-1]
    first = client.v1.customers.list({"limit": 2})
    assert ([each.id for each in first.data], first.has_more) == (names[:2], True)
    second = client.v1.customers.list({"limit": 2, "starting_after": names[1]})
    assert [each.id for each in second.data] == names[2:4]
    back = client.v1.customers.list({"limit": 2, "ending_before": names[4]})
    assert ([each.id for each in back.data], back.has_more) == (names[2:4], True)
    assert [each.id for each in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == names
    for params in ({"limit": 0}, {"limit": 101}, {"starting_after": "cus_x"}):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.customers.list(params)


def test_events_are_listed_for_30_days_and_by_delivery(sandbox, client):
    sandbox.control("PUT", "webhooks", {"drop": 1.0})
    intent = paid_intent(client)
    kinds = {"types": ["payment_intent.succeeded", "charge.succeeded"], "delivery_success": False}
    lost = client.v1.events.list(kinds).data
    assert [event.type for event in lost] == ["payment_intent.succeeded", "charge.succeeded"]
    assert lost[0].data.object.id == intent.id
    assert client.v1.events.list({"delivery_success": True}).data == []
    assert client.v1.events.list({"type": "charge.*"}).data[0].type == "charge.succeeded"
    older = client.v1.events.list({"ending_before": lost[1].id, "limit": 100}).data
    assert lost[0].id in {event.id for event in older}
    sandbox.pass_time(30 * DAY + 5)
    assert client.v1.events.list().data == []
    assert client.v1.events.retrieve(lost[0].id).type == "payment_intent.succeeded"


def test_balance_transactions_are_pending_for_two_days(sandbox, client):
    intent = paid_intent(client)
    [entry] = client.v1.balance_transactions.list({"source": intent.latest_charge}).data
    assert (entry.amount, entry.fee, entry.net, entry.status) == (10000, 320, 9680, "pending")
    sandbox.pass_time(2 * DAY + 5)
    assert client.v1.balance_transactions.retrieve(entry.id).status == "available"
    assert client.v1.balance_transactions.list({"type": "refund"}).data == []
    assert client.v1.balance_transactions.list({"created": {"lt": entry.created}}).data == []
