"""The queue and its task when things go wrong."""

import asyncio
import contextlib

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
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.outbox import Outbox
from argus_kit.ports import free_port
from argus_schema import ingest as tables

ACTOR = Actor(1, "ada", is_admin=False, kind="token", scope="reporter")


def taken(*events):
    return arrivals(ACTOR, decode_batch(json.encode({"events": list(events)})))


@contextlib.asynccontextmanager
async def flusher_on(database, **limits):
    store = Store(database, Outbox(database, Bus("nats://127.0.0.1:1"), tables.outbox))
    flusher = Flusher(store, IngestSettings(**limits))
    await flusher.start()
    try:
        yield flusher
    finally:
        await flusher.stop()


async def rows(database, table):
    async with database.read() as connection:
        return (await connection.execute(table.select().order_by(*table.primary_key.columns))).all()


async def count(database, table=tables.event):
    return len(await rows(database, table))


async def test_one_event_that_cannot_be_stored_costs_no_neighbour(database):
    async with flusher_on(database) as flusher:
        groups = [taken(*(event("log_line", f"b{n % 3}", line=str(n)) for _ in range(5))) for n in range(7)]
        groups[3][2].event.data["line"] = {"no JSON can hold this": object()}
        groups[3][2].event.data["level"] = "x"
        found = await asyncio.gather(*(flusher.submit(group, 100) for group in groups))
    outcomes = [outcome for group in found for outcome in group]
    assert [outcome.status for outcome in outcomes].count("accepted") == 34
    assert (found[3][2].status, found[3][2].code, found[3][2].db_id) == ("rejected", "event.internal", None)
    assert await count(database) == 34


async def test_a_fault_of_our_own_refuses_nothing(database, monkeypatch):
    """When every event fails, it is not the events: callers are asked to come again."""
    monkeypatch.setattr("argus_ingest.store.flush.fold", lambda *_: 1 / 0)
    async with flusher_on(database) as flusher:
        with pytest.raises(ArgusError) as caught:
            await flusher.submit(taken(*(event("log_line", line="x") for _ in range(200))), 1)
    assert caught.value.status == 503
    assert await count(database) == 0


async def test_a_database_that_is_away_acknowledges_nothing():
    database = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing")
    async with flusher_on(database) as flusher:
        found = await asyncio.gather(
            *(flusher.submit(taken(event("log_line", line="x")), 1) for _ in range(3)), return_exceptions=True
        )
    assert [(error.status, error.headers["Retry-After"]) for error in found] == [(503, "1")] * 3
    await database.close()


async def test_a_full_queue_says_when_to_come_back(sqlite_database):
    async with flusher_on(sqlite_database, queue_events=50) as flusher, sqlite_database.write():
        # Nothing can be written while this transaction is open.
        waiting = [asyncio.create_task(flusher.submit(taken(*[event("log_line", line="x")] * 20), 1)) for _ in range(2)]
        await asyncio.sleep(0.05)
        for events in (20, 5000):
            with pytest.raises(ArgusError) as caught:
                await flusher.submit(taken(*[event("log_line", line="x")] * events), 1)
            assert (caught.value.code, caught.value.status) == ("queue.full", 429)
            assert int(caught.value.headers["Retry-After"]) >= 1
    for outcomes in await asyncio.gather(*waiting):
        assert outcomes[0].status == "accepted"


async def test_stopping_writes_what_was_queued(sqlite_database):
    async with flusher_on(sqlite_database, flush_events=1) as flusher:
        waiting = [asyncio.create_task(flusher.submit(taken(event("log_line", line="x")), 1)) for _ in range(10)]
        await asyncio.sleep(0)
    assert [(await task)[0].status for task in waiting] == ["accepted"] * 10
    with pytest.raises(ArgusError) as caught:
        await flusher.submit(taken(event("log_line", line="x")), 1)
    assert caught.value.code == "service.draining"


async def test_who_hangs_up_takes_nothing_along(sqlite_database):
    async with flusher_on(sqlite_database) as flusher:
        async with sqlite_database.write():
            gone = asyncio.create_task(flusher.submit(taken(event("log_line", line="x")), 1))
            await asyncio.sleep(0.02)
            gone.cancel()
        assert (await flusher.submit(taken(event("log_line", line="y")), 1))[0].db_id == 2


