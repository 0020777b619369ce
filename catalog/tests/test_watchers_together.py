"""Two workers and one event; many requests and one watch; on a server with real row locks."""

import threading
from functools import partial
from itertools import count

import pytest
from django.db import connection

from accounts.tests.factories import make_user
from catalog import letters, watching
from catalog.models import Variant, Watch
from catalog.tests.factories import make_variant
from catalog.tests.watchers import BACK, DROP, start
from catalog.watching import confirm_watch, notify_watchers, stop_watch, watch_offer
from core.tests.racing import run_together
from notifications.models import Email

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
HANDS = 8


@pytest.fixture(autouse=True)
def _on_mariadb_without_hints(monkeypatch):
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)


def told(kind):
    return Email.objects.filter(kind=kind).count()


def test_eight_workers_write_one_letter_to_each_who_waits():
    variant = make_variant(units=1)
    for _ in range(40):
        start(variant)
    written = run_together([notify_watchers] * HANDS, at_once=HANDS)
    assert sum(written) == told("back_in_stock") == 40
    assert set(Watch.objects.values_list("state", "told_times", "live_key")) == {("told", 1, None)}


def test_eight_workers_write_one_letter_for_each_fall_of_a_price():
    variant = make_variant(units=1, price="100.00")
    for _ in range(20):
        start(variant, kind=DROP)
    for fall, amount in enumerate(("90.00", "80.00", "70.00"), start=1):
        Variant.objects.update(price=amount)
        written = run_together([notify_watchers] * HANDS, at_once=HANDS)
        assert sum(written) == 20
        assert told("price_drop") == 20 * fall
    assert {(str(price), times) for price, times in Watch.objects.values_list("price_seen", "told_times")} == {
        ("70.00", 3)
    }


def unlocked(monkeypatch):
    """Take the lock away, and let two workers decide before either writes."""
    both_have_decided = threading.Barrier(2)
    write = letters.back_in_stock

    def write_together(watch):
        both_have_decided.wait(20)
        return write(watch)

    monkeypatch.setattr(watching, "_claim", lambda pk: True)
    monkeypatch.setattr(watching.letters, "back_in_stock", write_together)


def test_without_the_lock_both_workers_think_that_they_told_and_the_key_of_the_letter_still_makes_it_one(monkeypatch):
    start(make_variant(units=1))
    unlocked(monkeypatch)
    assert sum(run_together([notify_watchers] * 2, at_once=2)) == 2
    assert told("back_in_stock") == 1


def test_without_lock_and_key_two_letters_go_out(monkeypatch):
    """The control: if this wrote one letter, the tests above would prove nothing."""
    start(make_variant(units=1))
    unlocked(monkeypatch)
    numbers, queue = count(1), letters.queue_email

    def queue_anew(**values):
        return queue(**{**values, "dedupe_key": f"{values['dedupe_key']}{next(numbers)}"})

    monkeypatch.setattr(letters, "queue_email", queue_anew)
    run_together([notify_watchers] * 2, at_once=2)
    assert told("back_in_stock") == 2


def test_the_same_wish_sent_many_times_at_once_is_one_watch_and_one_letter():
    variant = make_variant()
    ask = partial(watch_offer, variant, kind=BACK, email="dara@example.com", by=None)
    assert run_together([ask] * 32, at_once=16) == [False] * 32
    assert Watch.objects.count() == 1
    assert told("confirm_watch") == 1
    user = make_user("lina@example.com")
    ask = partial(watch_offer, variant, kind=DROP, email="", by=user)
    assert run_together([ask] * 32, at_once=16) == [True] * 32
    assert Watch.objects.filter(user=user).count() == 1


def test_stopping_while_workers_tell_ends_in_one_of_both():
    variant = make_variant(units=1)
    watches = [start(variant) for _ in range(20)]
    stops = [partial(stop_watch, watch.code, by=None) for watch in watches]
    outcomes = run_together([notify_watchers, *stops, notify_watchers], at_once=HANDS)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    stopped = sum(outcomes[1:-1])
    assert Watch.objects.filter(state="stopped").count() == stopped
    assert Watch.objects.filter(state="told").count() == told("back_in_stock") == 20 - stopped


def test_confirming_many_times_at_once_is_one_confirmation():
    watch_offer(make_variant(), kind=BACK, email="dara@example.com", by=None)
    code = Watch.objects.get().code
    outcomes = run_together([partial(confirm_watch, code)] * 16, at_once=16)
    assert {type(outcome) for outcome in outcomes} == {Watch}
    assert Watch.objects.get().state == "active"
