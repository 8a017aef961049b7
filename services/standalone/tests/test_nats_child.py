"""nats-server under this process: what it may hold, and that it stores again after its disk was full."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from pathlib import Path

import httpx
import nats
import nats.errors
import pytest

from argus_standalone import nats_child
from argus_standalone.nats_child import NatsChild

PATIENCE_S = 30


async def test_what_is_free_at_a_start_is_not_the_limit_of_its_streams(tmp_path: Path) -> None:
    child = NatsChild(tmp_path / "nats")
    await child.start()
    try:
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"http://127.0.0.1:{child._monitor}/jsz")).json()["config"]
        assert told["max_storage"] == 2**40
        assert Path(told["store_dir"]) == tmp_path / "nats" / "jetstream"
    finally:
        await child.stop()


async def test_a_disk_that_was_full_does_not_stop_it_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_child, "_LOOK_EVERY_S", 0.1)
    child = NatsChild(tmp_path / "nats")
    await child.start()
    try:
        assert child.pid is not None
        first = child.pid
        client = await nats.connect(child.url, reconnect_time_wait=0.05)
        stream = client.jetstream()
        await stream.add_stream(name="S", subjects=["s"])
        await stream.publish("s", b"before")

        # No file may grow: what a full disk does to it, without one.
        _, most = resource.prlimit(first, resource.RLIMIT_FSIZE)
        resource.prlimit(first, resource.RLIMIT_FSIZE, (16, most))
        with pytest.raises(nats.errors.TimeoutError):
            await stream.publish("s", b"meanwhile", timeout=0.5)
        with contextlib.suppress(ProcessLookupError):  # it may have been ended already
            resource.prlimit(first, resource.RLIMIT_FSIZE, (most, most))

        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(nats.errors.Error, OSError):
                    await stream.publish("s", b"after", timeout=0.5)
                    break
        assert child.pid != first
        assert (await stream.stream_info("S")).state.messages >= 2
        await client.close()
    finally:
        await child.stop()
