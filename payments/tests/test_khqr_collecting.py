"""Collect by KHQR, from the code to the settled bill: wrong, late, reused and unanswered money never pays."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.utils import timezone

from core.refusals import Refusal
from payments.collecting import check, collect, give_up
from payments.models import Break, Payment
from payments.polling import poll_payments
from payments.providers.khqr.rates import enter_riel_rate
from payments.signals import Claim
from payments.tests.paying import WHERE
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening

pytestmark = pytest.mark.django_db
ALL_OF_IT = Claim(D("100.00"), D(0))
LIST = "/v1/check_transaction_by_md5_list"


@pytest.fixture
def bakong(sandbox, settings):
    """The sandbox as Bakong, and settings that lead the shop to it."""
    settings.SHOP_CURRENCY = "USD"
    settings.KHQR_ACCOUNT = "commercia@aclb"
    settings.BAKONG_API_BASE = sandbox.url
    settings.BAKONG_TOKEN = sandbox.control("POST", "bakong/token")["token"]
    return sandbox


@pytest.fixture
def pass_time(bakong):
    """Let time pass in the shop and in the sandbox alike."""
    with time_machine.travel(timezone.now()) as traveller:

        def pass_time(**told):
            traveller.shift(timedelta(**told))
            bakong.pass_time(int(timedelta(**told).total_seconds()))

        yield pass_time


def begin(bill, method="khqr"):
    return collect(bill, method=method, by=None, **WHERE)


def pay(bakong, payment, way="right"):
    return bakong.control("POST", "bakong/pay", {"qr": payment.data["qr"], "way": way})


def hurry():
    """Let the poller's time come for every attempt that waits."""
    Payment.objects.exclude(next_poll_at=None).update(next_poll_at=timezone.now())


def listed():
    return list(Break.objects.values_list("kind", "amount", "currency"))


def test_a_code_from_scan_to_settlement_by_the_poller_alone(bakong):
    bill = make_bill()
    payment = begin(bill)
    assert (payment.state, payment.provider, payment.key) == ("pending", "khqr", f"{bill.code}:1")
    assert payment.expires_at - payment.started_at < timedelta(minutes=10, seconds=5)
    assert payment.data["deep_link"].startswith(f"{bakong.url}/bakong/kh_")
    [made] = pay(bakong, payment)
    hurry()
    with listening(ALL_OF_IT):
        assert poll_payments() == 1
    payment.refresh_from_db()
    assert (payment.state, payment.captured_amount, payment.applied_amount) == ("captured", D("100.00"), D("100.00"))
    assert (payment.capture_id, payment.next_poll_at, payment.bill.state) == (made["hash"], None, "settled")
    assert listed() == []


def test_riel_settle_a_bill_in_dollars_at_the_frozen_rate(bakong):
    enter_riel_rate(D("4100.5"), source="NBC", by=None)
    payment = begin(make_bill(), "khqr_riel")
    enter_riel_rate(D(5000), source="NBC", by=None)
    assert (payment.charge_amount, payment.charge_currency, payment.rate) == (D("410100.00"), "KHR", D("4100.5"))
    pay(bakong, payment)
    with listening(ALL_OF_IT):
        payment = check(payment)
    assert (payment.state, payment.captured_amount, payment.currency) == ("captured", D("100.00"), "USD")
    assert listed() == []


def test_without_a_rate_nothing_is_begun(bakong):
    bill = make_bill()
    with pytest.raises(Refusal) as refused:
        begin(bill, "khqr_riel")
    assert (refused.value.code, Payment.objects.count()) == ("khqr_unavailable", 0)


def test_pressing_pay_again_shows_the_same_code(bakong):
    bill = make_bill()
    first, second = begin(bill), begin(bill)
    assert (first.pk, first.data, first.provider_id) == (second.pk, second.data, second.provider_id)


@pytest.mark.parametrize(
    ("way", "amount", "currency"),
    [
        ("short", "99.99", "USD"),
        ("over", "100.01", "USD"),
        ("wrong_currency", "100.00", "KHR"),
        ("wrong_account", "100.00", "USD"),
    ],
)
def test_wrong_money_pays_nothing_and_is_listed_once(bakong, way, amount, currency):
    bill = make_bill()
    payment = begin(bill)
    pay(bakong, payment, way)
    for _ in range(3):
        hurry()
        poll_payments()
        payment = check(payment)
    assert (payment.state, payment.captured_amount, payment.applied_amount) == ("failed", 0, 0)
    assert listed() == [("mismatch", D(amount), currency)]
    bill.refresh_from_db()
    assert bill.state == "open"
    # The customer may pay rightly after all.
    second = begin(bill)
    pay(bakong, second)
    with listening(ALL_OF_IT):
        assert check(second).state == "captured"


