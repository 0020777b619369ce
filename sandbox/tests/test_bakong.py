"""The Bakong part and the banking app."""

import base64
import json
from urllib.parse import urlencode

import pytest

from sandbox.bakong_api.khqr import BadCode, crc16, read_code
from sandbox.tests.bakong import a_code, put_together, sealed
from sandbox.tests.running import FORM, ROOT

CODES = json.loads((ROOT / "sandbox" / "tests" / "khqr_codes.json").read_text(encoding="utf-8"))
NBC_EXAMPLE = "123456789"


@pytest.fixture
def token(sandbox):
    return sandbox.control("POST", "bakong/token")["token"]


@pytest.fixture
def check(sandbox, token):
    """Ask for a code's payment and return the answer."""
    return lambda code: sandbox.bakong("check_transaction_by_md5", {"md5": code.md5}, token=token)


def pay(sandbox, code, way="right", *, status=200, **options):
    return sandbox.control("POST", "bakong/pay", {"qr": code.text, "way": way, **options}, status=status)


# --- The strict reader ----------------------------------------------------------------------------------------------


def test_the_checksum_is_crc_ccitt_false():
    assert crc16(NBC_EXAMPLE.encode()) == 0x29B1


@pytest.mark.parametrize("vector", CODES["valid"], ids=lambda vector: vector["id"])
def test_every_valid_code_is_read(vector):
    code, facts = read_code(vector["qr"]), vector["input"]
    assert (code.account, code.currency) == (facts["account_id"], facts["currency"])
    assert (code.merchant_name, code.merchant_city) == (facts["merchant_name"], facts["merchant_city"])
    assert code.bill_number == facts.get("bill_number", "")
    assert (code.created_ms, code.expires_ms) == (facts.get("created_ms"), facts.get("expires_ms"))
    assert code.md5 == vector["md5"]
    assert code.dynamic == ("amount" in facts)
    assert put_together(facts) == vector["qr"]


@pytest.mark.parametrize("vector", CODES["reject"], ids=lambda vector: f"{vector['id']} {vector['name']}")
def test_every_impossible_code_is_refused(vector):
    with pytest.raises(BadCode):
        read_code(put_together(vector["input"]))


def test_any_changed_character_is_noticed():
    text = a_code(amount="12.50", bill_number="R1042-07").text
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(BadCode):
            read_code(changed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "6304",
        "\ud800",
        "hello",
        sealed("000201"),
        sealed("0102120002015204599953038405802KH5909Commercia6010Phnom Penh"),
        a_code(amount="1.00").text + "0000",
        a_code(amount="1.00").text.lower(),
    ],
)
def test_what_is_no_code_is_refused(text):
    with pytest.raises(BadCode):
        read_code(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("54041.00", "540501.00"),
        ("54041.00", "54040.00"),
        ("54041.00", "540510.005"),
        ("5802KH", "5802TH"),
        ("5303840", "5303978"),
        ("010212", "010211"),
        ("000201", "000202"),
        ("5909Commercia", "5909Commercia5909Commercia"),
        ("5909Commercia", "5910 Commercia"),
        ("5802KH", "5802KH7702xx"),
    ],
)
def test_a_well_sealed_code_that_breaks_a_rule_is_refused(old, new):
    text = a_code(amount="1.00").text[:-8]
    assert old in text
    with pytest.raises(BadCode):
        read_code(sealed(text.replace(old, new)))


# --- The API --------------------------------------------------------------------------------------------------------


def test_a_code_is_unpaid_and_then_paid(sandbox, check):
    code = a_code(amount="12.50", bill_number="R1042-07")
    unpaid = check(code)
    assert (unpaid["responseCode"], unpaid["errorCode"], unpaid["data"]) == (1, 1, None)
    pay(sandbox, code)
    paid = check(code)
    assert (paid["responseCode"], paid["errorCode"]) == (0, None)
    data = paid["data"]
    assert (data["amount"], data["currency"], data["toAccountId"]) == (12.5, "USD", "commercia@aclb")
    assert (len(data["hash"]), data["description"]) == (64, "R1042-07")


def test_riels_are_whole(sandbox, check):
    code = a_code(amount="50000", currency="KHR")
    pay(sandbox, code)
    assert (check(code)["data"]["amount"], check(code)["data"]["currency"]) == (50000.0, "KHR")


@pytest.mark.parametrize(
    ("way", "facts"),
    [
        ("short", {"amount": 12.49}),
        ("over", {"amount": 12.51}),
        ("wrong_currency", {"currency": "KHR", "amount": 12.5}),
        ("wrong_account", {"toAccountId": "not.commercia@aclb"}),
    ],
)
def test_wrong_payments(sandbox, check, way, facts):
    code = a_code(amount="12.50")
    pay(sandbox, code, way)
    data = check(code)["data"]
    assert {name: data[name] for name in facts} == facts


