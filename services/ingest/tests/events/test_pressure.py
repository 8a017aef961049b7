"""More than the database takes: it is told so at once, nothing grows, and what was taken is stored."""

import asyncio

import pytest
from msgspec import json

from argus_contracts.decoding import decode_batch
from argus_ingest.events.flusher import Flusher
from argus_ingest.events.intake import arrivals
from argus_ingest.settings import IngestSettings
from argus_ingest.store.flush import Store
from argus_ingest.testing import event
from argus_kit.actor import Actor
from argus_kit.bus import Bus
from argus_kit.errors import RateLimited
from argus_kit.outbox import Outbox
from argus_schema import ingest as tables

ACTOR = Actor(1, "ada", is_admin=False, kind="token", scope="reporter")
QUEUE, FLUSH, REQUEST = 100, 50, 10


class Slowed(Store):
    """Writes when the test gives it a turn."""

    def __init__(self, database):
        super().__init__(database, Outbox(database, Bus("nats://127.0.0.1:1"), tables.outbox))
        self.turns = asyncio.Semaphore(0)
        self.ended = asyncio.Semaphore(0)
        self.sizes = []

    async def write(self, found):
        await self.turns.acquire()
        await super().write(found)
        self.sizes.append(len(found))
        self.ended.release()


@pytest.fixture
async def store(database):
    return Slowed(database)


@pytest.fixture
async def flusher(store):
    made = Flusher(store, IngestSettings(queue_events=QUEUE, flush_events=FLUSH, queue_bytes=100_000))
    await made.start()
    yield made
    for _ in range(100):
        store.turns.release()
    await made.stop()


def request():
    return arrivals(ACTOR, decode_batch(json.encode({"events": [event("log_line", line="x") for _ in range(REQUEST)]})))


async def offer(flusher, count):
    tasks = [asyncio.create_task(flusher.submit(request(), 100)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def turn(store):
    store.turns.release()
    await store.ended.acquire()
    await asyncio.sleep(0)


async def test_three_times_what_is_taken(flusher, store, database):
    tasks = []
    for _ in range(20):
        tasks += await offer(flusher, 3 * FLUSH // REQUEST)
        assert flusher.waiting <= QUEUE
        await turn(store)
    # As much is written as without the pressure.
    assert store.sizes[1:] == [FLUSH] * 19
    while flusher.waiting:
        await turn(store)
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert all(isinstance(error, RateLimited) and error.code == "queue.full" for error in refused)
    assert all(int(error.headers["Retry-After"]) >= 1 for error in refused)
    taken = [outcome for answer in answers if not isinstance(answer, Exception) for outcome in answer]
    assert {outcome.status for outcome in taken} == {"accepted"}
    async with database.read() as connection:
        assert len((await connection.execute(tables.event.select())).all()) == len(taken) == sum(store.sizes)
    (after,) = await offer(flusher, 1)
    await turn(store)
    assert (await after)[0].status == "accepted"


async def test_the_wait_that_is_told_follows_from_the_speed_of_writing(flusher, store):
    flusher._per_second = 4.0
    tasks = await offer(flusher, QUEUE // REQUEST)
    with pytest.raises(RateLimited) as caught:
        await flusher.submit(request(), 100)
    # Half of a hundred events at four a second.
    assert caught.value.headers["Retry-After"] == "13"
    while flusher.waiting:
        await turn(store)
    await asyncio.gather(*tasks)


async def test_a_body_without_room_is_not_even_read(flusher):
    with flusher.room(60_000):
        with pytest.raises(RateLimited), flusher.room(60_000):
            raise AssertionError("there was room")
        with flusher.room(30_000):
            pass
    # One alone always fits.
    with flusher.room(200_000):
        pass