def test_one_transaction_does_not_pay_two_bills(bakong):
    first, second = begin(make_bill()), begin(make_bill())
    pay(bakong, first)
    pay(bakong, second, "reused_hash")
    hurry()
    with listening(ALL_OF_IT):
        poll_payments()
    states = list(Payment.objects.order_by("pk").values_list("state", "captured_amount"))
    assert states == [("captured", D("100.00")), ("failed", D(0))]
    assert listed() == [("mismatch", D("100.00"), "USD")]
    assert second.bill.payments.get().bill.state == "open"


def test_paid_twice_counts_once(bakong):
    payment = begin(make_bill())
    pay(bakong, payment, "twice")
    with listening(ALL_OF_IT):
        check(payment)
        assert check(payment).applied_amount == D("100.00")
    assert Payment.objects.get().captured_amount == D("100.00")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "timeout", "seconds": 0.1},
        *({"kind": "status", "status": status} for status in (401, 403, 404, 429, 500, 503)),
        {"kind": "status", "status": 200, "body": "text", "text": "<html>maintenance</html>"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_no_fault_of_bakong_pays_or_loses_money(bakong, fault):
    payment = begin(make_bill())
    pay(bakong, payment)
    bakong.fault(provider="bakong", **fault)
    for _ in range(2):
        hurry()
        poll_payments()
    payment.refresh_from_db()
    assert (payment.captured_amount, payment.live_bill, payment.bill.state) == (0, payment.bill, "open")
    assert payment.next_poll_at > timezone.now()
    bakong.control("DELETE", "faults")
    hurry()
    with listening(ALL_OF_IT):
        poll_payments()
    assert Payment.objects.get().state == "captured"


def test_an_expired_token_is_an_alarm_and_a_new_one_finds_the_money(bakong, settings, caplog):
    payment = begin(make_bill())
    pay(bakong, payment)
    bakong.control("DELETE", "bakong/token")
    hurry()
    poll_payments()
    payment.refresh_from_db()
    assert (payment.live_bill, "provider_needs_staff" in caplog.text) == (payment.bill, True)
    settings.BAKONG_TOKEN = bakong.control("POST", "bakong/token")["token"]
    with listening(ALL_OF_IT):
        assert check(payment).state == "captured"


def test_a_bakong_that_is_away_still_lets_the_code_be_shown(bakong):
    bakong.fault(provider="bakong", kind="drop")
    payment = begin(make_bill())
    assert (payment.state, "deep_link" in payment.data, payment.data["qr"][:6]) == ("pending", False, "000201")


def test_a_code_that_has_ended_makes_place_for_a_new_one_and_late_money_is_found(bakong, pass_time):
    bill = make_bill()
    first = begin(bill)
    pay(bakong, first, "late")
    pass_time(minutes=10, seconds=1)
    second = begin(bill)
    assert (second.key, second.data["qr"] == first.data["qr"]) == (f"{bill.code}:2", False)
    first.refresh_from_db()
    assert first.state == "closed"
    pass_time(minutes=2)
    hurry()
    with listening(ALL_OF_IT):
        poll_payments()
    first.refresh_from_db()
    assert (first.state, first.captured_amount, first.bill.state) == ("captured", D("100.00"), "settled")
    second.refresh_from_db()
    assert (second.state, second.live_bill) == ("closed", None)


def test_money_after_two_days_is_still_found(bakong, pass_time):
    payment = begin(make_bill())
    pass_time(minutes=11)
    poll_payments()
    pass_time(hours=48)
    bakong.control("POST", "bakong/pay", {"qr": payment.data["qr"], "way": "late"})
    bakong.pass_time(60)
    for _ in range(4):
        pass_time(hours=8)
        with listening(ALL_OF_IT):
            poll_payments()
    assert Payment.objects.get().state == "captured"


def test_the_other_way_ends_a_code_and_what_still_comes_is_listed(bakong):
    bill = make_bill()
    code = begin(bill)
    card = begin(bill, "card")
    code.refresh_from_db()
    assert (code.state, card.provider) == ("closed", "stripe")
    pay(bakong, code)
    hurry()
    poll_payments()
    code.refresh_from_db()
    assert (code.state, code.applied_amount) == ("captured", 0)
    assert listed() == [("unclaimed", D("100.00"), "USD")]


def test_money_that_is_faster_than_giving_up_counts(bakong):
    payment = begin(make_bill())
    pay(bakong, payment)
    with listening(ALL_OF_IT):
        assert give_up(payment, by=None).state == "captured"


def test_sixty_codes_are_asked_about_with_two_calls(bakong):
    for _ in range(60):
        begin(make_bill())
    hurry()
    assert poll_payments() == 60
    assert len([call for call in bakong.control("GET", "calls") if call["path"] == LIST]) == 2
