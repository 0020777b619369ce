"""One lock for each object, so that two calls never act on one object at the same time."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

PATIENCE = 5.0  # seconds a call waits for another that holds the object


class LockTimeout(Exception):
    """Another call held the object for too long."""


class Locks:
    """Locks by name; a lock lives while somebody holds or awaits it."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Hold the locks of all names, taken in one order so that two calls never wait for each other.

        Raises LockTimeout after `patience` seconds.
        """
        async with AsyncExitStack() as stack:
            for name in sorted(set(names)):
                await stack.enter_async_context(self._hold_one(name))
            yield

    @asynccontextmanager
    async def _hold_one(self, name: str) -> AsyncIterator[None]:
        lock, users = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, users + 1)
        try:
            try:
                await asyncio.wait_for(lock.acquire(), self.patience)
            except TimeoutError:
                raise LockTimeout(name) from None
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, users = self._locks[name]
            if users == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, users - 1)
