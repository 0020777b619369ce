"""Real processes are killed by SIGKILL in the middle of payments; what the sweeps make of it is one capture each.

On MariaDB and RabbitMQ, with a worker and its beat, against the stand-in for Stripe.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from backoffice.tests.audits import offences
from catalog.tests.factories import make_variant
from commercia.tests.processes import Worker, test_database_url, wait_until
from core.refusals import Conflict
from notifications.models import Email
from orders.models import Order
from orders.paying_online import check_payment, pay_order
from orders.tests.factories import make_order
from payments.models import Bill, Break, Payment, SavedMethod
from payments.tests.paying import _sandbox_process, pay, sandbox
from sandbox.tests.running import KEY, SECRET
from sandbox.tests.selling import save_card

__all__ = ["_sandbox_process", "sandbox"]
pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
CONVERGES_WITHIN = 120
STEPS = ("after claim", "before the call", "after the call", "before commit", "after commit")


@pytest.fixture
def paying(sandbox, monkeypatch, settings):
    """Environment of the processes that this test starts."""
    assert connection.vendor == "mysql", "processes are killed on MariaDB: set DATABASE_URL"
    assert settings.CELERY_BROKER_URL.startswith("amqp"), "the worker needs RabbitMQ: set CELERY_BROKER_URL"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)
    told = {
        "DJANGO_SETTINGS_MODULE": "commercia.tests.settings_paying",
        "DATABASE_URL": test_database_url(),
        "TEST_STRIPE_API_BASE": sandbox.url,
        "TEST_STRIPE_KEY": KEY,
        "TEST_STRIPE_SECRET": SECRET,
        "TEST_WITH_BROKER": "true",
        "PYTHONWARNINGS": "ignore",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return sandbox


@pytest.fixture
def worker(paying, tmp_path):
    """A worker with beat that is not running yet."""
    found = Worker(tmp_path, "consolemail://", settings="commercia.tests.settings_paying")
    yield found
    found.kill()


def shopping(step, deed, *bills):
    """Start a process that pays for `bills`."""
    codes = [bill.code for bill in bills]
    return subprocess.Popen(
        [sys.executable, "-m", "commercia.tests.charging", step, deed, *codes],
        cwd=Path(django_settings.BASE_DIR),
        env=dict(os.environ),
        start_new_session=True,
    )


def bill_of(order):
    return Bill.objects.get(order_bill__order=order)


def new_bill(**told):
    return bill_of(make_order((make_variant(units=1), 1), payment_method="card", **told))


def all_booked():
    """Tell whether every bill is settled and every letter is out."""
    return not (
        Bill.objects.exclude(state="settled").exists()
        or Payment.objects.filter(state="captured", claimed_at=None).exists()
        or Email.objects.exclude(state="sent").exists()
    )


def assert_each_paid_once(sandbox, many):
    taken = Counter(charge["metadata"]["attempt"] for charge in sandbox.captures())
    assert taken == dict.fromkeys(Payment.objects.filter(state="captured").values_list("key", flat=True), 1)
    assert len(sandbox.captures()) == many
    assert Payment.objects.filter(state="captured", claimed_at__isnull=False).count() == many
    assert Order.objects.filter(state="confirmed").count() == many == Order.objects.count()
    assert Email.objects.filter(kind="order_confirmed").count() == many
    assert not Break.objects.exists()
    assert offences() == []


@pytest.fixture
def card(paying, django_user_model):
    """A saved card, and the account that owns it."""
    user = django_user_model.objects.create_user("dara@example.com")
    customer, method = save_card(paying, paying.client(key=KEY))
    return SavedMethod.objects.create(user=user, provider="stripe", customer_id=customer, method_id=method)


def test_a_process_killed_at_each_step_converges_to_one_capture(paying, worker, card):
    charged = {step: new_bill() for step in STEPS}
    opened = {step: new_bill() for step in STEPS[:3]}
    checked = {step: new_bill() for step in STEPS[2:]}
    for bill in checked.values():
        pay(paying, pay_order(Order.objects.get(order_bills__bill=bill), method="card", by=None))
    killed = [
        *(shopping(step, "charge", bill) for step, bill in charged.items()),
        *(shopping(step, "open", bill) for step, bill in opened.items()),
        *(shopping(step, "check", bill) for step, bill in checked.items()),
    ]
    assert [process.wait(60) for process in killed] == [-signal.SIGKILL] * len(killed)
    assert not Payment.objects.filter(claimed_at__isnull=False).exists()
    began = time.monotonic()
    worker.start()
    # Whoever wanted the money comes again: the collector of rent to its bills, the customer to their page.
    assert shopping("nowhere", "charge", *charged.values()).wait(60) == 0
    for bill in opened.values():
        order = Order.objects.get(order_bills__bill=bill)
        wait_until(partial(page_is_open, order), seconds=CONVERGES_WITHIN, what=f"{bill} is still being checked")
        pay(paying, Payment.objects.get(bill=bill))
        check_payment(order)
    wait_until(all_booked, seconds=CONVERGES_WITHIN, what="money without a purpose\n" + worker.log()[-3000:])
    took = time.monotonic() - began
    assert_each_paid_once(paying, len(killed))
    assert took <= CONVERGES_WITHIN


def page_is_open(order):
    """Press "Pay" as the customer does, who reads that we are checking until the page is there."""
    try:
        return "url" in pay_order(order, method="card", by=None).data
    except Conflict as refusal:
        return refusal.code != "payment_is_checked"


def test_charges_of_saved_cards_while_their_process_and_the_worker_are_killed(paying, worker, card, bounded):
    many = bounded(ci=12, prove=200)
    bills = [new_bill() for _ in range(many)]
    paying.fault(provider="stripe", method="POST", path="/v1/payment_intents", kind="delay", seconds=0.15)
    worker.start()
    for share in (1 / 3, 2 / 3):
        process = shopping("nowhere", "charge", *bills)
        wait_until(lambda share=share: len(paying.captures()) >= share * many, seconds=120, what="nobody charges")
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        worker.kill()
        worker.start()
    assert len(paying.captures()) < many
    assert shopping("nowhere", "charge", *bills).wait(300) == 0
    wait_until(all_booked, seconds=CONVERGES_WITHIN, what="not all is recorded\n" + worker.log()[-3000:])
    assert_each_paid_once(paying, many)
