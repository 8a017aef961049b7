"""A task that is ended is over, also where a library drops the cancellation."""

from __future__ import annotations

import asyncio

import pytest

from argus_kit.parts import Loop
from argus_kit.tasks import end


async def test_a_task_that_lost_its_cancellation_is_over_all_the_same() -> None:
    event, rounds = asyncio.Event(), []

    async def as_a_library_does() -> None:
        while True:
            event.clear()
            rounds.append(1)
            await asyncio.wait_for(event.wait(), 60)  # noqa: TID251 (what is shown is its fault)

    task = asyncio.create_task(as_a_library_does())
    await asyncio.sleep(0.01)
    event.set()
    await asyncio.sleep(0)
    await end([task])
    assert task.cancelled()


async def test_many_end_together_and_those_that_are_over_already_do_no_harm() -> None:
    async def fails() -> None:
        raise RuntimeError("over")

    tasks = [asyncio.create_task(asyncio.sleep(60)), asyncio.create_task(fails())]
    await asyncio.wait(tasks[1:])
    await end(tasks)
    assert tasks[0].cancelled()
    assert isinstance(tasks[1].exception(), RuntimeError)
    await end([])


async def test_a_loop_that_is_kicked_in_the_moment_of_its_end_needs_to_be_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("argus_kit.tasks._AGAIN_S", 3600.0)
    for pause in range(4):
        loop = Loop("test", lambda: asyncio.sleep(0), every_s=60)
        await loop.start()
        await asyncio.sleep(0.01)
        loop.kick()
        for _ in range(pause):
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await loop.stop()
