"""Token buckets for what is asked very often: shared by replicas through Redis, and yet a look into memory most times.

A process takes tokens from the shared bucket in blocks and spends them by itself, so a busy caller costs a round trip
now and then. An answer that does not come within a few milliseconds is not waited for: the bucket of this process
decides, until Redis is well again. Nobody is held up or refused because Redis is.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from prometheus_client import Counter

from argus_kit.cache import Cache, MemoryCache

FALLBACKS = Counter("argus_limit_fallbacks_total", "Times that a shared bucket did not answer in time")

# What a block is worth of the bucket's refill, in seconds; replicas may hold one each beyond the bucket.
_BLOCK_S: Final = 0.1
# A block that was not spent by then is forgotten: the shared bucket has refilled meanwhile.
_KEEP_S: Final = 1.0
# After a miss, Redis is left alone for this long.
_LEAVE_ALONE_S: Final = 1.0
_MAX_BLOCKS: Final = 50_000


class Buckets:
    """Buckets of one capacity and rate, by key.

    Args:
        cache: where they are shared; None, or a cache in memory, counts in this process.
        capacity: what may be taken at once; 0 means no limit.
        per_second: what comes back, in the long run.
        deadline_s: how long an answer is waited for.
    """

    def __init__(self, cache: Cache | None, *, capacity: float, per_second: float, deadline_s: float) -> None:
        self._shared = None if isinstance(cache, MemoryCache) else cache
        self._own = MemoryCache()
        self.capacity = capacity
        self.per_second = per_second
        self._deadline_s = deadline_s
        self._blocks: dict[str, tuple[float, float]] = {}
        self._away_until = 0.0
        self._late: set[asyncio.Task[float]] = set()

    async def take(self, key: str) -> float:
        """Take one. Returns 0.0 when there was one, else the seconds until there will be."""
        if not self.capacity:
            return 0.0
        if self._shared is None or time.monotonic() < self._away_until:
            return await self._own.take(key, capacity=self.capacity, per_second=self.per_second)
        left, until = self._blocks.get(key, (0.0, 0.0))
        if left >= 1 and time.monotonic() < until:
            self._blocks[key] = (left - 1, until)
            return 0.0
        return await self._take_shared(self._shared, key)

    async def close(self) -> None:
        """End the questions that were not waited for."""
        late = list(self._late)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _take_shared(self, shared: Cache, key: str) -> float:
        block = max(1.0, min(self.capacity / 10, self.per_second * _BLOCK_S) // 1)
        wait = await self._ask(shared, key, block)
        if wait and block > 1:
            block, wait = 1.0, await self._ask(shared, key, 1.0)
        if wait is None:
            return await self._own.take(key, capacity=self.capacity, per_second=self.per_second)
        if not wait:
            while len(self._blocks) >= _MAX_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            left, until = self._blocks.get(key, (0.0, 0.0))
            kept = left if time.monotonic() < until else 0.0
            self._blocks[key] = (kept + block - 1, time.monotonic() + _KEEP_S)
        return wait

    async def _ask(self, shared: Cache, key: str, cost: float) -> float | None:
        if time.monotonic() < self._away_until:
            return None
        asked = shared.take(key, capacity=self.capacity, per_second=self.per_second, cost=cost)
        task = asyncio.ensure_future(asked)
        done, _ = await asyncio.wait({task}, timeout=self._deadline_s)
        if done:
            return task.result()
        # It is left to end by itself: to cancel it would cost the connection.
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        self._away_until = time.monotonic() + _LEAVE_ALONE_S
        FALLBACKS.inc()
        return None
