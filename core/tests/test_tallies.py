"""Counts of tries that every process sees."""

from functools import partial

import pytest
from django.db import connection
from django.test import RequestFactory

from core.callers import caller_address
from core.models import Tally
from core.refusals import TooManyTries
from core.tallies import count_try, forget_tries, refuse_if_used_up
from core.tasks import forget_old_tallies
from core.tests.racing import run_together

pytestmark = pytest.mark.django_db
NOON = "2026-11-21 05:00:00+00:00"


def attempt(*whose, most=3, seconds=60):
    try:
        count_try("door", *whose, most=most, seconds=seconds)
    except TooManyTries as refusal:
        return refusal.wait
    return "in"


def test_so_many_are_let_through_in_each_span(time_machine):
    time_machine.move_to(NOON, tick=False)
    assert [attempt("a") for _ in range(5)] == ["in", "in", "in", 60, 60]
    time_machine.shift(59)
    assert attempt("a") == 1
    time_machine.shift(1)
    assert [attempt("a") for _ in range(4)] == ["in", "in", "in", 60]


def test_each_is_counted_apart_and_names_nobody():
    assert [attempt("dara@example.com", "192.0.2.1") for _ in range(4)][-1] != "in"
    assert attempt("dara@example.com", "192.0.2.2") == "in"
    assert attempt("dara@example.com\n192.0.2.1") != "in"
    assert not any("dara" in key for key in Tally.objects.values_list("key", flat=True))


def test_words_say_how_long(time_machine):
    time_machine.move_to(NOON, tick=False)
    attempt("a", most=1, seconds=61)
    with pytest.raises(TooManyTries, match="Wait 2 minutes"):
        refuse_if_used_up("door", "a", most=1)
    time_machine.shift(1)
    with pytest.raises(TooManyTries, match="Wait a minute"):
        refuse_if_used_up("door", "a", most=1)
    refuse_if_used_up("door", "a", most=2)


def test_a_right_try_starts_afresh():
    assert [attempt("a") for _ in range(3)] == ["in"] * 3
    forget_tries("door", "a")
    assert attempt("a") == "in"


def test_one_more_try_costs_one_update(django_assert_num_queries):
    attempt("a")
    # The test's own transaction makes a savepoint of the count's: one statement between two.
    with django_assert_num_queries(3):
        attempt("a")


def test_old_counts_are_swept(time_machine):
    time_machine.move_to(NOON, tick=False)
    attempt("a")
    attempt("b", seconds=120)
    time_machine.shift(61)
    assert forget_old_tallies() == 1
    assert Tally.objects.count() == 1


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "counted"),
    [
        (0, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (1, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (0, "2001:db8:1:2:aaaa::1", "", "2001:db8:1:2::"),
        (0, "2001:db8:1:2:bbbb::2", "", "2001:db8:1:2::"),
        (0, "::ffff:192.0.2.1", "", "192.0.2.1"),
        (0, "", "", ""),
    ],
)
def test_where_a_caller_is(settings, proxies, remote, forwarded, counted):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert caller_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers)) == counted


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(5))
def test_no_try_is_lost_when_all_come_at_once(seed):
    assert connection.vendor == "mysql", "run with DATABASE_URL=mysql://…"
    answers = run_together([partial(attempt, f"all{seed}", most=7)] * 16, at_once=16)
    assert (answers.count("in"), len(answers)) == (7, 16)
