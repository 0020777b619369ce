"""What lasts: a restart, a killed process, a shared clock."""

import subprocess
import sys
import time

import pytest
import stripe

from sandbox.tests.bakong import a_code
from sandbox.tests.running import ROOT, RunningSandbox, listening, wait_until
from sandbox.tests.selling import charge_off_session, paid_intent, pay_session, save_card, start_session


@pytest.fixture
def kept(tmp_path):
    running = RunningSandbox("--state", str(tmp_path / "state" / "sandbox.sqlite3"))
    running.start()
    yield running
    running.stop()


def test_a_killed_sandbox_forgets_nothing_it_answered(kept):
    client = kept.client()
    saved = save_card(kept, client)
    charged = charge_off_session(client, *saved, idempotency_key="k-1")
    refund = client.v1.refunds.create({"payment_intent": charged.id, "amount": 100})
    session = start_session(client, expires_at=int(time.time()) + 1805)
    token = kept.control("POST", "bakong/token")["token"]
    code = a_code(amount="12.50")
    kept.control("POST", "bakong/pay", {"qr": code.text})
    events = [event.id for event in client.v1.events.list({"limit": 100}).data]
    kept.kill()
    kept.start()
    assert charge_off_session(client, *saved, idempotency_key="k-1").id == charged.id
    assert client.v1.refunds.retrieve(refund.id).amount == 100
    assert [event.id for event in client.v1.events.list({"limit": 100}).data] == events
    assert kept.bakong("check_transaction_by_md5", {"md5": code.md5}, token=token)["data"]["amount"] == 12.5
    assert len(kept.captures()) == 1
    kept.control("POST", "clock", {"advance_seconds": 1806})
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    kept.control("POST", "reset")
    kept.stop()
    kept.start()
    assert kept.captures() == []


def test_a_polite_restart_keeps_pages_working(kept):
    client = kept.client()
    session = start_session(client)
    kept.stop()
    kept.start()
    assert pay_session(kept, session).status == 303
    assert len(kept.captures()) == 1


def test_webhooks_that_were_refused_are_tried_again_after_a_restart(tmp_path):
    with listening() as shop:
        shop.status = 500
        running = RunningSandbox("--webhook-url", shop.url, "--state", str(tmp_path / "s.sqlite3"))
        running.start()
        running.client().v1.customers.create({})
        wait_until(lambda: running.control("GET", "webhooks")["events"][0]["delivery"] == "refused")
        running.kill()
        shop.status = 200
        running.start()
        running.pass_time(6)
        wait_until(lambda: len(shop.came) == 2)
        running.stop()


def test_webhooks_on_the_way_are_sent_again_after_a_restart(tmp_path):
    with listening() as shop:
        shop.door.clear()
        running = RunningSandbox("--webhook-url", shop.url, "--state", str(tmp_path / "s.sqlite3"))
        running.start()
        names = [running.client().v1.customers.create({}).id for _ in range(3)]
        wait_until(lambda: len(shop.came) == 1)
        running.kill()
        shop.door.set()
        running.start()
        wait_until(lambda: len(shop.came) == 4)
        assert [event["data"]["object"]["id"] for event in shop.events()] == [names[0], *names]
        running.stop()


def test_the_clock_is_shared_by_a_file(tmp_path):
    file = tmp_path / "clock"
    running = RunningSandbox("--clock-file", str(file))
    running.start()
    running.control("POST", "clock", {"offset_seconds": 86400})
    assert file.read_text() == "86400\n"
    file.write_text("172800\n")
    told = running.control("GET", "clock")
    assert told["offset_seconds"] == 172800
    assert abs(told["now"] - time.time() - 172800) < 5
    intent = paid_intent(running.client())
    assert abs(intent.created - told["now"]) < 5
    file.write_text("no number")
    assert running.control("GET", "clock")["offset_seconds"] == 0
    running.stop()


def test_a_token_and_keys_of_the_command_line(tmp_path):
    running = RunningSandbox(
        "--bakong-token", "fixed-token", "--secret-key", "sk_test_mine", "--state", str(tmp_path / "s.sqlite3")
    )
    running.start()
    answer = running.bakong("check_bakong_account", {"accountId": "commercia@aclb"}, token="fixed-token")
    assert answer["responseCode"] == 0
    running.pass_time(91 * 86400)
    running.bakong("check_bakong_account", {"accountId": "commercia@aclb"}, token="fixed-token", status=401)
    assert running.client(key="sk_test_mine").v1.customers.create({}).object == "customer"
    with pytest.raises(stripe.AuthenticationError):
        running.client().v1.customers.create({})
    running.stop()


def test_webhooks_go_to_this_machine_only():
    command = [sys.executable, "-m", "sandbox", "--webhook-url", "https://shop.example/hook"]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "this machine only" in refused.stderr
