"""One movement of money offered for many bills at once, and one answer heard by many at once; with real row locks."""

from dataclasses import replace
from decimal import Decimal as D
from functools import partial

import pytest
from django.db import connection

from core.tests.racing import run_together
from payments.billing import start_payment
from payments.finalising import finalise
from payments.models import Bill, Break, Payment
from payments.providers.port import Captured
from payments.signals import Claim
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("balanced_books"),
]
ALL_OF_IT = Claim(D("100.00"), D(0))


@pytest.fixture(autouse=True)
def _on_mariadb_with_khqr(monkeypatch, settings):
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)
    settings.SHOP_CURRENCY, settings.KHQR_ACCOUNT, settings.BAKONG_TOKEN = "USD", "commercia@aclb", "token"


def begun():
    return start_payment(make_bill(), method="khqr", by=None)


def money(number):
    return Captured(capture_id=f"{number:064x}", amount=D("100.00"), currency="USD")


@pytest.mark.parametrize("seed", range(5))
def test_one_transaction_pays_one_of_eight_bills(seed):
    payments = [begun() for _ in range(8)]
    with listening(ALL_OF_IT):
        outcomes = run_together([partial(finalise, payment, money(seed)) for payment in payments], at_once=8)
    assert {type(outcome) for outcome in outcomes} == {Payment}
    assert sorted(Payment.objects.values_list("state", "captured_amount")) == [
        ("captured", D("100.00")),
        *[("failed", D(0))] * 7,
    ]
    assert list(Break.objects.values_list("kind", flat=True)) == ["mismatch"] * 7
    assert Bill.objects.filter(state="settled").count() == 1


def test_eight_transactions_pay_eight_bills():
    payments = [begun() for _ in range(8)]
    with listening(ALL_OF_IT):
        calls = [partial(finalise, payment, money(number)) for number, payment in enumerate(payments)]
        run_together(calls, at_once=8)
    assert Bill.objects.filter(state="settled").count() == 8
    assert Break.objects.count() == 0


def test_poller_browser_and_staff_hear_of_the_money_at_once_and_book_it_once():
    payment = begun()
    told = replace(money(1), provider_id=payment.provider_id)
    with listening(ALL_OF_IT):
        run_together([partial(finalise, payment, told)] * 16, at_once=16)
    payment.refresh_from_db()
    assert (payment.state, payment.captured_amount, payment.applied_amount) == ("captured", D("100.00"), D("100.00"))
    assert (payment.bill.state, Break.objects.count()) == ("settled", 0)
