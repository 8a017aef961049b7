"""Points go through ingest's flushes, are merged at any moment, and are read by the catalog: what comes back is what a
dict would hold that later points overwrite and later runs cut off. On both engines.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from math import inf, isfinite, nan
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from argus_catalog.curves import loading, reading, repository
from argus_catalog.curves.loading import Wish
from argus_catalog.curves.reading import Window
from argus_catalog.curves.service import epoch_rows
from argus_catalog.curves.shaping import series
from argus_contracts.curves import merging, rollups
from argus_contracts.curves.rows import Cut, cuts_of
from argus_contracts.event_rows import event_key
from argus_contracts.events import Event, Source
from argus_contracts.points import EPOCHS, STEPS
from argus_ingest.compaction.due import Due
from argus_ingest.compaction.service import Compaction
from argus_ingest.compaction.settings import CompactionSettings
from argus_ingest.fold.state import Arrival
from argus_ingest.store.flush import Store
from argus_kit.actor import Actor
from argus_kit.platform import Platform
from argus_schema import ingest as tables

T0 = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ACTOR = Actor(1, "ada", is_admin=True, kind="token", scope="reporter")
VALUE = st.floats(-9, 9) | st.sampled_from([nan, inf, -inf])
VALUES = st.dictionaries(st.sampled_from(["loss", "acc"]), VALUE, max_size=2)
SENT = st.one_of(
    st.tuples(st.just("job_epoch"), st.integers(0, 40), st.integers(0, 60), VALUES),
    st.tuples(st.just("job_step"), st.integers(0, 90), st.integers(0, 60), VALUES),
    st.tuples(st.just("job_start"), st.just(0), st.integers(0, 60), st.just({})),
)
MERGE = st.tuples(st.just("merge"), st.integers(1, 4))
FLUSH = st.tuples(st.just("flush"), st.lists(SENT, min_size=1, max_size=12))


@pytest.fixture
def tiny_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks, buckets and curves so short that a dozen points need many of them."""
    monkeypatch.setattr(merging, "FULL", 5)
    monkeypatch.setattr(rollups, "BUCKET", 3)
    monkeypatch.setattr(reading, "_FROM_AFAR", 1)


