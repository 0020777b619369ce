"""What must happen at a later time: a session expires, a refund settles, a webhook is tried again."""

import heapq
from collections.abc import Callable

from sandbox.clock import Clock
from sandbox.store import Store, new_id

KIND = "agenda"


class Agenda:
    """Entries (due time, deed, subject) kept in the store. Deeds look at the subject anew: it may have moved on."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.deeds: dict[str, Callable[[str], None]] = {}
        self._heap: list[tuple[float, str]] = []
        self.reload()

    def reload(self) -> None:
        """Read the entries again from the store."""
        self._heap = [(entry["due"], entry["id"]) for entry in self.store.all(KIND)]
        heapq.heapify(self._heap)

    def plan(self, deed: str, subject: str, *, after: float) -> None:
        """Do `deed` for the thing called `subject` when the sandbox's clock has gone on by `after` seconds."""
        due = self.clock.exact() + after
        entry = self.store.add(KIND, {"id": new_id("due"), "due": due, "deed": deed, "subject": subject})
        heapq.heappush(self._heap, (due, entry["id"]))

    def run_due(self) -> int:
        """Do everything whose time has come, oldest first; return how many deeds were done."""
        done = 0
        while self._heap and self._heap[0][0] <= self.clock.exact():
            _, name = heapq.heappop(self._heap)
            entry = self.store.find(KIND, name)
            if entry is not None:
                self.store.remove(KIND, name)
                self.deeds[entry["deed"]](entry["subject"])
                done += 1
        return done
