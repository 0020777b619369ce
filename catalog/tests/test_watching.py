"""Watching an offer: who is asked first, who is told, once for each event, and how it ends."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.tests.factories import make_user
from catalog import tasks, watching
from catalog.models import Variant, Watch
from catalog.tests.factories import make_product, make_units, make_variant
from catalog.tests.watchers import BACK, DROP, letters, start, withdraw
from catalog.watching import confirm_watch, forget_old_watches, notify_watchers, stop_watch, watch_offer, watches_of
from core.refusals import Refusal
from notifications.models import Email

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def price(variant, amount):
    Variant.objects.filter(pk=variant.pk).update(price=Decimal(amount))


# --- Asking ---------------------------------------------------------------------------------------------------------


def test_an_account_with_a_verified_address_watches_at_once_with_its_own(clock):
    user, variant = make_user("dara@example.com"), make_variant(price="100.00")
    assert watch_offer(variant, kind=DROP, email="other@example.com", by=user) is True
    watch = Watch.objects.get()
    assert (watch.email, watch.user, watch.state, watch.price_seen) == ("dara@example.com", user, "active", 100)
    assert (watch.asked_at, len(watch.code), len(watch.live_key)) == (START, 32, 64)
    assert letters() == []


@pytest.mark.parametrize("who", ["guest", "unverified"])
def test_everybody_else_confirms_the_address_first(clock, who):
    by = None if who == "guest" else make_user("dara@example.com", verified=False)
    variant = make_variant(make_product("ThinkPad X1"), price="100.00")
    assert watch_offer(variant, kind=BACK, email=" Dara@Example.com ", by=by) is False
    watch = Watch.objects.get()
    assert (watch.email, watch.user, watch.state, watch.price_seen) == ("dara@example.com", None, "unconfirmed", None)
    letter = Email.objects.get()
    assert (letter.kind, letter.to, letter.unsubscribe_url) == ("confirm_watch", "dara@example.com", "")
    assert letter.subject == "Shall we tell you about Lenovo ThinkPad X1?"
    assert f"http://testserver/letters/confirm/{watch.code}/" in letter.text
    assert f"http://testserver/letters/confirm/{watch.code}/" in letter.html
    assert "is back in stock" in letter.text
    make_units(variant, quantity=1)
    assert notify_watchers() == 0
    assert confirm_watch(watch.code).state == "active"
    assert confirm_watch(watch.code).state == "active"
    assert notify_watchers() == 1


def test_the_answer_is_the_same_for_known_and_unknown_addresses():
    make_user("known@example.com")
    watched = make_variant()
    start(watched, user=make_user("watching@example.com"))
    answers = {
        watch_offer(watched, kind=BACK, email=email, by=None)
        for email in ("known@example.com", "unknown@example.com", "watching@example.com")
    }
    assert answers == {False}
    # Who watches already is not written to: nothing is left to confirm.
    assert [to for _, to in letters()] == ["known@example.com", "unknown@example.com"]


def test_asking_again_makes_no_second_watch_and_one_letter_a_day(clock):
    variant = make_variant()
    for _ in range(3):
        watch_offer(variant, kind=BACK, email="dara@example.com", by=None)
    assert Watch.objects.count() == 1
    assert len(letters()) == 1
    clock.shift(timedelta(days=1))
    watch_offer(variant, kind=BACK, email="DARA@example.com", by=None)
    assert Watch.objects.count() == 1
    assert len(letters()) == 2
    watch_offer(variant, kind=DROP, email="dara@example.com", by=None)
    assert Watch.objects.count() == 2


def test_an_account_needs_no_letter_for_what_was_asked_for_with_its_address():
    user, variant = make_user("dara@example.com"), make_variant()
    watch_offer(variant, kind=BACK, email="dara@example.com", by=None)
    assert watch_offer(variant, kind=BACK, email="", by=user) is True
    watch = Watch.objects.get()
    assert (watch.state, watch.user) == ("active", user)


def test_an_account_that_asks_again_starts_from_the_present_price_and_a_stranger_changes_nothing():
    variant = make_variant(price="100.00")
    watch = start(variant, kind=DROP, user=make_user("dara@example.com"))
    price(variant, "150.00")
    watch_offer(variant, kind=DROP, email="dara@example.com", by=None)
    watch.refresh_from_db()
    assert watch.price_seen == 100
    watch_offer(variant, kind=DROP, email="", by=watch.user)
    watch.refresh_from_db()
    assert watch.price_seen == 150
    assert Watch.objects.count() == 1


@pytest.mark.parametrize(
    "email", ["", " ", "x", "a@b", "a b@example.com", "a@example.com\nBcc: b@example.com", "a" * 250 + "@example.com"]
)
def test_an_address_that_is_none_changes_nothing(email):
    with pytest.raises(Refusal) as refused:
        watch_offer(make_variant(), kind=BACK, email=email, by=None)
    assert (refused.value.code, list(refused.value.facts["fields"])) == ("invalid_values", ["email"])
    assert not Watch.objects.exists()
    assert not Email.objects.exists()


@pytest.mark.parametrize("how", ["not offered", "no price", "retired", "hidden"])
def test_what_will_not_be_sold_cannot_be_watched(how):
    variant = make_variant(price=None if how == "no price" else "100.00", is_offered=how != "not offered")
    withdraw(variant, how)
    with pytest.raises(Refusal, match="nothing to wait for"):
        watch_offer(variant, kind=BACK, email="dara@example.com", by=None)
    assert not Watch.objects.exists()


def test_a_strangers_requests_do_not_fill_a_mailbox(monkeypatch):
    monkeypatch.setattr(watching, "MOST_UNCONFIRMED", 3)
    for variant in [make_variant() for _ in range(5)]:
        assert watch_offer(variant, kind=BACK, email="dara@example.com", by=None) is False
    assert Watch.objects.count() == 3
    assert len(letters()) == 3
    assert watch_offer(make_variant(), kind=BACK, email="lina@example.com", by=None) is False
    assert len(letters()) == 4


def test_an_account_is_told_when_it_watches_too_much(monkeypatch):
    monkeypatch.setattr(watching, "MOST_WATCHES", 2)
    user = make_user()
    one = start(user=user)
    start(user=user)
    with pytest.raises(Refusal) as refused:
        watch_offer(make_variant(), kind=BACK, email="", by=user)
    assert (refused.value.code, refused.value.facts) == ("too_many", {"most": 2})
    assert watch_offer(one.variant, kind=BACK, email="", by=user) is True
    stop_watch(one.code, by=user)
    start(user=user)


# --- Confirming and stopping ----------------------------------------------------------------------------------------


def test_a_link_confirms_for_seven_days(clock):
    watch_offer(make_variant(), kind=BACK, email="dara@example.com", by=None)
    code = Watch.objects.get().code
    clock.shift(timedelta(days=7, seconds=1))
    for bad in (code, "", "x" * 32, code.swapcase(), f"{code} ", "%", "\x00", code * 9):
        with pytest.raises(Refusal) as refused:
            confirm_watch(bad)
        assert refused.value.code == "link_invalid"
    assert Watch.objects.get().state == "unconfirmed"
    clock.shift(timedelta(seconds=-1))
    assert confirm_watch(code).state == "active"


def test_whoever_has_the_code_stops_the_watch_once():
    watch = start()
    for bad in ("", "x" * 32, watch.code.swapcase(), f"{watch.code} ", "\x00", watch.code * 9):
        assert stop_watch(bad, by=None) is False
    watch.refresh_from_db()
    assert watch.state == "active"
    assert stop_watch(watch.code, by=None) is True
    assert stop_watch(watch.code, by=None) is False
    watch.refresh_from_db()
    assert (watch.state, watch.live_key) == ("stopped", None)
    make_units(watch.variant, quantity=1)
    assert notify_watchers() == 0
    # What was stopped can be asked for again.
    assert watch_offer(watch.variant, kind=BACK, email="", by=watch.user) is True
    assert notify_watchers() == 1


def test_another_account_cannot_stop_it():
    watch = start()
    assert stop_watch(watch.code, by=make_user()) is False
    watch.refresh_from_db()
    assert watch.state == "active"
    assert stop_watch(watch.code, by=watch.user) is True


def test_a_guests_watch_is_stopped_by_the_link_alone():
    watch_offer(make_variant(), kind=BACK, email="dara@example.com", by=None)
    code = Watch.objects.get().code
    confirm_watch(code)
    assert stop_watch(code, by=make_user()) is True


def test_an_account_sees_its_own_watches_and_those_of_its_address():
    user = make_user("dara@example.com")
    own = start(user=user)
    start(user=make_user("lina@example.com"))
    asked = []
    for email in ("dara@example.com", "lina@example.com"):
        watch_offer(make_variant(), kind=BACK, email=email, by=None)
        asked.append(Watch.objects.latest("pk"))
    assert list(watches_of(user)) == [own]
    for watch in asked:
        confirm_watch(watch.code)
    assert list(watches_of(user)) == [asked[0], own]
    assert list(watches_of(make_user("other@example.com"))) == []


# --- Forgetting -----------------------------------------------------------------------------------------------------


def test_what_nobody_confirmed_and_what_ended_long_ago_is_forgotten(clock):
    kept = start()
    stopped = start()
    stop_watch(stopped.code, by=None)
    start(make_variant(units=1))
    notify_watchers()
    watch_offer(make_variant(), kind=BACK, email="dara@example.com", by=None)
    clock.shift(timedelta(days=7))
    assert tasks.forget_old_watches() == 0
    clock.shift(timedelta(seconds=1))
    assert forget_old_watches() == 1
    assert not Watch.objects.filter(email="dara@example.com").exists()
    clock.shift(timedelta(days=83))
    assert forget_old_watches() == 2
    assert list(Watch.objects.all()) == [kept]
