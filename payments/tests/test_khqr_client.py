"""The client of Bakong, against the sandbox in a process of its own, with every fault it can play."""

import json
import time
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db import transaction

from payments.providers.khqr.answers import Answer, Outcome, read_envelope, read_json, read_rows, read_transaction
from payments.providers.khqr.client import BakongClient
from payments.providers.khqr.encoding import Code, encode, transaction_key

ACCOUNT = "commercia@aclb"
HASH = "0123456789abcdef" * 4
SHOP = {"shop": "Commercia", "icon_url": "http://127.0.0.1:9/icon.svg", "return_url": "http://127.0.0.1:9/orders/"}


@pytest.fixture
def client(sandbox):
    return BakongClient(sandbox.url, sandbox.control("POST", "bakong/token")["token"], read_seconds=0.5)


def a_code(bill_number="K4T9QX2M-1", **changes):
    now = int(time.time() * 1000)
    facts = {"currency": "USD", "amount": Decimal("12.50"), "created_ms": now, "expires_ms": now + 600_000}
    return encode(
        Code(
            account_type="individual",
            account_id=ACCOUNT,
            merchant_name="Commercia",
            bill_number=bill_number,
            **{**facts, **changes},
        )
    )


def pay(sandbox, text, way="right"):
    return sandbox.control("POST", "bakong/pay", {"qr": text, "way": way})


def test_a_code_is_not_found_and_then_paid(sandbox, client):
    text = a_code()
    assert client.check(transaction_key(text)).outcome is Outcome.NOT_FOUND
    [made] = pay(sandbox, text)
    answer = client.check(transaction_key(text))
    assert answer.outcome is Outcome.PAID
    paid = answer.transaction
    assert (paid.hash, paid.account_id, paid.currency, paid.amount) == (made["hash"], ACCOUNT, "USD", Decimal("12.50"))
    assert isinstance(paid.amount, Decimal)
    assert client.check_hash(made["hash"]) == answer


def test_a_failed_payment_and_a_static_code(sandbox, client):
    failed, static = a_code(), a_code(amount=None, created_ms=None, expires_ms=None)
    pay(sandbox, failed, "failed")
    assert client.check(transaction_key(failed)).outcome is Outcome.FAILED
    sandbox.get(f"/bakong?{urlencode({'qr': static})}")
    assert client.check(transaction_key(static)).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Outcome.UNAUTHORIZED),
        (403, Outcome.UNAUTHORIZED),
        (429, Outcome.RATE_LIMITED),
        (404, Outcome.MALFORMED),
        (500, Outcome.UNAVAILABLE),
        (503, Outcome.UNAVAILABLE),
        (504, Outcome.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("body", ["html", "json"])
def test_a_gateway_in_between_never_says_anything_about_the_money(sandbox, client, status, outcome, body):
    text = a_code()
    pay(sandbox, text)
    sandbox.fault(provider="bakong", kind="status", status=status, body=body, times=1)
    answer = client.check(transaction_key(text))
    # Only an answer 404 in Bakong's own form is its "not found".
    assert answer.outcome is (Outcome.NOT_FOUND if (status, body) == (404, "json") else outcome)
    assert answer.transaction is None
    assert client.check(transaction_key(text)).outcome is Outcome.PAID


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "before"},
        {"kind": "drop", "when": "after"},
        {"kind": "timeout", "seconds": 0.1},
        {"kind": "delay", "seconds": 2},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_no_answer_is_no_answer(sandbox, client, fault):
    text = a_code()
    pay(sandbox, text)
    sandbox.fault(provider="bakong", times=1, **fault)
    assert client.check(transaction_key(text)).outcome is Outcome.UNAVAILABLE
    assert client.check(transaction_key(text)).outcome is Outcome.PAID


def test_an_answer_that_drips_is_given_up(sandbox):
    client = BakongClient(sandbox.url, sandbox.control("POST", "bakong/token")["token"], whole_seconds=0)
    answer = client.check("0" * 32)
    assert (answer.outcome, answer.reason) == (Outcome.UNAVAILABLE, "an answer without end")


@pytest.mark.parametrize("text", ["", "[]", "null", "true", "paid", "{", "[" * 100_000, "NaN", '{"responseCode": "0"}'])
def test_nonsense_with_http_200_is_malformed(sandbox, client, text):
    sandbox.fault(provider="bakong", kind="status", status=200, body="text", text=text or " ", times=1)
    assert client.check("0" * 32).outcome is Outcome.MALFORMED


def test_an_endless_answer_is_cut_off(sandbox, client):
    sandbox.fault(provider="bakong", kind="status", status=200, body="text", text=" " * 300_000, times=1)
    assert client.check("0" * 32).outcome is Outcome.UNAVAILABLE


