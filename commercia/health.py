"""Is the process alive (/healthz), and can it serve (/readyz)?

Answered by the first middleware, so that host names, the redirect to HTTPS, sessions and logins play no part.
"""

import threading
import time
from collections.abc import Callable

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from core import clock
from payments.comparing import alarms

log = structlog.get_logger(__name__)
DEADLINE = 1.8  # seconds for all checks together; the whole answer takes less than 2 s
KEEP = 1.0  # seconds for which an answer is given again, so that a flood of probes costs nothing
OK, DOWN, BEHIND, NEEDS_STAFF = "ok", "down", "migrations missing", "needs staff"


class NotReady(Exception):
    """A check found something wrong; the word is shown, the reason is only logged."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word


class Probe:
    """Runs one check in a thread of its own, never two at a time, and remembers its word."""

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        self.name = name
        self.check = check
        self.word = DOWN
        self.finished_at = float("-inf")
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()

    def start(self) -> None:
        """Begin the check unless it runs already or has just been made."""
        with self.lock:
            if self.thread is not None and self.thread.is_alive():
                return
            if time.monotonic() - self.finished_at < KEEP:
                return
            self.thread = threading.Thread(target=self.run, name=f"probe-{self.name}", daemon=True)
            self.thread.start()

    def run(self) -> None:
        """Make the check and keep its word."""
        word = OK
        try:
            self.check()
        except NotReady as error:
            word = error.word
            log.warning("not_ready", part=self.name, error=str(error))
        except Exception as error:  # noqa: BLE001  (any driver's error means the same here; it is logged)
            word = DOWN
            log.warning("not_ready", part=self.name, error=repr(error))
        finally:
            connection.close()
        self.word = word
        self.finished_at = time.monotonic()

    def answer(self, until: float) -> str:
        """Return the word, waiting for it until the instant `until` (time.monotonic); a check that hangs is down."""
        thread = self.thread
        if thread is not None:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                return DOWN
        return self.word


class DatabaseCheck:
    """Raises when the database does not answer or lacks migrations of this release."""

    def __init__(self) -> None:
        self.migrated = False

    def __call__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        if self.migrated:  # once true it stays true while this release runs
            return
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            raise NotReady(BEHIND, f"{len(missing)} migrations are missing: run manage.py migrate")
        self.migrated = True


def check_cache() -> None:
    """Raises when the cache does not give back what was put in."""
    cache.set("readyz", "here", 10)
    if cache.get("readyz") != "here":
        raise NotReady(DOWN, "the cache forgot a value at once")


def check_broker() -> None:
    """Raises when no message could be handed to the broker."""
    with current_app.connection_for_write(connect_timeout=1) as link:
        link.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)


def check_books() -> None:
    """Raises when a day's money was not compared with a provider's books in time, or a provider needs staff soon."""
    words = alarms(clock.now())
    if words:
        raise NotReady(NEEDS_STAFF, " ".join(words))


class Readiness:
    """All checks side by side, under one deadline."""

    def __init__(self) -> None:
        self.needed = [Probe("database", DatabaseCheck()), Probe("cache", check_cache)]
        # Without the broker the sweeps still find every row, only later.
        # Books that nobody has compared do not keep customers from paying, but somebody must hear of them.
        self.useful = [Probe("broker", check_broker), Probe("books", check_books)]

    def answer(self) -> tuple[int, dict[str, object]]:
        """Return the HTTP status and the body: 200 ready or degraded, 503 not ready."""
        until = time.monotonic() + DEADLINE
        for probe in [*self.needed, *self.useful]:
            probe.start()
        words = {probe.name: probe.answer(until) for probe in [*self.needed, *self.useful]}
        if any(words[probe.name] != OK for probe in self.needed):
            return 503, {"status": "not ready", "checks": words}
        degraded = any(words[probe.name] != OK for probe in self.useful)
        return 200, {"status": "degraded" if degraded else "ready", "checks": words}


class HealthMiddleware:
    """Answers the two health addresses and passes on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.readiness = Readiness()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path not in ("/healthz", "/readyz"):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return JsonResponse({"status": "only GET and HEAD"}, status=405, headers={"Allow": "GET, HEAD"})
        status, body = (200, {"status": "alive"}) if request.path == "/healthz" else self.readiness.answer()
        return JsonResponse(
            body, status=status, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        )
