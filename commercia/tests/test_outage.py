"""The broker goes away, the worker is killed: no order fails, no letter is lost or doubled."""

import threading
import time
from collections import Counter
from functools import partial

import pytest
from django.db import connection

from carts.tests.factories import make_cart, make_shipping_method
from catalog.tests.factories import make_variant
from commercia.tests.processes import Worker, broker_stopped, mail_server, wait_until
from core.tests.racing import run_together
from notifications.models import Email
from orders.models import Order
from orders.tests.factories import make_order, place

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _real_broker(settings):
    assert connection.vendor == "mysql", "outages are tested on MariaDB: set DATABASE_URL"
    assert settings.CELERY_BROKER_URL.startswith("amqp"), "outages are tested on RabbitMQ: set CELERY_BROKER_URL"
    settings.CELERY_TASK_ALWAYS_EAGER = False


@pytest.fixture
def running(tmp_path):
    """Yield a mail server's memory and a running worker that sends to it."""
    with mail_server() as (postbox, email_url):
        worker = Worker(tmp_path, email_url)
        worker.start()
        try:
            yield postbox, worker
        finally:
            worker.kill()


def all_sent():
    return not Email.objects.exclude(state="sent").exists()


def test_orders_go_on_while_the_broker_is_down_and_each_letter_comes_once(running, bounded):
    postbox, worker = running
    make_order()
    wait_until(all_sent, seconds=45, what="the worker sent no letter while all was well\n" + worker.log()[-2000:])
    variant = make_variant(units=500)
    method = make_shipping_method()
    durations = []

    def shop_until(deadline):
        while time.monotonic() < deadline:
            cart = make_cart((variant, 1))
            started = time.monotonic()
            place(cart, shipping_method=method, expected_total=10_000)
            durations.append(time.monotonic() - started)
            threading.Event().wait(0.5)

    with broker_stopped():
        deadline = time.monotonic() + bounded(ci=15, prove=60)
        outcomes = run_together([partial(shop_until, deadline)] * 4, at_once=4)
    assert outcomes == [None] * 4
    assert len(durations) >= 20
    assert max(durations) < 1.0
    assert Order.objects.filter(state="pending").count() == len(durations) + 1
    wait_until(all_sent, seconds=60, what="letters still wait 60 s after the broker's return")
    assert Counter(postbox.message_ids) == dict.fromkeys(Email.objects.values_list("message_id", flat=True), 1)


def test_a_worker_killed_in_the_middle_of_a_letter_converges(running, bounded):
    postbox, worker = running
    for _ in range(bounded(ci=1, prove=5)):
        postbox.arrived.clear()
        postbox.door.clear()
        make_order()
        wait_until(postbox.arrived.is_set, seconds=45, what="no letter reached the mail server")
        worker.kill()
        postbox.door.set()
        worker.start()
        wait_until(all_sent, seconds=75, what="the letter never came out again\n" + worker.log()[-2000:])
    copies = Counter(postbox.message_ids)
    assert set(copies) == set(Email.objects.values_list("message_id", flat=True))
    # SMTP cannot tell whether a cut connection was a yes: one more copy a kill, with the same Message-ID.
    assert max(copies.values()) <= 2
