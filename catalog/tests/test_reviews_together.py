"""One form sent many times, and a moderator beside an author who writes anew; on a server with real row locks."""

from datetime import date
from functools import partial

import pytest
from django.db import connection

from accounts.tests.factories import make_staff, make_user
from catalog.models import Review
from catalog.reviewing import publish_review, rating_of, write_review
from catalog.tests.factories import make_product, make_variant
from core.models import DataVersion
from core.refusals import Conflict
from core.tests.racing import run_together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on_mariadb_without_hints(monkeypatch):
    assert connection.vendor == "mysql", "races are run on MariaDB: set DATABASE_URL"
    monkeypatch.setattr("core.nudge._hand_over", lambda *hint: None)


def writing(product, by, body="Quiet."):
    words = {"rating": 4, "title": "Solid", "body": body, "author_name": "Dara"}
    return partial(write_review, product, by=by, bought_on=date(2026, 10, 3), **words)


def test_a_form_that_is_sent_many_times_at_once_is_one_review():
    product, dara = make_product(), make_user()
    outcomes = run_together([writing(product, dara)] * 32, at_once=16)
    assert {type(outcome) for outcome in outcomes} == {Review}
    assert Review.objects.count() == 1


@pytest.mark.parametrize("seed", range(5))
def test_words_written_beside_the_moderator_are_never_published_unread(seed):
    product, boss = make_product(), make_staff()
    read = [writing(product, make_user())() for _ in range(8)]
    calls = []
    for review in read:
        calls += [partial(publish_review, review, by=boss), writing(product, review.author, "Buy at badshop.example!")]
    outcomes = run_together(calls, at_once=16)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(refusal) for refusal in refusals} <= {Conflict}
    assert set(Review.objects.values_list("state", "body")) == {("waiting", "Buy at badshop.example!")}


def test_many_moderators_at_once_decide_each_review_once_and_wait_for_nobody_in_a_circle():
    boss = make_staff()
    variants = [make_variant() for _ in range(8)]
    reviews = [writing(variant.product, make_user())() for variant in variants for _ in range(3)]
    before = DataVersion.objects.filter(name="catalog").values_list("number", flat=True).first() or 0
    outcomes = run_together([partial(publish_review, review, by=boss) for review in reviews * 2], at_once=16)
    assert sum(isinstance(outcome, Review) for outcome in outcomes) == 24
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Conflict)} == {"wrong_state"}
    assert [rating_of(variant.product).count for variant in variants] == [3] * 8
    assert DataVersion.objects.get(name="catalog").number == before + 24
