"""What is kept is right on the next request after a change, and a cache that is away only makes things slower."""

import threading
from functools import partial

import pytest
import time_machine
from django.core.cache import cache, caches
from django.db import transaction

from core.caching import keep, release
from core.local_cache import LocalCache
from core.redis_cache import TolerantRedisCache
from core.tests.racing import run_together
from core.versions import CATEGORIES, EVERY_LIST, SHOP, ReadVersions, current_versions, list_of, raise_versions

pytestmark = pytest.mark.django_db


class Truth:
    """Something that changes, and how often it was read."""

    def __init__(self):
        self.value, self.reads = "old", 0

    def read(self):
        self.reads += 1
        return self.value


def test_a_raised_version_shows_the_change_on_the_next_request():
    truth = Truth()
    first = [keep("thing", 1, versions=ReadVersions().of(SHOP), build=truth.read) for _ in range(3)]
    truth.value = "new"
    raise_versions([SHOP])
    assert (first, keep("thing", 1, versions=ReadVersions().of(SHOP), build=truth.read)) == (["old"] * 3, "new")
    assert truth.reads == 2


def test_without_the_version_in_the_key_the_change_would_not_show():
    """The negative control of the test above."""
    truth = Truth()
    keep("thing", 1, versions=[], build=truth.read)
    truth.value = "new"
    raise_versions([SHOP])
    assert keep("thing", 1, versions=[], build=truth.read) == "old"


def test_kinds_keys_versions_and_releases_are_told_apart(monkeypatch):
    versions = ReadVersions().of(SHOP)
    ways = [(what, key) for what in "ab" for key in (1, "1")]
    assert [keep(*way, versions=versions, build=partial(list, way)) for way in ways] == [list(way) for way in ways]
    monkeypatch.setattr("core.caching.release", lambda: "another release")
    assert keep("a", 1, versions=versions, build=lambda: "made by it") == "made by it"
    assert len(release()) == 16


def test_a_version_that_is_rolled_back_leaves_nothing_behind():
    truth = Truth()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise_versions([SHOP])
        truth.value = "never committed"
        keep("thing", versions=ReadVersions().of(SHOP), build=truth.read)
        raise ZeroDivisionError
    truth.value = "committed"
    raise_versions([SHOP])
    assert keep("thing", versions=ReadVersions().of(SHOP), build=truth.read) == "committed"


def test_none_is_not_kept_and_no_seconds_keep_nothing(settings):
    truth = Truth()
    truth.value = None
    assert [keep("thing", versions=[], build=truth.read) for _ in range(2)] == [None, None]
    truth.value = "here"
    settings.CACHE_SECONDS = 0
    assert [keep("thing", versions=[], build=truth.read) for _ in range(2)] == ["here", "here"]
    assert truth.reads == 4


def test_one_builder_a_process_works_and_the_others_wait_for_it():
    builds, started, go = [], threading.Event(), threading.Event()

    def build():
        builds.append(threading.get_ident())
        started.set()
        assert go.wait(5)
        return "built"

    def ask():
        return keep("slow", versions=[], build=build)

    def let_go():
        assert started.wait(5)
        go.set()
        return "built"

    assert run_together([ask] * 8 + [let_go], at_once=9) == ["built"] * 9
    assert len(builds) == 1


def test_a_request_reads_versions_once(django_assert_num_queries):
    read = ReadVersions()
    raise_versions([EVERY_LIST, list_of("laptops")])
    with django_assert_num_queries(1):
        assert read.of(list_of("laptops")) == [("catalog:laptops", 1)]
        assert read.of(SHOP, CATEGORIES, EVERY_LIST) == [("shop", 0), ("categories", 0), ("catalog", 1)]
    raise_versions([EVERY_LIST])
    assert read.of(EVERY_LIST) == [("catalog", 1)], "one request sees one version"
    assert current_versions([EVERY_LIST]) == {"catalog": 2}


@pytest.fixture
def away(monkeypatch):
    """A Redis that nobody answers for (port 9 of this machine)."""
    monkeypatch.setattr(TolerantRedisCache, "_resting_until", 0.0)
    yield TolerantRedisCache("redis://127.0.0.1:9/0", {"OPTIONS": {"socket_connect_timeout": 0.2}})
    TolerantRedisCache._resting_until = 0.0


def test_a_redis_that_is_away_is_an_empty_cache(away, monkeypatch):
    asked = []
    monkeypatch.setattr("core.redis_cache.log.warning", lambda *words, **facts: asked.append(words))
    assert away.get("a") is None
    assert away.get("a", "default") == "default"
    assert away.set("a", 1) is None
    assert (away.add("a", 1), away.delete("a"), away.get_many(["a"]), away.set_many({"a": 1})) == (
        False,
        False,
        {},
        ["a"],
    )
    assert asked == [("cache_unreachable",)], "after the first failure it rests"


def test_a_redis_that_is_away_counts_nothing(away, monkeypatch):
    monkeypatch.setattr("core.redis_cache.log.warning", lambda *words, **facts: None)
    assert [away.count_up("calls", 60) for _ in range(3)] == [0, 0, 0]


def test_a_count_begins_anew_when_its_time_is_over():
    own = LocalCache("counting", {})
    with time_machine.travel("2026-11-21 10:00:00", tick=False) as clock:
        assert [own.count_up("calls", 60) for _ in range(3)] == [1, 2, 3]
        assert own.count_up("others", 60) == 1
        clock.shift(61)
        assert own.count_up("calls", 60) == 1


@pytest.mark.services
def test_redis_counts_in_one_trip_and_forgets():
    assert [cache.count_up("calls", 60) for _ in range(3)] == [1, 2, 3]
    name = cache.make_key("calls")
    assert 0 < caches["default"]._cache.get_client().ttl(name) <= 60


def test_pages_and_the_api_work_while_redis_is_away(client, settings, monkeypatch):
    monkeypatch.setattr(TolerantRedisCache, "_resting_until", 0.0)
    monkeypatch.setattr("core.redis_cache.log.warning", lambda *words, **facts: None)
    options = {"socket_connect_timeout": 0.2}
    settings.CACHES = {
        "default": {
            "BACKEND": "core.redis_cache.TolerantRedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
            "OPTIONS": options,
        }
    }
    assert [client.get(path).status_code for path in ("/", "/search/?q=x", "/api/v1/categories/")] == [200] * 3