def test_a_failed_payment_and_then_a_right_one(sandbox, check):
    code = a_code(amount="12.50")
    pay(sandbox, code, "failed")
    assert check(code)["errorCode"] == 3
    pay(sandbox, code)
    assert check(code)["responseCode"] == 0


def test_paid_twice_shows_two_hashes(sandbox, check, token):
    code = a_code(amount="12.50")
    first, second = (made["hash"] for made in pay(sandbox, code, "twice"))
    assert first != second
    assert check(code)["data"]["hash"] == first
    rows = sandbox.bakong("check_transaction_by_hash_list", [first, second, "0" * 64], token=token)["data"]
    assert [(row["hash"], row["status"]) for row in rows] == [
        (first, "SUCCESS"),
        (second, "SUCCESS"),
        ("0" * 64, "NOT_FOUND"),
    ]


def test_a_used_hash_offered_for_another_code(sandbox, check):
    first, second = a_code(amount="12.50", bill_number="A"), a_code(amount="12.50", bill_number="B")
    pay(sandbox, first, "reused_hash", status=400)
    pay(sandbox, first)
    pay(sandbox, second, "reused_hash")
    assert check(first)["data"]["hash"] == check(second)["data"]["hash"]


def test_late_money_shows_after_the_code_has_expired(sandbox, check):
    code = a_code(amount="12.50")
    pay(sandbox, code, "late")
    assert check(code)["errorCode"] == 1
    sandbox.pass_time(601)
    assert check(code)["errorCode"] == 1
    assert "expired" in pay(sandbox, code, status=400)["error"]
    sandbox.pass_time(60)
    assert check(code)["data"]["createdDateMs"] > code.expires_ms


def test_a_payment_may_show_later(sandbox, check):
    code = a_code(amount="12.50")
    pay(sandbox, code, delay=30)
    assert check(code)["errorCode"] == 1
    sandbox.pass_time(31)
    assert check(code)["responseCode"] == 0


def test_checks_by_everything_else(sandbox, check, token):
    code = a_code(amount="12.50")
    [made] = pay(sandbox, code)
    for name, body in (
        ("check_transaction_by_hash", {"hash": made["hash"]}),
        ("check_transaction_by_short_hash", {"hash": made["hash"][:8], "amount": 12.5, "currency": "USD"}),
        ("check_transaction_by_instruction_ref", {"instructionRef": made["instruction_ref"]}),
        ("check_transaction_by_external_ref", {"externalRef": made["external_ref"]}),
    ):
        assert sandbox.bakong(name, body, token=token)["data"]["hash"] == made["hash"]
    wrong = {"hash": made["hash"][:8], "amount": 12.49, "currency": "USD"}
    assert sandbox.bakong("check_transaction_by_short_hash", wrong, token=token)["errorCode"] == 1


def test_the_list_takes_50_bare_keys(sandbox, token):
    codes = [a_code(amount="1.00", bill_number=f"A{number}") for number in range(50)]
    pay(sandbox, codes[7])
    rows = sandbox.bakong("check_transaction_by_md5_list", [code.md5 for code in codes], token=token)["data"]
    assert [row["md5"] for row in rows] == [code.md5 for code in codes]
    assert [row["status"] for row in rows].count("SUCCESS") == 1
    assert rows[7]["data"]["amount"] == 1.0
    for bad in ([], ["x"] * 51, {"md5List": ["x"]}, [1]):
        assert sandbox.bakong("check_transaction_by_md5_list", bad, token=token)["errorCode"] == 5


def test_a_static_code_cannot_be_looked_up(sandbox, check, token):
    code = a_code()
    sandbox.get(f"/bakong?{urlencode({'qr': code.text})}")
    assert check(code)["errorCode"] == 2
    rows = sandbox.bakong("check_transaction_by_md5_list", [code.md5], token=token)["data"]
    assert rows[0]["status"] == "STATIC_QR"
    pay(sandbox, code, status=400)


def test_tokens_are_asked_for_renewed_and_expire(sandbox):
    body = {"email": "shop@example.com", "organization": "Commercia", "project": "shop"}
    assert sandbox.bakong("request_token", body)["responseMessage"] == "Email has been sent"
    [letter] = sandbox.control("GET", "bakong/letters")
    assert sandbox.bakong("renew_token", {"email": "shop@example.com"})["errorCode"] == 10
    assert sandbox.bakong("verify", {"code": "wrong"})["errorCode"] == 6
    token = sandbox.bakong("verify", {"code": letter["code"]})["data"]["token"]
    assert sandbox.bakong("request_token", body)["errorCode"] == 8
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 90 * 86400
    md5 = {"md5": "0" * 32}
    assert sandbox.bakong("check_transaction_by_md5", md5, token=token)["errorCode"] == 1
    sandbox.pass_time(75 * 86400)
    renewed = sandbox.bakong("renew_token", {"email": "shop@example.com"})["data"]["token"]
    sandbox.pass_time(16 * 86400)
    assert sandbox.bakong("check_transaction_by_md5", md5, token=token, status=401)["errorCode"] == 6
    assert sandbox.bakong("check_transaction_by_md5", md5, token=renewed)["errorCode"] == 1
    sandbox.control("DELETE", "bakong/token")
    sandbox.bakong("check_transaction_by_md5", md5, token=renewed, status=401)


