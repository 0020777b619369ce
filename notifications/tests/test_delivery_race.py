"""Many at once, on a database server with real row locks."""

from collections import Counter
from functools import partial

import pytest
from django.core import mail
from django.db import connection

from core.db import atomic_retry
from core.tests.racing import run_together
from notifications.delivery import deliver_due
from notifications.models import Email

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
THREADS = 8


@pytest.fixture(autouse=True)
def _on_a_server_without_hints(monkeypatch):
    assert connection.vendor == "mysql", "run with DATABASE_URL=mysql://…"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)


def together(work):
    """Run `work(n)` in threads that start at the same moment; return what each gave."""
    return run_together([partial(work, n) for n in range(THREADS)], at_once=THREADS)


@pytest.mark.parametrize("seed", range(10))
def test_eight_threads_queue_the_same_event_once(queue, seed):
    @atomic_retry
    def work(n):
        return queue(f"before:{n}").pk, queue(f"order:{seed}").pk, queue(f"after:{n}").pk

    rows = together(work)
    assert len({email for _, email, _ in rows}) == 1
    assert Email.objects.filter(dedupe_key=f"order:{seed}").count() == 1
    assert Email.objects.count() == 2 * THREADS + 1


@pytest.mark.parametrize("seed", range(5))
def test_eight_deliverers_send_each_letter_once(queue, seed):
    for n in range(60):
        queue(f"k{n}", to=f"p{n}@example.com")
    sent = together(lambda n: deliver_due())
    assert sum(sent) == 60
    assert Counter(message.to[0] for message in mail.outbox) == {f"p{n}@example.com": 1 for n in range(60)}
    assert set(Email.objects.values_list("state", "tries")) == {("sent", 1)}
