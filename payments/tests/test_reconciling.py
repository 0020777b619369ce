"""Messages that never came are fetched from the provider's own list."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from core import clock
from core.models import ShopSetting
from payments.collecting import check, collect
from payments.inbox import process_waiting_events
from payments.models import Dispute, Payment, ProviderEvent
from payments.reconciling import fetch_missed_events
from payments.signals import Claim
from payments.tests.paying import WHERE, pay
from payments.tests.test_billing import make_bill
from payments.tests.test_settling import listening

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(sandbox):
    begun = collect(make_bill(), method="card", by=None, **WHERE)
    pay(sandbox, begun)
    return begun


def test_a_payment_without_any_webhook_is_found(sandbox, payment):
    assert fetch_missed_events() == 3
    with listening(Claim(D("100.00"), D(0))):
        process_waiting_events()
    assert Payment.objects.get().state == "captured"
    assert fetch_missed_events() == 0


def test_a_dispute_without_any_webhook_is_found(sandbox, payment):
    with listening(Claim(D("100.00"), D(0))):
        payment = check(payment)
    sandbox.control("POST", "stripe/disputes", {"payment_intent": payment.capture_id})
    fetch_missed_events()
    process_waiting_events()
    assert Dispute.objects.get().payment == payment


def test_the_list_is_read_from_where_it_was_read_last(sandbox, payment):
    fetch_missed_events()
    ProviderEvent.objects.all().delete()
    assert fetch_missed_events() == 3  # the overlap of ten minutes
    ProviderEvent.objects.all().delete()
    ShopSetting.objects.update(value=(clock.now() + timedelta(minutes=20)).isoformat())
    assert fetch_missed_events() == 0


def test_an_answer_that_does_not_come_is_asked_for_again(sandbox, payment):
    sandbox.fault(provider="stripe", path="/v1/events", kind="status", status=500)
    assert fetch_missed_events() == 0
    assert not ShopSetting.objects.exists()
    sandbox.control("DELETE", "faults")
    assert fetch_missed_events() == 3


def test_a_missed_day_is_an_alarm(sandbox, payment, caplog):
    ShopSetting.objects.create(name="stripe_events_read_until", value=(clock.now() - timedelta(days=2)).isoformat())
    assert fetch_missed_events() == 3
    assert "events_not_compared_for_a_day" in caplog.text


def test_without_keys_nobody_is_asked(settings):
    assert fetch_missed_events() == 0
