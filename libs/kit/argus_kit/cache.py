"""A cache that replicas share (Redis or Valkey), or one in this process. Both keep the same promises.

A cache makes things quick, never correct: when Redis is away, reads miss, writes are dropped, and rate limits fall
back to counting in this process.
"""

from __future__ import annotations

import time
from typing import Protocol


class Cache(Protocol):
    """What a cache does. Times are in seconds."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None when there is none (any more)."""

    async def set(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keep a value for at most `ttl_s`."""

    async def delete(self, *keys: str) -> None:
        """Drop values."""

    async def take(self, key: str, *, capacity: float, per_second: float, cost: float = 1.0) -> float:
        """Take from a token bucket. Returns 0.0 when there was enough, else the seconds until there will be."""

    async def close(self) -> None:
        """Release what is held."""


class MemoryCache:
    """A bounded cache in this process."""

    def __init__(self, max_items: int = 50_000) -> None:
        self._items: dict[str, tuple[float, bytes]] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self._max_items = max_items

    async def get(self, key: str) -> bytes | None:
        """See Cache."""
        found = self._items.get(key)
        if found is None:
            return None
        if found[0] < time.monotonic():
            del self._items[key]
            return None
        return found[1]

    async def set(self, key: str, value: bytes, ttl_s: float) -> None:
        """See Cache."""
        self._items.pop(key, None)
        while len(self._items) >= self._max_items:
            del self._items[next(iter(self._items))]
        self._items[key] = (time.monotonic() + ttl_s, value)

    async def delete(self, *keys: str) -> None:
        """See Cache."""
        for key in keys:
            self._items.pop(key, None)

    async def take(self, key: str, *, capacity: float, per_second: float, cost: float = 1.0) -> float:
        """See Cache."""
        now = time.monotonic()
        level, since = self._buckets.pop(key, (capacity, now))
        level = min(capacity, level + (now - since) * per_second)
        while len(self._buckets) >= self._max_items:
            del self._buckets[next(iter(self._buckets))]
        if level >= cost:
            self._buckets[key] = (level - cost, now)
            return 0.0
        self._buckets[key] = (level, now)
        return (cost - level) / per_second

    async def close(self) -> None:
        """See Cache."""


def open_cache(url: str) -> Cache:
    """A cache in Redis when `url` names one, else in this process."""
    if not url:
        return MemoryCache()
    from argus_kit.redis_cache import RedisCache

    return RedisCache(url)
