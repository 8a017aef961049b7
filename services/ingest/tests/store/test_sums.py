"""Whatever happened to batches and jobs, the sums that triggers keep are what counting gives."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_ingest.retention.batches import DeletedBatches
from argus_ingest.testing import event
from argus_ingest.tracking import deletions, departures, moves, restores
from argus_kit.clock import now
from argus_schema import ingest as tables
from argus_schema import sums
from argus_schema.seeds import settings_of

RUNNING = {"running", "in_progress", "pending", "stalled", "stopping", "paused", "divergent"}
MOST = 10**10
BEGIN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CONFIGS = [
    {},
    {"config": {"lr": 1e-3, "seed": 1, "deep": [{"seed": 3, "x": 1e22}]}},
    {"config": {"deep": [{"x": 10**22}], "lr": 0.001, "seed": 2}},
    {"config": {"seed": 4}},
    {"config": ["odd", -0.0, 1.5e300]},
]
METRICS = [
    {"MSE": 0.5, "epochs": 10},
    {"MSE": 0.25, "ACC": 1, "ok": True, "note": "fine", "": 3.0},
    {"ACC": "NaN", "MSE": 10**400, "big": 1.5e300, "n" * 300: 1.0},
    {},
]


def counted(batches, jobs):
    """The four tables, from the rows that they sum up."""
    holdings, days, scores = defaultdict(Counter), Counter(), {}
    newest = {}
    for batch in batches.values():
        if batch.deleted_at is not None or batch.is_placeholder:
            continue
        mine = [job for job in jobs if job.batch_key == batch.batch_key and job.deleted_at is None]
        key = (batch.project, batch.owner_id or 0)
        done, failed, total = (min(max(n or 0, 0), MOST) for n in (batch.n_done, batch.n_failed, batch.n_total))
        is_open = batch.status is None or batch.status in RUNNING
        holdings[key].update(
            n_batches=1,
            n_running=batch.status in RUNNING,
            n_live=batch.status == "running",
            n_jobs=len(mine),
            n_done=done,
            n_failed=failed,
            n_pending=max(0, total - done - failed) if is_open else 0,
            elapsed_s=sum(min(max(job.elapsed_s or 0, 0), MOST) for job in mine),
        )
        if batch.last_event_at is not None:
            newest[key] = max(batch.last_event_at, newest.get(key, batch.last_event_at))
        if batch.start_time is not None:
            days[*key, batch.start_time.date().isoformat()] += 1
        for job in mine:
            place = (*key, job.model or "", job.dataset or "", settings_of(job.extra).key)
            facts = (place, None if job.end_time is None else job.end_time.timestamp(), job.status == "done")
            scores[job.batch_key, job.job_no, ""] = (0.0, *facts)
            for name, value in (job.metrics or {}).items():
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                if is_number and abs(value) < 1e308 and 0 < len(name) <= 256:
                    scores[job.batch_key, job.job_no, name] = (float(value), *facts)
    return holdings, days, scores, newest


async def kept(connection):
    cells = {
        row.cell_key: (row.project, row.owner_id, row.model, row.dataset)
        for row in await connection.execute(sa.select(tables.cell))
    }
    groups = {
        row.group_key: (*cells[row.cell_key], row.settings_key)
        for row in await connection.execute(sa.select(tables.seed_group))
    }
    scores = {
        (row.batch_key, row.job_no, row.name): (
            row.value,
            groups[row.group_key] if groups[row.group_key][:4] == cells[row.cell_key] else None,
            None if row.ended_s == 1e18 else row.ended_s,
            row.is_done,
        )
        for row in await connection.execute(sa.select(tables.score))
    }
    holdings = {(row.project, row.owner_id): row for row in await connection.execute(sa.select(tables.holding))}
    days = {
        (row.project, row.owner_id, row.day): row.n_batches
        for row in await connection.execute(sa.select(tables.holding_day))
        if row.n_batches
    }
    return holdings, days, scores


async def check(database):
    """Compare; also what a running batch told last, which readers add themselves."""
    async with database.read() as connection:
        batches = {row.batch_key: row for row in await connection.execute(sa.select(tables.batch))}
        jobs = list(await connection.execute(sa.select(tables.job)))
        holdings, days, scores = await kept(connection)
        settings = dict(map(tuple, await connection.execute(sa.select(tables.configuration))))
    for job in jobs:
        own = settings_of(job.extra)
        assert (job.settings_key, settings.get(job.settings_key)) == own
    expected, expected_days, expected_scores, newest = counted(batches, jobs)
    for key, row in holdings.items():
        for name in ("n_batches", "n_running", "n_live", "n_jobs", "n_done", "n_failed", "n_pending", "elapsed_s"):
            assert getattr(row, name) == expected[key][name], (key, name)
        if key in newest and (row.gone_at is None or (row.last_event_at or row.gone_at) > row.gone_at):
            live = [
                batch.last_event_at
                for batch in batches.values()
                if batch.status in RUNNING
                and not batch.is_placeholder
                and batch.deleted_at is None
                and (batch.project, batch.owner_id or 0) == key
                and batch.last_event_at is not None
            ]
            known = [at for at in (row.last_event_at, *live) if at is not None]
            assert max(known) == newest[key], key
    assert {key for key, row in holdings.items() if row.n_batches} == {k for k, n in expected.items() if n["n_batches"]}
    assert days == dict(expected_days)
    assert scores.keys() == expected_scores.keys()
    for key, (value, place, ended, is_done) in expected_scores.items():
        assert scores[key][:2] == (value, place)
        assert scores[key][3] == is_done
        assert scores[key][2] == (None if ended is None else pytest.approx(ended, abs=2e-3))


class Story:
    """Random things that happen to six batches of two people in three projects."""

    def __init__(self, ingest, other, seed):
        self.ingest, self.other, self.draw = ingest, other, random.Random(seed)
        self.minute = 0

    def at(self):
        self.minute += 1
        return (BEGIN + timedelta(minutes=self.minute * self.draw.choice([1, 60]))).isoformat()

    def told(self):
        draw = self.draw
        batch = f"b{draw.randrange(6)}"
        kind = draw.choice(["batch_start", "job_start", "job_epoch", "job_done", "job_done", "job_failed", "log_line"])
        kind = draw.choice([kind, kind, kind, "batch_done", "batch_failed", "resource_snapshot"])
        data = {
            "batch_start": {"n_total_jobs": draw.choice([3, 0, 2**62])},
            "job_start": {"model": draw.choice(["m", "n", "x" * 5000]), "dataset": draw.choice(["d", ""])}
            | draw.choice(CONFIGS),
            "job_epoch": {"epoch": 1, "val_loss": 0.5},
            "job_done": {"elapsed_s": draw.choice([60, -5, 2**70, 1.5]), "metrics": draw.choice(METRICS)},
            "job_failed": {"elapsed_s": 7, "error": "oom"} | draw.choice([{}, {}, *CONFIGS]),
            "batch_done": draw.choice([{}, {"n_done": 9}, {"n_done": 2**62, "n_failed": 1}]),
            "log_line": {"line": "x"},
            "resource_snapshot": {"gpu_util_pct": 3.0},
        }.get(kind, {})
        job = f"j{draw.randrange(3)}" if kind.startswith("job") else None
        found = event(kind, batch, job, self.at(), **data)
        found["source"]["project"] = draw.choice(["p", "p", "q", f"r{batch}"])
        return found

    async def report(self):
        token = self.draw.choice([None, self.other])
        await self.ingest.post(*(self.told() for _ in range(self.draw.randrange(1, 9))), token=token)

    async def happen(self):
        """One thing."""
        chosen = self.draw.choice(["report"] * 6 + ["job", "batch", "project", "move", "restore", "purge", "leave"])
        await getattr(self, chosen)()

    async def ask(self, handle, request):
        async with self.ingest.platform.write(tables.OWNER) as tx:
            await handle(tx, request)

    async def delete(self, kind, **what):
        await self.ask(deletions.delete, wire.TrackingDelete(kind=kind, actor_id=7, at=now(), **what))

    async def job(self):
        await self.delete("job", batch_id=f"b{self.draw.randrange(6)}", job_id=f"j{self.draw.randrange(3)}")

    async def batch(self):
        await self.delete("batch", batch_id=f"b{self.draw.randrange(6)}", purge=self.draw.random() < 0.3)

    async def project(self):
        await self.delete("project", project=self.draw.choice(["p", "q"]))

    async def move(self):
        action = self.draw.choice(["stop", "pause", "resume", "fail", "stall"])
        request = wire.BatchTransition(
            batch_id=f"b{self.draw.randrange(6)}", action=action, actor_id=7, actor_name="ada", at=now()
        )
        await self.ask(moves.move, request)

    async def restore(self):
        kind, batch_id, job_id = self.draw.choice(["batch", "job"]), f"b{self.draw.randrange(6)}", "j0"
        request = wire.TrackingRestore(kind=kind, batch_id=batch_id, job_id=job_id, actor_id=7, at=now())
        await self.ask(restores.restore, request)

    async def purge(self):
        storage = _NoFiles()
        work = DeletedBatches(self.ingest.database, storage, None, now())
        async for _ in work.slices():
            pass

    async def leave(self):
        departed = wire.PersonDeparted(user_id=self.ingest.user_id, email="ada@example.org", at=now(), runs="delete")
        if self.draw.random() < 0.2:
            await departures.forget(self.ingest.database, departed)


class _NoFiles:
    async def files(self, _):
        return []

    async def drop(self, _):
        return None

    async def drop_folder(self, _):
        return None


@pytest.mark.parametrize("seed", range(4))
async def test_sums_are_what_counting_gives(ingest, seed):
    _, other = await ingest.person("bob")
    story = Story(ingest, other, seed)
    for _ in range(40):
        await story.happen()
        await check(ingest.database)


async def test_sums_can_be_made_anew_at_any_time(ingest):
    _, other = await ingest.person("bob")
    story = Story(ingest, other, 99)
    for _ in range(15):
        await story.report()
    async with ingest.database.write() as connection:
        await connection.execute(sa.delete(tables.holding))
        await connection.execute(sa.delete(tables.score))
        await connection.run_sync(sums.rebuild)
    await check(ingest.database)
    await story.report()
    await check(ingest.database)
