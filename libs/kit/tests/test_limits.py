"""Buckets that replicas share, spent in blocks, and what happens while Redis is dead, hangs, or comes back."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from collections.abc import AsyncIterator

import pytest

from argus_kit.cache import Cache, MemoryCache, open_cache
from argus_kit.limits import Buckets
from argus_kit.ports import free_port
from argus_kit.testing import Child, eventually


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[Cache]:
    opened = open_cache(redis_url)
    yield opened
    await opened.close()


def buckets(cache: Cache | None, capacity: float, per_second: float, deadline_s: float = 1.0) -> Buckets:
    return Buckets(cache, capacity=capacity, per_second=per_second, deadline_s=deadline_s)


async def admitted(some: Buckets, key: str, tries: int) -> int:
    return sum([await some.take(key) == 0.0 for _ in range(tries)])


@pytest.mark.parametrize("cache_of", [lambda _: None, lambda _: MemoryCache(), lambda url: open_cache(url)])
async def test_no_more_than_the_capacity_and_a_true_wait(cache_of, redis_url: str) -> None:
    cache = cache_of(redis_url)
    some, key = buckets(cache, 100, 0.5), uuid.uuid4().hex
    assert await admitted(some, key, 100) == 100
    assert 1.0 < await some.take(key) <= 2.0
    if cache is not None:
        await cache.close()


async def test_zero_is_no_limit() -> None:
    assert await admitted(buckets(None, 0, 1), "k", 1000) == 1000


async def test_replicas_share_one_bucket(cache: Cache) -> None:
    key = uuid.uuid4().hex
    replicas = [buckets(cache, 100, 0.001), buckets(cache, 100, 0.001)]
    taken = await asyncio.gather(*(admitted(one, key, 100) for one in replicas))
    assert sum(taken) == 100


async def test_a_busy_caller_asks_seldom(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    take = cache.take

    async def counted(*args, **more):
        nonlocal asked
        asked += 1
        return await take(*args, **more)

    monkeypatch.setattr(cache, "take", counted)
    assert await admitted(buckets(cache, 1000, 1000), uuid.uuid4().hex, 500) == 500
    assert asked <= 10


async def test_a_redis_that_hangs_holds_nobody_up(valkey: Child) -> None:
    cache = open_cache(f"redis://127.0.0.1:{valkey.port}/0")
    some = buckets(cache, 5, 0.001, deadline_s=0.005)
    await some.take("warm")
    assert valkey.process is not None
    valkey.process.send_signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        assert await admitted(some, "k", 10) == 5
        assert time.monotonic() - begin < 0.5, "waited for a Redis that hangs"
    finally:
        valkey.process.send_signal(signal.SIGCONT)
    await some.close()
    await cache.close()


async def test_a_dead_redis_refuses_nobody_and_is_used_again(valkey: Child) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    gone = open_cache(url)
    assert await admitted(buckets(gone, 5, 0.001), "k", 10) == 5
    await gone.close()
    cache, other = (open_cache(f"redis://127.0.0.1:{valkey.port}/0") for _ in range(2))
    some = buckets(cache, 1, 0.001)
    valkey.kill()
    assert await admitted(some, "k", 2) == 1
    valkey.start()

    async def shared_again() -> bool:
        key = uuid.uuid4().hex
        return await some.take(key) == 0.0 and await buckets(other, 1, 0.001).take(key) > 0

    await eventually(shared_again, 10)
    await cache.close()
    await other.close()
