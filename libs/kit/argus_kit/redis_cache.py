"""The cache in Redis or Valkey. Loaded only where one is configured: the client costs a fifth of a process's start."""

from __future__ import annotations

import time
from typing import Any

import redis.asyncio as redis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from argus_kit.cache import MemoryCache

log = structlog.get_logger(__name__)

# After a failure Redis is left alone for this long, so that a dead one costs one request a moment, not all of them.
_LEAVE_ALONE_S = 1.0

# The bucket is read, refilled and taken from in one step on the server, so that replicas cannot race. A clock that was
# set back takes nothing out of it.
_TAKE = """
local now = redis.call('TIME')
local t = tonumber(now[1]) + tonumber(now[2]) / 1000000
local b = redis.call('HMGET', KEYS[1], 'level', 'since')
local capacity, rate, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local passed = math.max(0, t - (tonumber(b[2]) or t))
local level = math.min(capacity, (tonumber(b[1]) or capacity) + passed * rate)
local wait = 0
if level >= cost then level = level - cost else wait = (cost - level) / rate end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'since', tostring(t))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000) + 1000)
return tostring(wait)
"""


class RedisCache:
    """A cache in Redis or Valkey."""

    def __init__(self, url: str, *, prefix: str = "argus:") -> None:
        self._redis: Any = redis.from_url(
            url,
            socket_timeout=1.0,
            socket_connect_timeout=1.0,
            # One more try, for a connection that was closed while it lay idle; the library's default takes seconds.
            retry=Retry(NoBackoff(), 1),
        )
        self._take = self._redis.register_script(_TAKE)
        self._prefix = prefix
        self._fallback = MemoryCache()
        self._away_until = 0.0
        self._warned_at = float("-inf")

    async def get(self, key: str) -> bytes | None:
        """See Cache."""
        if self._is_away:
            return None
        try:
            found: bytes | None = await self._redis.get(self._prefix + key)
        except (RedisError, OSError) as error:
            self._warn(error)
            return None
        return found

    async def set(self, key: str, value: bytes, ttl_s: float) -> None:
        """See Cache."""
        if self._is_away:
            return
        try:
            await self._redis.set(self._prefix + key, value, px=max(1, int(ttl_s * 1000)))
        except (RedisError, OSError) as error:
            self._warn(error)

    async def delete(self, *keys: str) -> None:
        """See Cache."""
        if not keys or self._is_away:
            return
        try:
            await self._redis.delete(*(self._prefix + key for key in keys))
        except (RedisError, OSError) as error:
            self._warn(error)

    async def take(self, key: str, *, capacity: float, per_second: float, cost: float = 1.0) -> float:
        """See Cache."""
        if not self._is_away:
            try:
                return float(await self._take(keys=[self._prefix + key], args=[capacity, per_second, cost]))
            except (RedisError, OSError) as error:
                self._warn(error)
        return await self._fallback.take(key, capacity=capacity, per_second=per_second, cost=cost)

    async def close(self) -> None:
        """See Cache."""
        await self._redis.aclose()

    @property
    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _warn(self, error: Exception) -> None:
        self._away_until = time.monotonic() + _LEAVE_ALONE_S
        if time.monotonic() - self._warned_at > 30:
            self._warned_at = time.monotonic()
            log.warning("cache.unreachable", error=str(error))
