"""Run many callers at the same moment, each on its own database connection."""

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connection, connections


def run_together(calls: Sequence[Callable[[], Any]], *, at_once: int) -> list[Any]:
    """Run `calls` on `at_once` threads that start together; return results and errors, in the order of the calls."""
    waiting: SimpleQueue[tuple[int, Callable[[], Any]]] = SimpleQueue()
    for numbered in enumerate(calls):
        waiting.put(numbered)
    outcomes: list[Any] = [None] * len(calls)
    gate = threading.Barrier(min(at_once, len(calls)))

    def work() -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            while True:
                number, call = waiting.get_nowait()
                try:
                    outcomes[number] = call()
                except Exception as error:  # noqa: BLE001  (an outcome like any other; the test looks at it)
                    outcomes[number] = error
        except Empty:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(gate.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
