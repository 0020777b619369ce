"""The two health addresses answer whatever else is wrong."""

import json
import socket
import threading
import time

import pytest
from django.core.cache import cache
from django.test import override_settings

from commercia import health
from commercia.health import BEHIND, DOWN, OK, DatabaseCheck, HealthMiddleware, NotReady, Probe, Readiness


def page(request):
    raise AssertionError("the health middleware must answer by itself")


def fine():
    pass


def broken():
    raise OSError("no route to host, password hunter2")


def readiness(*, database=fine, cache=fine, **useful):
    """Return a Readiness whose checks are these functions."""
    ready = Readiness()
    ready.needed = [Probe("database", database), Probe("cache", cache)]
    ready.useful = [Probe(name, check) for name, check in ({"broker": fine} | useful).items()]
    return ready


@pytest.mark.parametrize("settings", [{}, {"ALLOWED_HOSTS": []}, {"SECURE_SSL_REDIRECT": True}])
def test_the_process_is_alive_whatever_the_host_and_without_the_database(client, settings):
    with override_settings(**settings):
        answer = client.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_health_is_only_read(client, path, method):
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/healthz/", "/healthzz", "/HEALTHZ", "/x/healthz"])
def test_other_paths_are_passed_on(rf, path):
    assert HealthMiddleware(lambda request: f"page {request.path}")(rf.get(path)) == f"page {path}"


@pytest.mark.django_db(transaction=True)
def test_ready_with_a_migrated_database_and_a_cache(rf):
    answer = HealthMiddleware(page)(rf.get("/readyz"))
    assert answer.status_code == 200
    checks = json.loads(answer.content)["checks"]
    assert (checks["database"], checks["cache"]) == (OK, OK)


@pytest.mark.parametrize(
    ("parts", "status", "word", "checks"),
    [
        ({}, 200, "ready", {"database": OK, "cache": OK, "broker": OK}),
        ({"broker": broken}, 200, "degraded", {"database": OK, "cache": OK, "broker": DOWN}),
        ({"database": broken}, 503, "not ready", {"database": DOWN, "cache": OK, "broker": OK}),
        ({"cache": broken}, 503, "not ready", {"database": OK, "cache": DOWN, "broker": OK}),
        ({"database": broken, "broker": broken}, 503, "not ready", {"database": DOWN, "cache": OK, "broker": DOWN}),
    ],
)
def test_what_is_needed_and_what_is_only_useful(parts, status, word, checks):
    assert readiness(**parts).answer() == (status, {"status": word, "checks": checks})


@pytest.mark.django_db
def test_books_that_nobody_compared_are_told_and_stop_nothing(monkeypatch):
    monkeypatch.setattr(health, "alarms", lambda now: ["20 November 2026 was not compared with stripe."])
    with pytest.raises(NotReady, match="20 November 2026") as told:
        health.check_books()
    assert told.value.word == "needs staff"
    status, body = readiness(books=health.check_books).answer()
    assert (status, body["status"], body["checks"]["books"]) == (200, "degraded", "needs staff")
    monkeypatch.setattr(health, "alarms", lambda now: [])
    health.check_books()


def test_a_check_that_hangs_is_down_within_two_seconds_and_runs_only_once():
    release, calls = threading.Event(), []

    def hang():
        calls.append(1)
        release.wait(30)

    ready = readiness(database=hang)
    for _ in range(2):
        started = time.monotonic()
        status, body = ready.answer()
        assert time.monotonic() - started < 2
        assert (status, body["checks"]) == (503, {"database": DOWN, "cache": OK, "broker": OK})
    assert calls == [1]
    release.set()
    ready.needed[0].thread.join(5)
    assert ready.answer()[0] == 200


def test_an_answer_is_given_again_for_a_second_and_then_made_anew(monkeypatch):
    calls = []
    probe = Probe("database", lambda: calls.append(1))
    for _ in range(3):
        probe.start()
        assert probe.answer(time.monotonic() + 1) == OK
    assert calls == [1]
    monkeypatch.setattr(health, "KEEP", 0.0)
    probe.start()
    probe.answer(time.monotonic() + 1)
    assert calls == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_missing_migrations_are_behind_and_once_applied_are_not_looked_for_again(monkeypatch):
    looks = []

    class Executor:
        def __init__(self, connection):
            looks.append(connection)
            self.loader = type("Loader", (), {"graph": type("Graph", (), {"leaf_nodes": staticmethod(list)})})
            self.migration_plan = lambda nodes: plans.pop(0)

    plans = [["0002", "0003"], []]
    monkeypatch.setattr(health, "MigrationExecutor", Executor)
    check = DatabaseCheck()
    with pytest.raises(NotReady, match="2 migrations are missing") as raised:
        check()
    assert raised.value.word == BEHIND
    check()
    check()
    assert len(looks) == 2


def test_a_cache_that_forgets_is_down(monkeypatch):
    monkeypatch.setattr(cache, "get", lambda key: None)
    with pytest.raises(NotReady):
        health.check_cache()


def test_a_broker_that_does_not_listen_is_found_within_two_seconds(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setattr(health.current_app.conf, "broker_url", f"amqp://guest:guest@127.0.0.1:{port}//")
    monkeypatch.setattr(health.current_app.conf, "broker_write_url", f"amqp://guest:guest@127.0.0.1:{port}//")
    started = time.monotonic()
    ready = Readiness()
    assert ready.useful[0].name == "broker"
    ready.useful[0].start()
    assert ready.useful[0].answer(time.monotonic() + health.DEADLINE) == DOWN
    assert time.monotonic() - started < 2


def test_reasons_are_not_shown():
    status, body = readiness(database=broken).answer()
    assert status == 503
    assert "hunter2" not in str(body)


def test_the_middleware_is_the_first(settings):
    assert settings.MIDDLEWARE[0] == "commercia.health.HealthMiddleware"


@pytest.mark.services
def test_a_database_server_that_does_not_answer_is_503_within_two_seconds():
    """A port that accepts and then says nothing is what a frozen server looks like."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        import MySQLdb

        port = silent.getsockname()[1]
        started = time.monotonic()
        status, body = readiness(
            database=lambda: MySQLdb.connect(host="127.0.0.1", port=port, connect_timeout=5)
        ).answer()
        assert time.monotonic() - started < 2
    assert (status, body["checks"]["database"]) == (503, DOWN)
