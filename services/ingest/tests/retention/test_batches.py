"""A deleted batch goes with all its rows and files, in slices, whatever happens on the way."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_ingest.artifacts.service import Artifacts
from argus_ingest.retention import batches
from argus_ingest.retention.batches import tables_of_batches
from argus_ingest.retention.service import Retention
from argus_ingest.testing import event
from argus_ingest.tracking import deletions
from argus_kit.clock import now
from argus_kit.testing import bearer_headers
from argus_schema import ingest as tables
from argus_schema import metadata


@pytest.fixture
def retention(ingest):
    return ingest.platform.get(Retention)


def filler(column, batch_key):
    """A value that fits a column."""
    if column.name == "batch_key":
        return batch_key
    kind = column.type
    if isinstance(kind, sa.LargeBinary):
        return b"x"
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer | sa.BigInteger | sa.SmallInteger | sa.Float):
        return 1
    if isinstance(kind, sa.JSON):
        return {}
    return now() if "at" in column.name.split("_") or column.name.endswith("seen") else "x"


async def fill(ingest, batch_key):
    """A row in every table that has a batch's key."""
    async with ingest.database.write() as connection:
        for table in tables_of_batches():
            columns = [c for c in table.columns if not c.nullable and c.autoincrement is not True]
            row = {column.name: filler(column, batch_key) for column in columns}
            there = sa.select(sa.func.count()).select_from(table).where(table.c.batch_key == batch_key)
            if not (await connection.execute(there)).scalar_one():
                await connection.execute(sa.insert(table).values(row))


async def delete(ingest, batch_id, *, at=None, purge=False):
    request = wire.TrackingDelete(kind="batch", batch_id=batch_id, actor_id=ingest.user_id, purge=purge, at=at or now())
    async with ingest.platform.write(tables.OWNER) as tx:
        reply = await deletions.delete(tx, request)
    assert reply.ok, reply


async def counts(ingest, batch_key):
    found = {}
    async with ingest.database.read() as connection:
        for table in [*tables_of_batches(), tables.batch]:
            query = sa.select(sa.func.count()).select_from(table).where(table.c.batch_key == batch_key)
            found[table.name] = (await connection.execute(query)).scalar_one()
    return found


async def run_of(ingest, batch_id, *files):
    await ingest.accept(
        event("batch_start", batch_id),
        event("job_epoch", batch_id, "j", epoch=1, loss=0.5),
        event("log_line", batch_id, line="x"),
        event("resource_snapshot", batch_id, gpu_util_pct=1.0),
        event("batch_done", batch_id),
    )
    for content in files:
        answer = await ingest.client.post(
            f"/api/batches/{batch_id}/artifacts", files={"file": ("a", content)}, headers=bearer_headers(ingest.token)
        )
        assert answer.status_code == 201
    return (await ingest.batch(batch_id)).batch_key


def test_every_table_with_a_batch_key_is_emptied():
    with_key = {table.name for table in metadata.sorted_tables if "batch_key" in table.columns}
    # Notifier forgets by itself what it watched.
    with_key -= {"rule_watch", "watch"}
    assert {table.name for table in [*tables_of_batches(), tables.batch]} == with_key


async def test_all_rows_and_files_of_a_batch_go_and_no_others(ingest, retention):
    storage = ingest.platform.get(Artifacts).storage
    gone, stays = await run_of(ingest, "gone", b"1", b"22"), await run_of(ingest, "stays", b"333")
    for key in (gone, stays):
        await fill(ingest, key)
        stray = await storage.run(storage.sink, f"{key}/stray")
        await storage.run(stray.write, b"left by a crash")
        await storage.run(stray.finish)
    before = await counts(ingest, stays)
    assert set((await counts(ingest, gone)).values()) >= {1}
    await delete(ingest, "gone", at=now() - timedelta(days=8))
    said = await retention.run(is_dry_run=True)
    done = await retention.run()
    assert done.tallies["batch.deleted"].rows == said.tallies["batch.deleted"].rows > 10
    assert done.tallies["batch.deleted"].bytes >= 3
    assert set((await counts(ingest, gone)).values()) == {0}
    assert await counts(ingest, stays) == before
    assert await storage.files(str(gone)) == []
    assert len(await storage.files(str(stays))) == 2
    assert await storage.folders() == [str(stays)]


