"""Keep what costs much to make: data and pieces of pages, under keys that hold the versions of what they show.

A change raises its version in its own transaction (core.versions), so the next request anywhere asks for another key.
Read the versions before the data: then a key can only ever hold something as new as its versions, or newer.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache as remember
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache

from core.db import in_transaction

T = TypeVar("T")
# What a release is made of, as far as it shows in what is kept.
RELEASE_FILES = ("*.py", "*.html", "*.css", "*.js", "*.svg", "*.mo")
# A builder that takes longer than this (seconds) is not waited for.
PATIENCE = 2.0
# One builder a process for each of these stripes: whoever asks for the same thing meanwhile waits and then finds it.
# Each kind of thing has stripes of its own, so that making a page never waits for itself to make its parts.
STRIPES = 32
_builders: dict[tuple[str, int], Any] = {}
# The latest of it also lies in the process itself: asking Redis and unpickling cost more than most pages' one query.
NEAR_MAX = 256
_near: OrderedDict[str, tuple[float, Any]] = OrderedDict()
_near_lock = threading.Lock()


def keep(
    what: str,
    *key: object,
    versions: Iterable[tuple[str, int]],
    build: Callable[[], T],
    may_keep: Callable[[], bool] = lambda: True,
) -> T:
    """Return what `build` made for this key, these versions and this release; None is never kept.

    `what` names the kind of thing, `key` tells its instances apart (values with a telling repr). Whoever gets it must
    not change it: others get the same one. Kept for settings.CACHE_SECONDS at most; 0 keeps nothing. Inside a
    transaction `build` runs every time: a version that is rolled back must leave nothing behind. `may_keep` is asked
    after `build`: a key made of facts that change back and forth must not hold what was made of others.
    """
    if not settings.CACHE_SECONDS or in_transaction():
        return build()
    text = repr((what, key, sorted(versions), release()))
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    name = f"kept.{what}.{digest}"
    found = _look_near(name)
    if found is not None:
        return found
    builder = _builders.setdefault((what, int(digest[:8], 16) % STRIPES), threading.RLock())
    is_mine = builder.acquire(timeout=PATIENCE)
    try:
        found = _look_near(name)
        if found is None and (found := cache.get(name)) is None:
            found = build()
            if found is None or not may_keep():
                return found
            cache.set(name, found, settings.CACHE_SECONDS)
        _put_near(name, found)
    finally:
        if is_mine:
            builder.release()
    return found


def forget() -> None:
    """Empty what lies in this process, as `cache.clear()` empties what all share: after a database was restored."""
    with _near_lock:
        _near.clear()


def _look_near(name: str) -> Any:
    with _near_lock:
        until, found = _near.get(name, (0.0, None))
        if found is None or until < time.monotonic():
            return None
        _near.move_to_end(name)
        return found


def _put_near(name: str, found: Any) -> None:
    with _near_lock:
        _near[name] = time.monotonic() + settings.CACHE_SECONDS, found
        _near.move_to_end(name)
        while len(_near) > NEAR_MAX:
            _near.popitem(last=False)


@remember
def release() -> str:
    """Return a digest of the program's own files: two releases that share a cache never read each other's pages."""
    digest = hashlib.blake2b(digest_size=8)
    roots = [settings.BASE_DIR / name for name in ("templates", *(app for app in settings.INSTALLED_APPS))]
    for root in roots:
        # Installed libraries are named by dotted paths or lie elsewhere.
        for path in sorted(path for pattern in RELEASE_FILES for path in root.rglob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
