"""Hint a task without waiting for the broker.

A broker that is down or slow must not fail or slow a request, so one daemon thread per process publishes the hints.
A lost hint costs nothing but time: the sweep finds the same row within 30 s.
"""

import queue
import threading
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction

from core import request_ids

log = structlog.get_logger(__name__)
_hints: "queue.Queue[tuple[str, tuple[Any, ...], str]]" = queue.Queue(maxsize=1000)
_start_lock = threading.Lock()
_publisher: threading.Thread | None = None


def nudge(task_name: str, *args: Any) -> None:
    """After the commit, ask a worker to run the task `task_name` soon. Never raises, never blocks."""
    request_id = request_ids.current()
    transaction.on_commit(lambda: _hand_over(task_name, args, request_id), robust=True)


def _hand_over(task_name: str, args: tuple[Any, ...], request_id: str) -> None:
    if settings.CELERY_TASK_ALWAYS_EAGER:
        current_app.loader.import_default_modules()  # a worker does this at its start
        current_app.tasks[task_name].apply(args=args, throw=True)
        return
    _ensure_publisher()
    try:
        _hints.put_nowait((task_name, args, request_id))
    except queue.Full:
        log.warning("hint_dropped", task=task_name)


def _ensure_publisher() -> None:
    global _publisher  # noqa: PLW0603  (one thread per process, made at first use, remade after a fork)
    with _start_lock:
        if _publisher is None or not _publisher.is_alive():
            _publisher = threading.Thread(target=_publish_hints, name="hints", daemon=True)
            _publisher.start()


def _publish_hints() -> None:
    while True:
        task_name, args, request_id = _hints.get()
        try:
            current_app.send_task(
                task_name, args=args, retry=False, expires=60, headers={"request_id": request_id}, ignore_result=True
            )
        except Exception as error:  # noqa: BLE001  (any transport's errors; the sweep does the work)
            log.warning("hint_not_published", task=task_name, error=repr(error))