class Run:
    """One job's story: what was sent, and what a dict makes of it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.store = Store(platform.database, platform.add_outbox(tables.OWNER, tables.outbox))
        self.batch_id = f"b-{uuid.uuid4()}"
        self.points: list[tuple[int, int, float, dict[str, float]]] = []

    async def flush(self, sent: list[tuple[str, int, int, dict[str, float]]]) -> None:
        arrivals = []
        for kind, step, minute, values in sent:
            at = T0 + timedelta(minutes=minute)
            data: dict[str, Any] = dict(values)
            if kind != "job_start":
                number = "epoch" if kind == "job_epoch" else "step"
                data[number] = step
                self.points.append((EPOCHS if kind == "job_epoch" else STEPS, step, at.timestamp(), values))
            event = Event(str(uuid.uuid4()), kind, "", at, self.batch_id, "j", Source("p"), data)
            arrivals.append(Arrival(event, ACTOR, event_key(event.event_id), at, None))
        await self.store.write(arrivals)

    async def job(self) -> Any:
        query = sa.select(tables.job).join(tables.batch, tables.job.c.batch_key == tables.batch.c.batch_key)
        async with self.platform.database.read() as connection:
            return (await connection.execute(query.where(tables.batch.c.id == self.batch_id))).one_or_none()

    async def merge(self, slice_blocks: int = 2_000, *, once: bool = True) -> int:
        job = await self.job()
        if job is None:
            return 0
        compaction = Compaction(self.platform, CompactionSettings(slice_blocks=slice_blocks))
        one, total = Due(self.batch_id, job.batch_key, job.job_no), 0
        while count := await compaction.merge(one):
            total += count
            if once:
                break
        return total

    async def read(self, wish: Wish) -> dict[tuple[int, str], dict[str, Any]]:
        job = await self.job()
        async with self.platform.database.read() as connection:
            head = await repository.head(connection, (job.batch_key, job.job_no))
            assert head is not None
            found = (await loading.curves(connection, [head], wish))[head.key]
        return {key: series(key[1], key[0], drawn, wish.points) for key, drawn in found.items()}

    def expected(self, resumes: Any) -> dict[tuple[int, str], dict[int, tuple[float, float]]]:
        curves: dict[tuple[int, str], dict[int, tuple[float, float]]] = {}
        for kind, step, at, values in self.points:
            if not _is_cut(cuts_of(resumes, kind), step, at):
                for name, value in values.items():
                    curve = curves.setdefault((kind, name), {})
                    if step not in curve or at >= curve[step][0]:
                        curve[step] = (at, value)
        return {key: dict(sorted(curve.items())) for key, curve in curves.items()}


def _is_cut(cuts: list[Cut], step: int, at: float) -> bool:
    return any(at < cut.at and step >= cut.step for cut in cuts)


def _shown(value: float) -> float | None:
    return value if isfinite(value) else None


def _extremes(curve: dict[int, tuple[float, float]]) -> list[float | int | None]:
    finite = [(value, step) for step, (_, value) in curve.items() if isfinite(value)]
    low = min(finite, default=(None, None))
    high = max(finite, key=lambda one: (one[0], -one[1]), default=(None, None))
    return [*low, *high]


CHECKS = settings(
    max_examples=60,
    deadline=None,
    # Each example is a dozen transactions: a failing one is shown as it was found.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@CHECKS
@given(st.lists(FLUSH | MERGE, min_size=1, max_size=8), st.integers(2, 9), st.integers(0, 90), st.integers(0, 60))
async def test_what_is_read_is_what_a_dict_would_hold(
    platform: Platform, tiny_chunks: None, story: list[tuple[str, Any]], points: int, low: int, width: int
) -> None:
    run = Run(platform)
    for act, what in story:
        await (run.merge(what) if act == "merge" else run.flush(what))
    job = await run.job()
    if job is None:
        return
    expected = run.expected(job.resumes)

    whole = await run.read(Wish(points=20_000))
    assert set(whole) == set(expected)
    for key, curve in expected.items():
        got = whole[key]
        # All of it, unless it was drawn from afar: so short a curve never is with so many points.
        assert dict(zip(got["steps"], zip(got["times"], got["values"], strict=True), strict=True)) == {
            step: (at, _shown(value)) for step, (at, value) in curve.items()
        }
        assert got["n_points"] == len(curve)
        summary = got["summary"]
        assert [summary[name] for name in ("min", "min_step", "max", "max_step")] == _extremes(curve)
        assert (summary["n"], summary["last_step"]) == (len(curve), max(curve))
        assert summary["last"] == _shown(curve[max(curve)][1])

    window = Window(from_step=low, to_step=low + width)
    for key, got in (await run.read(Wish(points=points, window=window))).items():
        inside = {step: point for step, point in expected[key].items() if low <= step <= low + width}
        assert len(got["steps"]) <= points
        assert got["n_points"] == len(inside)
        assert got["steps"] == sorted(got["steps"])
        assert all(got["values"][i] == _shown(inside[step][1]) for i, step in enumerate(got["steps"]))
        if inside:
            assert (got["steps"][0], got["steps"][-1]) == (min(inside), max(inside))
        finite = [value for _, value in inside.values() if isfinite(value)]
        if finite and points >= 4:
            kept = [value for value in got["values"] if value is not None]
            assert (min(kept), max(kept)) == (min(finite), max(finite))
        bad = [step for step, (_, value) in inside.items() if not isfinite(value)]
        assert sorted(step for steps in (got["nonfinite"] or {}).values() for step in steps) == bad


@CHECKS
@given(st.lists(FLUSH | MERGE, min_size=1, max_size=6))
async def test_once_all_is_merged_nothing_is_lost_and_the_summary_is_exact(
    platform: Platform, tiny_chunks: None, story: list[tuple[str, Any]]
) -> None:
    run = Run(platform)
    for act, what in story:
        await (run.merge(what) if act == "merge" else run.flush(what))
    job = await run.job()
    if job is None:
        return
    before = await run.read(Wish(points=20_000))
    async with platform.database.read() as connection:
        epochs = await epoch_rows(connection, job.batch_key, job.job_no)
    merged = await run.merge(once=False)
    after = await run.job()
    assert (merged, after.n_blocks) == (job.n_blocks, 0)
    assert repr(await run.read(Wish(points=20_000))) == repr(before)
    async with platform.database.read() as connection:
        assert await epoch_rows(connection, job.batch_key, job.job_no) == epochs
        left = sa.select(sa.func.count()).where(tables.metric_block.c.batch_key == job.batch_key)
        assert (await connection.execute(left)).scalar_one() == 0
    kept = {
        step for kind, step, at, _ in run.points if not _is_cut(cuts_of(job.resumes, kind), step, at) and kind == EPOCHS
    }
    assert {row["epoch"] for row in epochs} == kept
    if merged:
        expected = run.expected(job.resumes)
        for name in {name for _, name in expected}:
            curves = [curve for (_, metric), curve in expected.items() if metric == name]
            assert after.summary[name]["n"] == sum(map(len, curves))
            lows = [low for low, *_ in map(_extremes, curves) if low is not None]
            assert after.summary[name]["min"] == min(lows, default=None)


async def test_blocks_that_come_while_a_merge_is_prepared_stay_and_another_merge_is_dropped(platform: Platform) -> None:
    run = Run(platform)
    await run.flush([("job_epoch", 1, 1, {"loss": 1.0})])
    job = await run.job()
    one = Due(run.batch_id, job.batch_key, job.job_no)
    compaction = Compaction(platform, CompactionSettings())
    prepared, same = await compaction._prepare(one), await compaction._prepare(one)
    assert prepared is not None
    assert same is not None
    await run.flush([("job_epoch", 1, 2, {"loss": 2.0}), ("job_epoch", 2, 2, {"loss": 3.0})])
    assert await compaction._take_over(one, prepared)
    assert not await compaction._take_over(one, same)
    assert (await run.job()).n_blocks == 1
    # The summary was not exact without the newer block, so it was left as the flushes made it.
    assert (await run.job()).summary["loss"]["n"] == 3
    assert (await run.read(Wish()))[EPOCHS, "loss"]["values"] == [2.0, 3.0]
    assert await run.merge() == 1
    assert (await run.job()).summary["loss"]["n"] == 2


async def test_jobs_with_many_blocks_or_an_end_are_due(platform: Platform) -> None:
    run, ended, quiet = Run(platform), Run(platform), Run(platform)
    for step in range(4):
        await run.flush([("job_epoch", step, 1, {"loss": 1.0})])
    await ended.flush([("job_epoch", 1, 1, {"loss": 1.0}), ("job_done", 0, 2, {})][:1])
    await quiet.flush([("job_epoch", 1, 1, {"loss": 1.0})])
    async with platform.database.write() as connection:
        this = tables.job.c.batch_key == (await ended.job()).batch_key
        await connection.execute(sa.update(tables.job).where(this).values(status="done"))
    compaction = Compaction(platform, CompactionSettings(blocks=4))
    assert await compaction.run() == 5
    assert [(await one.job()).n_blocks for one in (run, ended, quiet)] == [0, 0, 1]
    assert await compaction.run() == 0


async def test_a_damaged_block_stays_and_the_other_jobs_go_on(platform: Platform) -> None:
    bad, good = Run(platform), Run(platform)
    for run in (bad, good):
        await run.flush([("job_epoch", 1, 1, {"loss": 1.0})])
    async with platform.database.write() as connection:
        this = tables.metric_block.c.batch_key == (await bad.job()).batch_key
        await connection.execute(sa.update(tables.metric_block).where(this).values(payload=b"nonsense"))
    assert await Compaction(platform, CompactionSettings(blocks=1)).run() == 1
    assert [(await run.job()).n_blocks for run in (bad, good)] == [1, 0]
