"""The cache of a shop that runs in one process, with the counters that core.redis_cache has."""

from django.core.cache.backends.locmem import LocMemCache


class LocalCache(LocMemCache):
    """Django's cache in the process's own memory."""

    def count_up(self, key: str, seconds: int) -> int:
        """Add one to a counter and return it; `seconds` after its beginning it is forgotten."""
        self.add(key, 0, seconds)
        return self.incr(key)
