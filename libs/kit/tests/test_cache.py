"""One set of cases for both caches, and what the shared one does while its server is dead."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator

import pytest
import redis.asyncio as redis

from argus_kit.cache import Cache, MemoryCache, open_cache
from argus_kit.ports import free_port
from argus_kit.redis_cache import RedisCache
from argus_kit.testing import Child, eventually


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    built: Cache
    if request.param == "memory":
        built = MemoryCache()
    else:
        built = RedisCache(request.getfixturevalue("redis_url"), prefix=f"{uuid.uuid4().hex}:")
    yield built
    await built.close()


class TestValues:
    async def test_a_value_comes_back_as_it_was_set(self, cache: Cache) -> None:
        await cache.set("k", b"\x00\xffbytes", 60)
        assert await cache.get("k") == b"\x00\xffbytes"

    async def test_a_missing_value_is_none(self, cache: Cache) -> None:
        assert await cache.get("nothing") is None

    async def test_the_later_value_wins(self, cache: Cache) -> None:
        await cache.set("k", b"1", 60)
        await cache.set("k", b"2", 60)
        assert await cache.get("k") == b"2"

    async def test_a_value_ends_with_its_time(self, cache: Cache) -> None:
        await cache.set("k", b"1", 0.05)

        async def is_gone() -> bool:
            return await cache.get("k") is None

        await eventually(is_gone)

    async def test_deleted_values_are_gone_and_others_stay(self, cache: Cache) -> None:
        for key in ("a", "b", "c"):
            await cache.set(key, b"1", 60)
        await cache.delete("a", "b", "never there")
        await cache.delete()
        assert [await cache.get(key) for key in ("a", "b", "c")] == [None, None, b"1"]


class TestTokenBucket:
    async def test_capacity_is_there_at_once_and_then_a_wait_is_named(self, cache: Cache) -> None:
        waits = [await cache.take("b", capacity=3, per_second=0.5) for _ in range(4)]
        assert waits[:3] == [0.0, 0.0, 0.0]
        assert 1.5 < waits[3] <= 2.0

    async def test_a_refusal_costs_nothing(self, cache: Cache) -> None:
        await cache.take("b", capacity=1, per_second=0.1)
        first = await cache.take("b", capacity=1, per_second=0.1)
        second = await cache.take("b", capacity=1, per_second=0.1)
        assert second <= first

    async def test_the_bucket_refills_with_time(self, cache: Cache) -> None:
        assert await cache.take("b", capacity=1, per_second=50) == 0.0

        async def refilled() -> bool:
            return await cache.take("b", capacity=1, per_second=50) == 0.0

        await eventually(refilled)

    async def test_buckets_are_apart(self, cache: Cache) -> None:
        assert await cache.take("one", capacity=1, per_second=0.01) == 0.0
        assert await cache.take("two", capacity=1, per_second=0.01) == 0.0

    async def test_a_cost_of_many_is_taken_at_once(self, cache: Cache) -> None:
        assert await cache.take("b", capacity=10, per_second=1, cost=8) == 0.0
        assert 5.5 < await cache.take("b", capacity=10, per_second=1, cost=8) <= 6.0

    async def test_many_at_once_get_no_more_than_there_is(self, cache: Cache) -> None:
        waits = await asyncio.gather(*(cache.take("b", capacity=5, per_second=0.01) for _ in range(30)))
        assert sum(wait == 0.0 for wait in waits) == 5


class TestMemoryCache:
    async def test_it_is_bounded_and_drops_the_oldest(self) -> None:
        cache = MemoryCache(max_items=3)
        for key in "abcd":
            await cache.set(key, b"1", 60)
            await cache.take(key, capacity=1, per_second=0.01)
        assert await cache.get("a") is None
        assert await cache.get("d") == b"1"


class TestRedisAway:
    async def test_a_clock_that_was_set_back_refuses_nobody(self, redis_url: str) -> None:
        prefix = f"{uuid.uuid4().hex}:"
        cache = RedisCache(redis_url, prefix=prefix)
        client = redis.from_url(redis_url)
        await client.hset(f"{prefix}b", mapping={"level": "5", "since": str(time.time() + 4000)})
        await client.aclose()
        assert await cache.take("b", capacity=10, per_second=0.01) == 0.0
        assert await cache.take("b", capacity=10, per_second=0.01) == 0.0
        await cache.close()

    async def test_two_replicas_share_one_bucket(self, redis_url: str) -> None:
        prefix = f"{uuid.uuid4().hex}:"
        first, second = RedisCache(redis_url, prefix=prefix), RedisCache(redis_url, prefix=prefix)
        assert await first.take("b", capacity=1, per_second=0.01) == 0.0
        assert await second.take("b", capacity=1, per_second=0.01) > 0
        await first.close()
        await second.close()

    async def test_reads_miss_writes_are_dropped_and_limits_still_hold(self) -> None:
        cache = open_cache(f"redis://127.0.0.1:{free_port()}/0")
        begin = time.monotonic()
        await cache.set("k", b"1", 60)
        await cache.delete("k")
        assert await cache.get("k") is None
        waits = [await cache.take("b", capacity=2, per_second=0.01) for _ in range(3)]
        assert [wait == 0.0 for wait in waits] == [True, True, False]
        assert time.monotonic() - begin < 1.0, "a dead cache made its callers wait"
        await cache.close()

    async def test_it_is_used_again_once_it_is_back(self, valkey: Child) -> None:
        cache = RedisCache(f"redis://127.0.0.1:{valkey.port}/0")
        await cache.set("k", b"1", 60)
        valkey.kill()
        assert await cache.get("k") is None
        valkey.start()

        async def is_back() -> bool:
            await cache.set("k", b"2", 60)
            return await cache.get("k") == b"2"

        await eventually(is_back, 10)
        await cache.close()
