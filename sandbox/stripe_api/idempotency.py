"""Idempotency keys: the first result is kept for 24 hours and given again (https://docs.stripe.com/api/idempotent_requests)."""

import hashlib
from typing import Any

from sandbox.store import Thing
from sandbox.stripe_api.errors import key_in_use, key_misused, unreadable
from sandbox.world import World

KIND = "idempotency"
KEPT_FOR = 24 * 60 * 60  # seconds
LONGEST_KEY = 255


def fingerprint(pairs: list[tuple[str, str]]) -> str:
    """Return a mark that is the same for the same parameters in any order."""
    text = "\n".join(f"{name}={value}" for name, value in sorted(pairs))
    return hashlib.sha256(text.encode()).hexdigest()


def recall(world: World, key: str, path: str, pairs: list[tuple[str, str]]) -> Thing | None:
    """Return the kept result of a key, or None for a new key; a key older than 24 hours counts as new.

    Raises ApiError: 409 while the first call runs, 400 for other parameters or another address.
    """
    if len(key) > LONGEST_KEY:
        raise unreadable(f"Idempotency keys may be at most {LONGEST_KEY} characters long.")
    kept = world.store.find(KIND, name_of(key))
    if kept is None:
        return None
    if kept["made"] + KEPT_FOR <= world.clock.now():
        world.store.remove(KIND, kept["id"])
        return None
    if kept["path"] != path:
        raise key_misused(key, kept["path"])
    if kept["fingerprint"] != fingerprint(pairs):
        raise key_misused(key)
    return kept


def keep(
    world: World, key: str, path: str, pairs: list[tuple[str, str]], *, status: int, body: Any, request: str
) -> None:
    """Keep the result of a key, errors included."""
    world.store.add(
        KIND,
        {
            "id": name_of(key),
            "made": world.clock.now(),
            "path": path,
            "fingerprint": fingerprint(pairs),
            "status": status,
            "body": body,
            "request": request,
        },
    )


def name_of(key: str) -> str:
    """Return the store's name for a key."""
    return f"key:{key}"


class Running:
    """The keys of calls that are on their way; they do not survive a restart, and need not."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def start(self, key: str) -> None:
        """Mark a key as in use.

        Raises a 409 ApiError when it is already.
        """
        if key in self._keys:
            raise key_in_use(key)
        self._keys.add(key)

    def end(self, key: str) -> None:
        """Let go of a key."""
        self._keys.discard(key)