@pytest.mark.parametrize("token", ["", "made-up", "a.b.c"])
def test_no_check_without_a_token(sandbox, token):
    sandbox.bakong("check_transaction_by_md5", {"md5": "0" * 32}, token=token, status=401)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("check_transaction_by_md5", {}),
        ("check_transaction_by_md5", {"md5": ""}),
        ("check_transaction_by_md5", {"md5": 5}),
        ("check_transaction_by_md5", {"md5": "x" * 256}),
        ("check_transaction_by_md5", []),
        ("check_transaction_by_short_hash", {"hash": "short", "amount": 1, "currency": "USD"}),
        ("check_transaction_by_short_hash", {"hash": "12345678", "amount": "much", "currency": "USD"}),
        ("request_token", {"email": "x" * 31, "organization": "a", "project": "b"}),
    ],
)
def test_missing_fields(sandbox, token, name, body):
    assert sandbox.bakong(name, body, token=token)["errorCode"] == 5


def test_accounts(sandbox, token):
    def ask(account):
        return sandbox.bakong("check_bakong_account", {"accountId": account}, token=token)["errorCode"]

    assert ask("commercia@aclb") is None
    assert ask("commercia") == 12
    sandbox.control("POST", "bakong/accounts", {"missing": ["commercia@aclb"]})
    assert ask("commercia@aclb") == 11
    assert "knows no account" in pay(sandbox, a_code(amount="1.00"), status=400)["error"]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 504])
def test_gateway_pages(sandbox, token, status):
    sandbox.fault(provider="bakong", kind="status", status=status, times=1)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    answer = sandbox.ask("POST", "/v1/check_transaction_by_md5", b'{"md5": "0"}', headers)
    assert (answer.status, answer.text.startswith("<!DOCTYPE html>")) == (status, True)
    sandbox.fault(provider="bakong", kind="status", status=404, body="json", times=1)
    assert sandbox.ask("POST", "/v1/check_transaction_by_md5", b'{"md5": "0"}', headers).json()["errorCode"] == 1


# --- The banking app ------------------------------------------------------------------------------------------------


def test_scanning_shows_payee_and_amount_and_pays(sandbox, check):
    code = a_code(amount="1234.50", bill_number="R1042-07")
    page = sandbox.get(f"/bakong?{urlencode({'qr': code.text})}")
    for words in ("Pay 1,234.50 USD", "Commercia, Phnom Penh", "commercia@aclb", "R1042-07"):
        assert words in page.text
    answer = sandbox.post("/bakong/pay", qr=code.text, way="right", callback="")
    assert "1,234.50 USD on the way to commercia@aclb." in answer.text
    assert check(code)["responseCode"] == 0


def test_a_deep_link_opens_the_app_and_leads_back(sandbox):
    code = a_code(amount="12.50")
    source = {
        "appIconUrl": "http://127.0.0.1:9/icon.svg",
        "appName": "Commercia",
        "appDeepLinkCallback": "http://127.0.0.1:9/orders/1042/",
    }
    body = {"qr": code.text, "sourceInfo": source}
    link = sandbox.bakong("generate_deeplink_by_qr", body)["data"]["shortLink"]
    assert link.startswith(f"{sandbox.url}/bakong/kh_")
    page = sandbox.get(link)
    assert ("Pay 12.50 USD" in page.text, 'href="http://127.0.0.1:9/orders/1042/"' in page.text) == (True, True)
    assert sandbox.bakong("generate_deeplink_by_qr", {"qr": "nonsense"})["errorCode"] == 4
    assert sandbox.get("/bakong/kh_unknown").status == 404


def test_a_damaged_code_is_explained(sandbox):
    page = sandbox.get(f"/bakong?{urlencode({'qr': 'nonsense'})}")
    assert (page.status, "the code is damaged" in page.text) == (422, True)
    assert sandbox.ask("POST", "/bakong/pay", b"qr=x&way=right", {"Content-Type": FORM}).status == 422


def test_an_expired_code_is_only_paid_late(sandbox):
    code = a_code(amount="12.50", life=0.001)
    refused = sandbox.post("/bakong/pay", qr=code.text, way="right", callback="")
    assert (refused.status, "This code has expired" in refused.text) == (409, True)
    assert "on the way to" in sandbox.post("/bakong/pay", qr=code.text, way="late", callback="").text
