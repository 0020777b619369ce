"""KHQR behind the port: codes, riel, and which money pays an attempt."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.models import AuditEntry
from core.refusals import Refusal
from payments.providers.khqr.answers import Answer, Outcome, Transaction
from payments.providers.khqr.decoding import decode
from payments.providers.khqr.encoding import Code, encode, transaction_key
from payments.providers.khqr.provider import KhqrProvider, result_of
from payments.providers.khqr.rates import enter_riel_rate, in_riel, riel_rate
from payments.providers.port import Attempt, Captured, Mismatch, Pending, Unknown

NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
HASH = "0123456789abcdef" * 4
provider = KhqrProvider()


@pytest.fixture(autouse=True)
def _shop(settings):
    settings.SHOP_CURRENCY = "USD"
    settings.SHOP_NAME = "Commercia"
    settings.KHQR_ACCOUNT = "commercia@aclb"
    settings.KHQR_MERCHANT_NAME = ""
    settings.KHQR_MERCHANT_ID = ""
    settings.KHQR_ACQUIRING_BANK = ""
    settings.BAKONG_TOKEN = "a-token-that-tells-nothing"
    settings.BAKONG_API_BASE = "http://127.0.0.1:9"


@pytest.fixture
def sandbox(sandbox, settings):
    """A running sandbox that knows nothing yet, and a shop that asks it."""
    settings.BAKONG_API_BASE = sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    return sandbox


def an_attempt(**changes):
    facts = {
        "key": "K4T9QX2M:1",
        "method": "khqr",
        "amount": Decimal("12.50"),
        "currency": "USD",
        "description": "Order K4T9QX2M",
        "payer_email": "dara@example.com",
        "return_url": "http://testserver/orders/K4T9QX2M/",
        "cancel_url": "http://testserver/orders/K4T9QX2M/",
        "started_at": clock.now(),
    }
    return Attempt(**{**facts, **changes})


def begun(**changes):
    """Return an attempt as the shop commits it before it asks: with code, key and what the provider moves."""
    attempt = an_attempt(**changes)
    prepared = provider.prepare(attempt)
    return replace(
        attempt,
        amount=prepared.charge_amount or attempt.amount,
        currency=prepared.charge_currency or attempt.currency,
        provider_id=prepared.provider_id,
        expires_at=prepared.expires_at,
        asked_at=attempt.started_at,
        data=prepared.data,
    )


def pay(sandbox, attempt, way="right"):
    return sandbox.control("POST", "bakong/pay", {"qr": attempt.data["qr"], "way": way})


# --- Codes ------------------------------------------------------------------------------------------------------------


@time_machine.travel(NOON, tick=False)
def test_a_code_in_dollars_lives_ten_minutes_and_names_its_attempt():
    prepared = provider.prepare(an_attempt())
    code = decode(prepared.data["qr"])
    assert (code.account_id, code.amount, code.currency) == ("commercia@aclb", Decimal("12.50"), "USD")
    assert (code.merchant_name, code.merchant_city, code.mcc) == ("Commercia", "Phnom Penh", "5045")
    assert (code.bill_number, code.expires_ms - code.created_ms) == ("K4T9QX2M-1", 600_000)
    assert prepared.expires_at == NOON + timedelta(minutes=10)
    assert prepared.provider_id == transaction_key(prepared.data["qr"])
    assert (prepared.charge_amount, prepared.charge_currency, prepared.rate) == (None, "", None)
    assert prepared.data["payee"] == "Commercia, Phnom Penh"


@time_machine.travel(NOON, tick=False)
def test_two_attempts_of_one_millisecond_have_different_keys():
    keys = {provider.prepare(an_attempt(key=f"K4T9QX2M:{number}")).provider_id for number in range(1, 101)}
    assert len(keys) == 100


@time_machine.travel(NOON, tick=False)
def test_a_merchant_has_a_code_of_its_own_kind(settings):
    settings.KHQR_MERCHANT_ID, settings.KHQR_ACQUIRING_BANK = "123456", "ACLEDA"
    code = decode(provider.prepare(an_attempt()).data["qr"])
    assert (code.account_type, code.merchant_id, code.acquiring_bank) == ("merchant", "123456", "ACLEDA")


def test_a_sum_that_no_code_can_hold_is_refused():
    with pytest.raises(Refusal, match="cannot be paid by KHQR") as refused:
        provider.prepare(an_attempt(amount=Decimal("12.505")))
    assert refused.value.code == "khqr_unavailable"


# --- When KHQR is offered ---------------------------------------------------------------------------------------------


def a_token(claims):
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"


@pytest.mark.parametrize(
    ("changes", "is_offered"),
    [
        ({}, True),
        ({"KHQR_ACCOUNT": ""}, False),
        ({"KHQR_ACCOUNT": "commercia"}, False),
        ({"KHQR_MERCHANT_ID": "123456"}, False),
        ({"KHQR_MERCHANT_NAME": "A name of more than twenty-five letters"}, False),
        ({"BAKONG_TOKEN": ""}, False),
        ({"BAKONG_TOKEN": a_token({"exp": NOON.timestamp() + 1})}, True),
        ({"BAKONG_TOKEN": a_token({"exp": NOON.timestamp()})}, False),
        ({"BAKONG_TOKEN": a_token({"exp": "soon"})}, True),
        ({"BAKONG_TOKEN": a_token([])}, True),
        ({"BAKONG_TOKEN": "no.jwt.!"}, True),
        ({"SHOP_CURRENCY": "EUR"}, False),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_khqr_is_offered_only_when_it_can_be_checked(settings, changes, is_offered):
    for name, value in changes.items():
        setattr(settings, name, value)
    assert provider.is_configured("khqr") is is_offered


def test_without_an_account_no_code_is_made(settings):
    settings.KHQR_ACCOUNT = ""
    with pytest.raises(Refusal) as refused:
        provider.prepare(an_attempt())
    assert refused.value.code == "khqr_unavailable"


# --- Riel -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_riel_are_frozen_at_the_rate_of_the_day():
    with time_machine.travel(NOON, tick=False):
        assert provider.is_configured("khqr_riel") is False
        enter_riel_rate(Decimal("4012.5"), source="NBC", by=None)
        assert provider.is_configured("khqr_riel") is True
        prepared = provider.prepare(an_attempt(method="khqr_riel"))
    # 12.50 × 4,012.5 = 50,156.25
    assert (prepared.charge_amount, prepared.charge_currency) == (Decimal("50200.00"), "KHR")
    assert prepared.rate == Decimal("4012.5")
    code = decode(prepared.data["qr"])
    assert (code.amount, code.currency) == (Decimal(50200), "KHR")
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db
def test_an_old_rate_is_not_used():
    with time_machine.travel(NOON, tick=False) as traveller:
        enter_riel_rate(Decimal(4100), source="NBC", by=None)
        traveller.shift(timedelta(days=7))
        assert riel_rate() == Decimal(4100)
        traveller.shift(timedelta(seconds=1))
        assert riel_rate() is None
        assert provider.is_configured("khqr_riel") is False
        with pytest.raises(Refusal) as refused:
            provider.prepare(an_attempt(method="khqr_riel"))
    assert refused.value.code == "khqr_unavailable"


@pytest.mark.django_db
@pytest.mark.parametrize("rate", ["0", "-4100", "410", "41000", "NaN", "Infinity", "4100.00001"])
def test_an_impossible_rate_changes_nothing(rate):
    enter_riel_rate(Decimal(4100), source="NBC", by=None)
    with pytest.raises(Refusal) as refused:
        enter_riel_rate(Decimal(rate), source="NBC", by=None)
    assert (refused.value.code, riel_rate(), AuditEntry.objects.count()) == ("rate_impossible", Decimal(4100), 1)


def test_a_shop_in_riel_needs_no_rate(settings):
    settings.SHOP_CURRENCY = "KHR"
    assert provider.is_configured("khqr_riel") is True
    assert provider.is_configured("khqr") is False
    prepared = provider.prepare(an_attempt(method="khqr_riel", amount=Decimal(50000), currency="KHR"))
    assert (decode(prepared.data["qr"]).amount, prepared.charge_amount) == (Decimal(50000), None)


@given(cents=st.integers(1, 10**8), rate=st.decimals(3000, 6000, places=4))
def test_riel_are_whole_notes_and_never_too_few(cents, rate):
    dollars = Decimal(cents).scaleb(-2)
    riel = in_riel(dollars, rate)
    assert riel % 100 == 0
    assert 0 <= riel - dollars * rate < 100


# --- Which money pays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["right", "late", "twice"])
def test_the_right_money_pays(sandbox, way):
    attempt = begun()
    assert provider.refresh(attempt) == Pending(provider_id=attempt.provider_id)
    made = pay(sandbox, attempt, way)
    if way == "late":
        assert provider.refresh(attempt) == Pending(provider_id=attempt.provider_id)
        sandbox.pass_time(661)
    assert provider.refresh(attempt) == Captured(
        capture_id=made[0]["hash"], amount=Decimal("12.50"), currency="USD", provider_id=attempt.provider_id
    )


@pytest.mark.parametrize(
    ("way", "amount", "currency", "reason"),
    [
        ("short", "12.49", "USD", "amount 12.49 instead of 12.50"),
        ("over", "12.51", "USD", "amount 12.51 instead of 12.50"),
        ("wrong_currency", "12.50", "KHR", "currency KHR instead of USD"),
        ("wrong_account", "12.50", "USD", "account not.commercia@aclb instead of commercia@aclb"),
    ],
)
def test_wrong_money_is_listed_and_pays_nothing(sandbox, way, amount, currency, reason):
    attempt = begun()
    [made] = pay(sandbox, attempt, way)
    wrong = Mismatch(capture_id=made["hash"], reason=reason, amount=Decimal(amount), currency=currency)
    assert provider.refresh(attempt) == wrong
    assert provider.close(attempt) == wrong
    assert provider.refresh_many([attempt]) == {attempt.key: wrong}


def test_a_failed_payment_leaves_the_code_payable(sandbox):
    attempt = begun()
    pay(sandbox, attempt, "failed")
    assert provider.refresh(attempt) == Pending(provider_id=attempt.provider_id, failure_code="bakong_failed")
    pay(sandbox, attempt)
    assert isinstance(provider.refresh(attempt), Captured)


def test_one_movement_of_money_has_one_name_whatever_it_is_offered_for(sandbox):
    first, second = begun(key="AAAA2222:1"), begun(key="BBBB3333:1")
    pay(sandbox, first)
    pay(sandbox, second, "reused_hash")
    results = provider.refresh_many([first, second])
    assert results[first.key].capture_id == results[second.key].capture_id
    assert len([call for call in sandbox.control("GET", "calls") if call["path"].startswith("/v1/")]) == 1


@pytest.mark.parametrize(
    ("status", "is_alarm"), [(401, True), (403, True), (429, False), (500, False), (503, False), (404, True)]
)
def test_a_faulty_bakong_says_nothing_about_the_money(sandbox, status, is_alarm):
    attempt = begun()
    pay(sandbox, attempt)
    sandbox.fault(provider="bakong", kind="status", status=status)
    for result in (provider.refresh(attempt), provider.close(attempt), provider.refresh_many([attempt])[attempt.key]):
        assert isinstance(result, Unknown)
        assert result.is_alarm is is_alarm
    sandbox.control("DELETE", "faults")
    assert isinstance(provider.refresh(attempt), Captured)


def test_an_expired_token_is_an_alarm_and_not_unpaid(sandbox):
    attempt = begun()
    pay(sandbox, attempt)
    sandbox.control("DELETE", "bakong/token")
    assert provider.refresh(attempt) == Unknown(reason="Bakong: unauthorized HTTP 401", is_alarm=True)


def test_the_account_of_the_code_counts_and_not_todays(sandbox, settings):
    attempt = begun()
    settings.KHQR_ACCOUNT = "new@aclb"
    pay(sandbox, attempt)
    assert isinstance(provider.refresh(attempt), Captured)


CODE = encode(
    Code(
        account_type="individual",
        account_id="commercia@aclb",
        currency="USD",
        amount=Decimal("12.50"),
        merchant_name="Commercia",
        bill_number="K4T9QX2M-1",
        created_ms=1_767_225_600_000,
        expires_ms=1_767_226_200_000,
    )
)
MONEY = Transaction(hash=HASH, account_id="commercia@aclb", currency="USD", amount=Decimal("12.50"))


@given(
    account_id=st.sampled_from(["commercia@aclb", "Commercia@aclb", "commercia@aba", ""]),
    currency=st.sampled_from(["USD", "KHR", "THB"]),
    amount=st.one_of(st.just(Decimal("12.5")), st.decimals("0.01", 10**6, places=2)),
)
def test_only_the_whole_sum_in_its_currency_to_its_account_pays(account_id, currency, amount):
    attempt = replace(an_attempt(), provider_id="0" * 32, data={"qr": CODE})
    paid = Transaction(hash=HASH, account_id=account_id, currency=currency, amount=amount)
    result = result_of(attempt, Answer(Outcome.PAID, paid))
    assert isinstance(result, Captured) is (paid == MONEY)
    assert isinstance(result, Captured | Mismatch)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.PAID])
def test_no_other_answer_pays_even_with_a_transaction(outcome):
    attempt = replace(an_attempt(), provider_id="0" * 32, data={"qr": CODE})
    assert isinstance(result_of(attempt, Answer(outcome, MONEY)), Pending | Unknown)
    assert isinstance(result_of(attempt, Answer(Outcome.PAID)), Unknown)


# --- Asking -----------------------------------------------------------------------------------------------------------


def test_start_brings_a_link_to_the_banking_app_once(sandbox):
    attempt = begun()
    started = provider.start(attempt)
    assert started.provider_id == attempt.provider_id
    assert started.data["deep_link"].startswith(f"{sandbox.url}/bakong/kh_")
    again = provider.start(replace(attempt, data={**attempt.data, **started.data}))
    assert again == Pending(provider_id=attempt.provider_id)
    assert len(sandbox.control("GET", "calls")) == 1


def test_a_code_can_be_shown_while_bakong_is_away():
    attempt = begun()
    assert provider.start(attempt) == Pending(provider_id=attempt.provider_id)
    assert isinstance(provider.refresh(attempt), Unknown)


@time_machine.travel(NOON, tick=False)
def test_questions_become_rarer_and_end_after_three_days():
    attempt, now, asked = begun(), NOON, []
    while now is not None:
        asked.append(now)
        now = provider.next_poll(attempt, polls=len(asked), now=now)
    waits = [(after - before).total_seconds() for before, after in pairwise(asked)]
    assert waits == [3] * 100 + [15] * 80 + [2700, 82800, 172800]
    assert asked[-1] == attempt.expires_at + timedelta(hours=72)


@pytest.mark.django_db
def test_nobody_is_asked_inside_a_transaction(sandbox):
    attempt = begun()
    for call in (provider.start, provider.refresh, provider.close, lambda each: provider.refresh_many([each])):
        with pytest.raises(RuntimeError, match="inside a database transaction"), transaction.atomic():
            call(attempt)
    assert sandbox.control("GET", "calls") == []


def test_money_goes_back_by_hand():
    assert provider.can_refund is False