def test_a_redirect_is_not_followed(sandbox, client):
    sandbox.fault(provider="bakong", kind="status", status=302, times=1)
    assert client.check("0" * 32).outcome is Outcome.MALFORMED
    assert len(sandbox.control("GET", "calls")) == 1


def test_an_expired_token_is_not_unpaid(sandbox):
    client = BakongClient(sandbox.url, sandbox.control("POST", "bakong/token", {"life": 60})["token"])
    text = a_code()
    pay(sandbox, text)
    assert client.check(transaction_key(text)).outcome is Outcome.PAID
    sandbox.pass_time(61)
    assert client.check(transaction_key(text)).outcome is Outcome.UNAUTHORIZED
    assert {answer.outcome for answer in client.check_many([transaction_key(text)]).values()} == {Outcome.UNAUTHORIZED}


@pytest.mark.parametrize("token", ["", "made-up", "a.b.c"])
def test_a_wrong_token_is_not_unpaid_and_is_not_shown(sandbox, token):
    client = BakongClient(sandbox.url, token)
    assert client.check("0" * 32).outcome is Outcome.UNAUTHORIZED
    assert repr(client) == f"BakongClient(url='{sandbox.url}', read_seconds=5.0, whole_seconds=10.0)"


@pytest.mark.parametrize("token", ["a\nb", "ខ្មែរ"])
def test_a_token_that_no_header_can_hold_is_no_crash(sandbox, token):
    assert BakongClient(sandbox.url, token).check("0" * 32).outcome is Outcome.UNAVAILABLE
    assert sandbox.control("GET", "calls") == []


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "http://[", "ftp://127.0.0.1"])
def test_an_address_that_leads_nowhere_is_no_crash(url):
    assert BakongClient(url, "token").check("0" * 32).outcome is Outcome.UNAVAILABLE


def test_a_netrc_of_the_machine_does_not_replace_the_token(sandbox, client, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert client.check("0" * 32).outcome is Outcome.NOT_FOUND


def test_nobody_listens():
    assert BakongClient("http://127.0.0.1:9", "token").check("0" * 32).outcome is Outcome.UNAVAILABLE


def test_120_codes_take_three_calls(sandbox, client):
    texts = [a_code(bill_number=f"A-{number}") for number in range(120)]
    for number in (0, 49, 50, 119):
        pay(sandbox, texts[number])
    md5s = [transaction_key(text) for text in texts]
    answers = client.check_many(md5s)
    assert list(answers) == md5s
    assert [number for number, md5 in enumerate(md5s) if answers[md5].outcome is Outcome.PAID] == [0, 49, 50, 119]
    assert sum(answer.outcome is Outcome.NOT_FOUND for answer in answers.values()) == 116
    asked = [call for call in sandbox.control("GET", "calls") if call["path"].endswith("md5_list")]
    assert len(asked) == 3
    assert client.check_many([]) == {}


def test_after_a_refused_call_the_rest_is_not_asked(sandbox, client):
    sandbox.fault(provider="bakong", kind="status", status=429, times=1)
    answers = client.check_many([f"{number:032}" for number in range(120)])
    assert (len(answers), {answer.outcome for answer in answers.values()}) == (120, {Outcome.RATE_LIMITED})
    assert len(sandbox.control("GET", "calls")) == 1


def test_a_deep_link_opens_the_banking_app(sandbox, client):
    link = client.deep_link(a_code(), **SHOP)
    assert link.startswith(f"{sandbox.url}/bakong/kh_")
    assert "Pay 12.50 USD" in sandbox.get(link).text
    assert client.deep_link("nonsense", **SHOP) == ""
    sandbox.fault(provider="bakong", kind="status", status=500, times=1)
    assert client.deep_link(a_code(), **SHOP) == ""


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//evil.example/", "http:x", "HTTPS", "", None, 5]
)
def test_an_unsafe_deep_link_is_not_shown(sandbox, client, link):
    text = json.dumps({"responseCode": 0, "responseMessage": "", "errorCode": None, "data": {"shortLink": link}})
    sandbox.fault(provider="bakong", kind="status", status=200, body="text", text=text, times=1)
    assert client.deep_link(a_code(), **SHOP) == ""


def test_the_token_is_renewed(sandbox, client):
    answer = client.renew_token("shop@commercia.example")
    assert BakongClient(sandbox.url, answer.data["token"]).check("0" * 32).outcome is Outcome.NOT_FOUND
    assert client.renew_token("nobody@commercia.example").outcome is Outcome.MALFORMED


