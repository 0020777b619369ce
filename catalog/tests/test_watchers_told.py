"""Watchers are told when their offer is back in stock or has become cheaper: once for each event, or not at all."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.tests.factories import make_user
from catalog import tasks, watching
from catalog.listings import mark_dirty
from catalog.models import Unit, Variant, Watch
from catalog.tests.factories import make_category, make_product, make_units, make_variant
from catalog.tests.watchers import BACK, DROP, letters, start, withdraw
from catalog.watching import notify_watchers
from notifications.models import Email

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def price(variant, amount):
    Variant.objects.filter(pk=variant.pk).update(price=Decimal(amount))


def test_back_in_stock_is_told_once_when_units_can_really_be_taken(clock):
    category = make_category(
        "laptops", spec_definitions=[{"key": "ram_gb", "label": "Memory", "unit": "GB"}], variant_axes=["ram_gb"]
    )
    product = make_product("ThinkPad <b>X1</b>", category=category, slug="x1")
    variant = make_variant(product, sku="X1/A 16", grade="A", options={"ram_gb": 16}, price="585.00")
    watch = start(variant, user=make_user("dara@example.com"))
    assert notify_watchers() == 0
    [unit] = make_units(variant, quantity=1, state="testing")
    assert notify_watchers() == 0
    Unit.objects.filter(pk=unit.pk).update(state="available")
    clock.shift(timedelta(minutes=5))
    assert notify_watchers() == 1
    assert notify_watchers() == 0
    watch.refresh_from_db()
    assert (watch.state, watch.live_key, watch.told_at, watch.told_times) == ("told", None, clock_time(5), 1)
    letter = Email.objects.get()
    stop = f"http://testserver/letters/stop/{watch.code}/"
    assert (letter.kind, letter.to, letter.unsubscribe_url) == ("back_in_stock", "dara@example.com", stop)
    assert letter.subject == "Back in stock: Lenovo ThinkPad <b>X1</b>"
    assert letter.dedupe_key == f"back_in_stock:{watch.pk}:"
    for part in (letter.text, letter.html):
        assert "http://testserver/p/x1/?offer=X1/A%2016" in part
        assert stop in part
        assert "Excellent" in part
        assert "16\N{NO-BREAK SPACE}GB" in part
        assert "$585.00" in part
    assert "Lenovo ThinkPad <b>X1</b>" in letter.text
    assert "ThinkPad &lt;b&gt;X1&lt;/b&gt;" in letter.html
    assert "<b>X1" not in letter.html


def clock_time(minutes):
    return START + timedelta(minutes=minutes)


def test_a_lower_price_is_told_once_for_each_fall():
    variant = make_variant(price="100.00", units=1)
    watch = start(variant, kind=DROP)
    for amount, expected in (("100.00", 0), ("120.00", 0), ("90.00", 1), ("95.00", 0), ("90.00", 0), ("80.50", 1)):
        price(variant, amount)
        assert (amount, notify_watchers()) == (amount, expected)
        assert notify_watchers() == 0
    watch.refresh_from_db()
    assert (watch.state, watch.price_seen, watch.told_times) == ("active", Decimal("80.50"), 2)
    subjects = [letter.subject for letter in Email.objects.order_by("pk")]
    assert [subject.split(":")[0] for subject in subjects] == ["Now $90.00", "Now $80.50"]
    last = Email.objects.latest("pk")
    assert "costs $80.50 now. It was $90.00 when" in last.text
    assert "costs $80.50 now. It was $90.00 when" in last.html
    assert last.unsubscribe_url.endswith(f"/letters/stop/{watch.code}/")
    assert last.dedupe_key == f"price_drop:{watch.pk}:2"


def test_a_lower_price_of_what_is_sold_out_waits_for_the_next_unit():
    variant = make_variant(price="100.00")
    start(variant, kind=DROP)
    price(variant, "80.00")
    assert notify_watchers() == 0
    make_units(variant, quantity=1)
    assert notify_watchers() == 1


@pytest.mark.parametrize("how", ["not offered", "no price", "retired", "hidden"])
@pytest.mark.parametrize("kind", [BACK, DROP])
def test_nobody_is_told_about_what_is_not_sold(how, kind):
    variant = make_variant(price="100.00")
    start(variant, kind=kind)
    make_units(variant, quantity=1)
    price(variant, "50.00")
    withdraw(variant, how)
    assert notify_watchers() == 0
    assert letters() == []
    assert Watch.objects.get().state == "active"


def test_a_closed_account_is_not_written_to():
    watch = start()
    make_units(watch.variant, quantity=1)
    watch.user.is_active = False
    watch.user.save()
    assert notify_watchers() == 0


def test_a_letter_that_cannot_be_written_keeps_nobody_waiting(monkeypatch):
    monkeypatch.setattr(watching, "BATCH", 2)
    bad = start(make_variant(make_product("Two\nlines"), units=1))
    for _ in range(3):
        start(make_variant(units=1))
    assert notify_watchers() == 3
    assert len(letters()) == 3
    bad.refresh_from_db()
    assert (bad.state, bad.told_times) == ("active", 0)


def test_a_letter_and_its_watch_change_together(monkeypatch):
    watch = start(make_variant(units=1))

    def fail(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(watching, "move", fail)
    with pytest.raises(ZeroDivisionError):
        notify_watchers()
    watch.refresh_from_db()
    assert watch.state == "active"
    assert letters() == []


def test_a_change_of_stock_or_price_tells_without_waiting_for_the_sweep(monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "nudge", lambda name, *args: asked.append(name))
    assert tasks.rebuild_dirty_listings() == 0
    assert asked == []
    make_variant(units=1)
    watching.watch_offer(make_variant(), kind=BACK, email="", by=make_user())
    mark_dirty([Variant.objects.first().product_id])
    assert tasks.rebuild_dirty_listings() == 1
    assert asked == ["catalog.notify_watchers"]


def test_the_sweep_runs_every_thirty_seconds(settings):
    sweeps = {row["task"]: row["schedule"] for row in settings.CELERY_BEAT_SCHEDULE.values()}
    assert sweeps["catalog.notify_watchers"] == 30.0
    assert sweeps["catalog.forget_old_watches"] == 3600.0
    start(make_variant(units=1))
    assert tasks.notify_watchers() == 1


@pytest.mark.parametrize("idle", [1, 3])
def test_a_sweep_with_nothing_to_tell_takes_one_query(idle, django_assert_num_queries):
    for _ in range(idle):
        start()
    with django_assert_num_queries(1):
        assert notify_watchers() == 0


def test_a_code_never_reaches_a_log_line_or_a_key():
    watch = start(make_variant(units=1))
    notify_watchers()
    letter = Email.objects.get()
    assert watch.code not in letter.dedupe_key
    assert watch.code not in str(watch)
