"""Redis as a cache whose loss is only slow: a page never fails because of it."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
T = TypeVar("T")
# After a failure nobody asks for so many seconds, so that a dead Redis costs one request its timeout and not every one.
REST_SECONDS = 3.0


class OneClient(RedisCacheClient):
    """Django's client makes a new Redis object for each question, which takes as long as the question."""

    _made: Redis | None = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        """Return the client of this thread's cache; it has a pool of connections. The shop has one Redis."""
        if self._made is None:
            self._made = super().get_client(key, write=write)
        return self._made


class TolerantRedisCache(RedisCache):
    """Django's Redis cache, for which a Redis that is away is an empty one that takes nothing.

    The limits of the API are counted here too: while Redis is away, nobody is limited.
    """

    _resting_until = 0.0

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = OneClient

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(TolerantRedisCache, self).get(key, default, version), default)

    def set(self, key: str, value: Any, *args: Any, **options: Any) -> None:
        self._try(lambda: super(TolerantRedisCache, self).set(key, value, *args, **options), None)

    def add(self, key: str, value: Any, *args: Any, **options: Any) -> bool:
        return self._try(lambda: super(TolerantRedisCache, self).add(key, value, *args, **options), False)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._try(lambda: super(TolerantRedisCache, self).delete(key, version), False)

    def get_many(self, keys: Any, version: int | None = None) -> dict[str, Any]:
        return self._try(lambda: super(TolerantRedisCache, self).get_many(keys, version), {})

    def set_many(self, data: Any, *args: Any, **options: Any) -> list[str]:
        return self._try(lambda: super(TolerantRedisCache, self).set_many(data, *args, **options), list(data))

    def count_up(self, key: str, seconds: int) -> int:
        """Add one to a counter and return it, 0 while Redis is away; `seconds` after its beginning it is forgotten."""

        def count() -> int:
            name = self.make_and_validate_key(key)
            trip = self._cache.get_client(name, write=True).pipeline(transaction=False)
            return trip.set(name, 0, ex=seconds, nx=True).incr(name).execute()[1]

        return self._try(count, 0)

    def _try(self, deed: Callable[[], T], otherwise: T) -> T:
        if time.monotonic() < TolerantRedisCache._resting_until:
            return otherwise
        try:
            return deed()
        except (RedisError, OSError) as error:
            TolerantRedisCache._resting_until = time.monotonic() + REST_SECONDS
            log.warning("cache_unreachable", error=repr(error))
            return otherwise
