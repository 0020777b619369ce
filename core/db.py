"""Transactions as the shop uses them on SQLite, MariaDB and MySQL."""

import functools
import random
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

log = structlog.get_logger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

# 1213 deadlock, 1205 lock wait timeout, 1020 record changed (MariaDB snapshot isolation).
RETRYABLE_CODES = frozenset({1213, 1205, 1020})
TRIES = 4
FRESH_SECONDS = 0.5
_wait_for_locks: ContextVar[bool] = ContextVar("wait_for_locks", default=False)


class LockedRowsSkipped(Exception):
    """A query with SKIP LOCKED may have missed rows: run the whole transaction again and wait for the locks."""


def is_retryable(error: BaseException) -> bool:
    """Tell whether the database gave up for a reason that another try may not meet."""
    if not isinstance(error, OperationalError) or not error.args:
        return False
    return error.args[0] in RETRYABLE_CODES or "database is locked" in str(error)


def waits_for_locks() -> bool:
    """Tell whether this run of the transaction must wait for locked rows instead of skipping them."""
    return _wait_for_locks.get() or not connection.features.has_select_for_update_skip_locked


def is_outermost() -> bool:
    """Tell whether no transaction is open, the test case's own one not counted."""
    return all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def atomic_retry(deed: Callable[P, R]) -> Callable[P, R]:
    """Run `deed` in one transaction and repeat the whole of it when the database asks for that.

    Repeats only when it opened the transaction itself; inside another one it joins. The deed must therefore read
    everything it decides on afresh, and must not talk to a network.
    """

    @functools.wraps(deed)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not is_outermost():
            # No savepoint: a deed that fails inside another one ends both, unless the outer one made a savepoint.
            with transaction.atomic(savepoint=False):
                return deed(*args, **kwargs)
        waiting = False
        for attempt in range(1, TRIES + 1):
            token = _wait_for_locks.set(waiting)
            try:
                with transaction.atomic():
                    return deed(*args, **kwargs)
            except LockedRowsSkipped:
                waiting = True
            except OperationalError as error:
                if not is_retryable(error) or attempt == TRIES:
                    raise
                log.warning("transaction_retried", deed=deed.__name__, attempt=attempt, error=str(error))
                time.sleep(random.uniform(0.005, 0.04) * attempt)  # noqa: S311  (jitter, not a secret)
            finally:
                _wait_for_locks.reset(token)
        raise RuntimeError(f"{deed.__name__} kept skipping locked rows although it was told to wait")

    return run


def in_transaction() -> bool:
    """Tell whether a transaction of ours is open (the test case's own one does not count)."""
    return not is_outermost()


def _mark_broken_transaction(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """After a deadlock the server has rolled back: refuse to go on and commit the other half."""
    wrapper: BaseDatabaseWrapper = context["connection"]
    try:
        answer = execute(sql, params, many, context)
        wrapper.answered_at = time.monotonic()  # type: ignore[attr-defined]
        return answer
    except OperationalError as error:
        if wrapper.in_atomic_block and error.args and error.args[0] in RETRYABLE_CODES:
            wrapper.needs_rollback = True
        raise


def count_each(querysets: Iterable[QuerySet[Any]]) -> list[int]:
    """Return how many rows each of these has, in one query. What is sliced is counted up to its slice."""
    counts, params = [], []
    for place, rows in enumerate(querysets):
        sql, own = rows.values("pk").query.sql_with_params()
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) AS rows_{place})")  # noqa: S608  (Django's own SQL)
        params += own
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", params)
        return list(cursor.fetchone())


def install_rollback_guard(sender: object, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Put the guard on every new connection (heard from `connection_created`)."""
    if _mark_broken_transaction not in connection.execute_wrappers:
        connection.execute_wrappers.append(_mark_broken_transaction)


def trust_a_fresh_connection(**kwargs: object) -> None:
    """Let a connection that has just answered be used without asking it whether it lives (heard at request_started).

    Django asks on every request (CONN_HEALTH_CHECKS), which is a round trip before the first query. A server that was
    restarted is away for longer than FRESH_SECONDS, and then it is asked.
    """
    answered_at = getattr(connection, "answered_at", None)
    if answered_at is not None and time.monotonic() - answered_at < FRESH_SECONDS:
        connection.health_check_done = True