async def test_replicas_meet_in_the_same_batches(postgres_database):
    """Two processes, the same batches in opposite orders, the same events: each is stored once, none is refused."""
    sent = [event("job_epoch", f"b{n % 5}", f"j{n % 2}", epoch=n) for n in range(60)]
    async with (
        flusher_on(postgres_database, flush_events=7) as one,
        flusher_on(postgres_database, flush_events=7) as two,
    ):
        groups = [sent[n : n + 6] for n in range(0, 60, 6)]
        work = [one.submit(taken(*group), 1) for group in groups]
        work += [two.submit(taken(*reversed(group)), 1) for group in reversed(groups)]
        found = [outcome for outcomes in await asyncio.gather(*work) for outcome in outcomes]
    assert {outcome.status for outcome in found} == {"accepted", "deduplicated"}
    assert [outcome.status for outcome in found].count("accepted") == 60
    assert await count(postgres_database) == 60


@pytest.mark.parametrize("size", [6, 300])
async def test_events_that_come_again_are_known_however_many_there_are(postgres_database, size):
    """Large flushes are copied in, and small ones inserted with what else is saved; both expect that all are new. One
    that is not costs its neighbours nothing, and is told once.
    """
    first = [event("job_epoch", f"b{n % 3}", "j", epoch=n) for n in range(size)]
    second = [event("job_epoch", f"b{n % 3}", "j", epoch=n) for n in range(size)]
    middle = size * 2 // 3
    async with flusher_on(postgres_database) as flusher:
        await flusher.submit(taken(*first), 1)
        mixed = await flusher.submit(taken(*second[:middle], first[4], *second[middle:]), 1)
        jobs = await rows(postgres_database, tables.job)
        again = await flusher.submit(taken(*first), 1)
    assert [outcome.status for outcome in mixed].count("accepted") == size
    assert (mixed[middle].status, mixed[middle].db_id) == ("deduplicated", 2)
    assert {outcome.status for outcome in again} == {"deduplicated"}
    assert await count(postgres_database) == size * 2
    assert await rows(postgres_database, tables.job) == jobs


async def test_one_epoch_is_five_round_trips(postgres_database):
    """Begin, lock the batch, read the job, write everything, commit: each costs more than what it asks for."""
    outbox = Outbox(postgres_database, Bus("nats://127.0.0.1:1"), tables.outbox)
    store = Store(postgres_database, outbox)
    asked = []
    at = now().isoformat()  # nobody looks for a young event among those that were purged
    await store.write(taken(event("job_epoch", job="j", at=at, epoch=0)))
    async with postgres_database.write_raw() as raw:
        outbox._published.update(row[0] for row in await raw.fetch("select id from ingest_outbox"))
        raw.add_query_logger(lambda record: asked.append(record.query))
    await store.write(taken(event("job_epoch", job="j", at=at, epoch=1)))
    await asyncio.sleep(0)  # asyncpg tells of a query in the next turn
    assert len(asked[asked.index("BEGIN;") :]) == 5, asked
    assert await count(postgres_database) == 2
    assert await count(postgres_database, tables.outbox) == 1
    assert not outbox._published


async def test_a_row_of_the_outbox_that_a_sweep_holds_is_not_waited_for(postgres_database):
    outbox = Outbox(postgres_database, Bus("nats://127.0.0.1:1"), tables.outbox)
    store = Store(postgres_database, outbox)
    for epoch in range(2):
        await store.write(taken(event("job_epoch", job="j", epoch=epoch)))
    async with postgres_database.write() as sweep:
        held, free = (await sweep.execute(tables.outbox.select().order_by(tables.outbox.c.id))).all()
        await sweep.execute(tables.outbox.select().where(tables.outbox.c.id == held.id).with_for_update())
        outbox._published.update({held.id, free.id})
        await store.write(taken(event("job_epoch", job="j", epoch=2)))
    left = {row.id for row in await rows(postgres_database, tables.outbox)}
    assert held.id in left
    assert free.id not in left
    assert len(left) == 2
