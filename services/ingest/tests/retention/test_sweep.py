"""How a sweep goes on: beside ingest, with one class failing, with its lease lost, after a crash."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from argus_contracts.errors import ErrorCode
from argus_ingest.retention import rows
from argus_ingest.retention.rows import OldRows
from argus_ingest.retention.service import Retention
from argus_ingest.retention.settings import RetentionSettings
from argus_ingest.testing import event
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_kit.leases import Lease
from argus_schema import ingest as tables

OLD = iso(now() - timedelta(days=40))


@pytest.fixture
def retention(ingest):
    return ingest.platform.get(Retention)


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 10)


async def test_ingest_goes_on_between_the_slices(ingest, retention, small_slices):
    await ingest.accept(*(event("log_line", at=OLD, line=f"line {n}") for n in range(300)))
    sweeping = asyncio.create_task(retention.run())
    answered = 0
    while not sweeping.done():
        await ingest.accept(event("log_line", "other", line="now"))
        answered += 1
    # 30 slices in two tables leave room for more than a few requests; one long transaction would leave none.
    assert answered >= 5
    assert (await sweeping).tallies["event.log_line"].rows == 300
    assert len(await ingest.rows(tables.log_line)) == answered


async def test_a_class_that_fails_stops_no_other(ingest, retention, monkeypatch):
    await ingest.accept(event("log_line", at=OLD, line="x"), event("resource_snapshot", at=OLD, gpu_util_pct=1.0))
    good = OldRows._slice

    async def broken(self, rule, batch_key):
        if self.name == "event.log_line":
            raise OperationalError("delete", {}, Exception("disk full"))
        return await good(self, rule, batch_key)

    monkeypatch.setattr(OldRows, "_slice", broken)
    done = await retention.run()
    assert done.outcome == "failed"
    assert done.tallies["event.log_line"].stat == -1
    assert done.tallies["resource_snapshot.normal"].stat == 1
    assert (await retention.last_sweep()).classes["event.log_line"]["error"] == "OperationalError"
    monkeypatch.setattr(OldRows, "_slice", good)
    assert (await retention.run()).tallies["event.log_line"].stat == 1


async def test_a_sweep_stops_when_the_lease_is_lost(ingest, retention, small_slices, monkeypatch):
    await ingest.accept(*(event("log_line", at=OLD, line=f"line {n}") for n in range(100)))
    asked = 0

    async def lost_after_three():
        nonlocal asked
        asked += 1
        return asked <= 4

    monkeypatch.setattr(retention._lease, "held", lost_after_three)
    done = await retention.run()
    assert (done.outcome, done.tallies["event.log_line"].rows) == ("stopped", 40)
    assert len(await ingest.rows(tables.log_line)) == 60
    assert [run.outcome for run in await retention.runs(10)] == ["stopped"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_lease_that_another_process_took_is_lost(ingest, retention, small_slices, monkeypatch):
    await ingest.accept(*(event("log_line", at=OLD, line=f"line {n}") for n in range(100)))
    other = Lease(ingest.database, "ingest-retention-sweep")
    good = OldRows._slice
    slices = 0

    async def counted(self, rule, batch_key):
        nonlocal slices
        slices += 1
        if slices == 4:
            async with ingest.database.write() as connection:
                ours = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
                await connection.exec_driver_sql(ours)
            while not await other.held():
                await asyncio.sleep(0.01)
        return await good(self, rule, batch_key)

    monkeypatch.setattr(OldRows, "_slice", counted)
    assert (await retention.run()).outcome == "stopped"
    assert 0 < len(await ingest.rows(tables.log_line)) < 100
    await other.release()


async def test_two_sweeps_at_once_are_one(ingest, retention, small_slices):
    await ingest.accept(*(event("log_line", at=OLD, line=f"line {n}") for n in range(100)))
    another = Retention(ingest.platform, RetentionSettings(), is_periodic=False)
    results = await asyncio.gather(retention.run(), another.run(), return_exceptions=True)
    refused = [one.code for one in results if isinstance(one, ArgusError)]
    assert refused == [ErrorCode.RETENTION_RUNNING]
    assert len(await ingest.rows(tables.log_line)) == 0
    assert (await another.run()).outcome == "done"
    await another.stop()


async def test_a_sweep_that_crashed_is_noted_as_stopped(ingest, retention):
    async with ingest.database.write() as connection:
        values = {"started_at": now(), "outcome": "running", "is_dry_run": False, "classes": {}}
        await connection.execute(sa.insert(tables.retention_run).values(values))
    await retention.run()
    assert [run.outcome for run in await retention.runs(10)] == ["done", "stopped"]


async def test_batches_with_nothing_left_are_not_searched_again(ingest, retention, monkeypatch):
    await ingest.accept(event("log_line", at=OLD, line="x"), event("log_line", "young", line="x"))
    async with ingest.database.write() as connection:
        old = now() - timedelta(days=40)
        await connection.execute(sa.update(tables.batch).values(created_at=old, last_event_at=old))
    searched = []
    good = OldRows._slice

    async def noted(self, rule, batch_key):
        searched.append((self.name, rule.table.name, batch_key))
        return await good(self, rule, batch_key)

    monkeypatch.setattr(OldRows, "_slice", noted)
    await retention.run()
    assert searched
    searched.clear()
    await retention.run()
    assert searched == []
    await ingest.accept(event("log_line", at=OLD, line="late"))
    assert (await retention.run()).tallies["event.log_line"].rows == 1


async def test_sqlite_gives_pages_back(ingest, retention, database_kind):
    await ingest.accept(*(event("log_line", at=OLD, line="x" * 9_000) for n in range(700)))
    done = await retention.run()
    if database_kind == "sqlite":
        assert done.freed_bytes > 2**20
        assert ingest.database.sqlite_path.exists()
    else:
        assert done.freed_bytes is None
    assert done.tallies["event.log_line"].bytes > (2**22 if database_kind == "sqlite" else 2**15)


async def test_the_loop_sweeps_when_it_is_time_and_hurries_for_a_batch(ingest, monkeypatch):
    periodic = Retention(ingest.platform, RetentionSettings(sweep_minutes=30), is_periodic=True)
    await ingest.accept(event("log_line", at=OLD, line="x"), event("batch_done", "gone"))
    await periodic._round()
    assert await periodic.runs(5) == []
    async with ingest.database.write() as connection:
        gone = sa.update(tables.batch).where(tables.batch.c.id == "gone")
        await connection.execute(gone.values(deleted_at=now(), purge_at=now()))
    await periodic._round()
    assert [run.id for run in await ingest.rows(tables.batch)] == ["bench-1"]
    assert len(await ingest.rows(tables.log_line)) == 1
    monkeypatch.setattr(periodic, "_began", now() - timedelta(hours=1))
    async with ingest.database.write() as connection:
        await connection.execute(sa.delete(tables.retention_run))
    await periodic._round()
    assert len(await ingest.rows(tables.log_line)) == 0
    await periodic.stop()