async def test_a_deleted_batch_has_a_time_of_grace_unless_it_is_to_go_at_once(ingest, retention):
    for name in ("later", "now", "hurried"):
        await run_of(ingest, name)
        await delete(ingest, name, purge=name == "now")
    await delete(ingest, "hurried", purge=True)
    await retention.run()
    assert [row.id for row in await ingest.rows(tables.batch)] == ["later"]
    # The id is free again, and the key of the old batch is not used once more.
    old = (await ingest.rows(tables.batch))[0].batch_key
    assert await run_of(ingest, "now") > old


async def test_storage_that_fails_keeps_the_batch_for_the_next_time(ingest, retention, monkeypatch):
    first, second = await run_of(ingest, "first", b"1"), await run_of(ingest, "second")
    for name in ("first", "second"):
        await delete(ingest, name, purge=True)
    system = retention._storage._system
    good = system.rm_file

    def fail(_path):
        raise OSError("the store does not answer")

    monkeypatch.setattr(system, "rm_file", fail)
    done = await retention.run()
    assert (done.outcome, done.tallies["batch.deleted"].stat) == ("failed", -1)
    assert (await counts(ingest, first))["artifact"] == 1
    assert set((await counts(ingest, second)).values()) == {0}
    monkeypatch.setattr(system, "rm_file", good)
    assert (await retention.run()).outcome == "done"
    assert set((await counts(ingest, first)).values()) == {0}


async def test_a_crash_between_two_slices_costs_nothing(ingest, retention, monkeypatch):
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", 2)
    key = await run_of(ingest, "gone", b"1")
    await ingest.accept(*(event("log_line", "gone", line="x") for _ in range(9)))
    await delete(ingest, "gone", purge=True)
    work = batches.DeletedBatches(ingest.database, retention._storage, None, now())
    slices = work.slices()
    for _ in range(4):
        await anext(slices)
    await slices.aclose()
    left = await counts(ingest, key)
    assert left["batch"] == 1
    assert sum(left.values()) > 2
    assert (await retention.run()).outcome == "done"
    assert set((await counts(ingest, key)).values()) == {0}


async def test_events_that_come_meanwhile_go_too(ingest, retention, monkeypatch):
    key = await run_of(ingest, "gone")
    await delete(ingest, "gone", purge=True)
    good = batches.DeletedBatches._end

    async def late(self, batch_key):
        await ingest.accept(event("log_line", "gone", line="late"))
        return await good(self, batch_key)

    monkeypatch.setattr(batches.DeletedBatches, "_end", late)
    assert (await retention.run()).outcome == "done"
    assert set((await counts(ingest, key)).values()) == {0}


async def test_old_artifacts_go_where_a_policy_says_so(ingest, retention):
    await run_of(ingest, "b", b"old", b"new")
    old, _ = await ingest.rows(tables.artifact)
    async with ingest.database.write() as connection:
        aged = sa.update(tables.artifact).where(tables.artifact.c.id == old.id)
        await connection.execute(aged.values(created_at=now() - timedelta(days=31)))
    assert "artifact" not in (await retention.run()).tallies
    retention._settings.artifact_days = 30
    assert (await retention.run(is_dry_run=True)).tallies["artifact"].bytes == 3
    done = await retention.run()
    assert (done.tallies["artifact"].rows, done.tallies["artifact"].bytes) == (1, 3)
    (left,) = await ingest.rows(tables.artifact)
    assert left.id != old.id
    storage = ingest.platform.get(Artifacts).storage
    assert [file.path for file in await storage.files(str(left.batch_key))] == [left.path]


async def test_a_reporter_that_goes_on_while_its_batch_is_purged_is_never_refused(ingest, retention, monkeypatch):
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", 5)
    key = await run_of(ingest, "gone", b"1")
    await ingest.accept(*(event("log_line", "gone", line="x") for _ in range(60)))
    await delete(ingest, "gone", purge=True)
    purging = asyncio.create_task(retention.run())
    while not purging.done():
        await asyncio.gather(*(ingest.accept(event("job_epoch", "gone", f"j{n}", epoch=1, loss=0.5)) for n in range(4)))
    assert (await purging).outcome == "done"
    await ingest.accept(event("log_line", "gone", line="the new one"))
    assert set((await counts(ingest, key)).values()) == {0}
    known = {row.batch_key for row in await ingest.rows(tables.batch)}
    for table in tables_of_batches():
        assert {row.batch_key for row in await ingest.rows(table)} <= known, table.name
    assert known
    assert key not in known