@pytest.mark.django_db
def test_no_call_inside_a_transaction(sandbox, client):
    calls = [
        lambda: client.check("0" * 32),
        lambda: client.check_many(["0" * 32]),
        lambda: client.check_hash(HASH),
        lambda: client.deep_link(a_code(), **SHOP),
        lambda: client.renew_token("shop@commercia.example"),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="inside a database transaction"), transaction.atomic():
            call()
    assert sandbox.control("GET", "calls") == []


# --- What answers mean ------------------------------------------------------------------------------------------------


def envelope(code=0, error=None, message="", data=None):
    return {"responseCode": code, "responseMessage": message, "errorCode": error, "data": data}


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (envelope(1, 1), Outcome.NOT_FOUND),
        (envelope(1, 2), Outcome.MALFORMED),
        (envelope(1, 3), Outcome.FAILED),
        (envelope(1, 5), Outcome.MALFORMED),
        (envelope(1, 6), Outcome.UNAUTHORIZED),
        (envelope(1, 9), Outcome.UNAVAILABLE),
        (envelope(1, 99), Outcome.MALFORMED),
        (envelope(1, True), Outcome.MALFORMED),
        (envelope(1, "1"), Outcome.MALFORMED),
        (envelope(1), Outcome.MALFORMED),
        (envelope(0, 1), Outcome.NOT_FOUND),
        (envelope(False), Outcome.MALFORMED),
        (envelope(1, None, "Daily request limit of 100 exceeded. Please try again tomorrow."), Outcome.RATE_LIMITED),
        ({}, Outcome.MALFORMED),
        (envelope(0), Outcome.MALFORMED),
        (envelope(0, data=[]), Outcome.MALFORMED),
    ],
)
def test_envelopes(content, outcome):
    assert read_transaction(read_envelope(content)).outcome is outcome


PAID = {"hash": HASH, "fromAccountId": "a@b", "toAccountId": ACCOUNT, "currency": "USD", "amount": Decimal("12.5")}


@pytest.mark.parametrize(
    "change",
    [
        {"hash": None},
        {"hash": ""},
        {"hash": HASH[:-1]},
        {"hash": "x" * 64},
        {"toAccountId": ""},
        {"toAccountId": None},
        {"currency": ""},
        {"currency": "usd"},
        {"currency": 840},
        {"amount": None},
        {"amount": True},
        {"amount": 0},
        {"amount": Decimal("-12.5")},
        {"amount": Decimal("12.505")},
        {"amount": "much"},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": Decimal("1E+30")},
        {"amount": [12]},
    ],
)
def test_a_payment_that_is_not_told_in_full_is_not_paid(change):
    assert read_transaction(Answer(Outcome.PAID, data=PAID)).outcome is Outcome.PAID
    assert read_transaction(Answer(Outcome.PAID, data={**PAID, **change})).outcome is Outcome.MALFORMED


@pytest.mark.parametrize("amount", [Decimal("12.5"), Decimal("12.50"), "12.5", "12.50"])
def test_an_amount_is_exact_however_it_is_written(amount):
    told = read_transaction(Answer(Outcome.PAID, data={**PAID, "hash": HASH.upper(), "amount": amount})).transaction
    assert (told.amount, told.hash) == (Decimal("12.50"), HASH)
    assert read_json(b'{"a": 0.1}')["a"] == Decimal("0.1")


def test_rows_of_a_list():
    rows = [
        {"md5": "a", "status": "SUCCESS", "data": PAID},
        {"md5": "b", "status": "SUCCESS", "transaction": PAID},
        {"md5": "c", "status": "NOT_FOUND", "message": "none"},
        {"md5": "d", "status": "FAILED"},
        {"md5": "e", "status": "SERVICE_FAILED"},
        {"md5": "f", "status": "STATIC_QR"},
        {"md5": "g", "status": "SUCCESS", "data": None},
        {"md5": "h", "status": ["SUCCESS"]},
        {"status": "SUCCESS", "data": PAID},
        "nonsense",
    ]
    answers = read_rows(Answer(Outcome.PAID, data=rows), "abcdefghi")
    assert [answers[md5].outcome.value for md5 in "abcdefghi"] == [
        "paid",
        "paid",
        "not_found",
        "failed",
        "unavailable",
        "malformed",
        "malformed",
        "malformed",
        "malformed",
    ]
    nobody = read_rows(Answer(Outcome.NOT_FOUND), "ab")
    assert [answer.outcome for answer in nobody.values()] == [Outcome.NOT_FOUND] * 2
    assert read_rows(Answer(Outcome.PAID, data={"md5": "a"}), "a")["a"].outcome is Outcome.MALFORMED
