from datetime import UTC, datetime, timedelta

import pytest

from argus_catalog.timeline import repository
from argus_contracts.event_rows import TYPE_CODES, event_key
from argus_schema import ingest

T0 = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def after(minutes):
    return T0 + timedelta(minutes=minutes)


@pytest.fixture
async def run(world):
    """A job of a batch, and a way to note events of it."""
    await world.batch("a", start_time=T0, status="running")

    async def note(event_type, minutes, *, job_id=None, **data):
        number = world.next_id("a")
        await world.insert(
            ingest.event,
            batch_key=world.keys["a"],
            id=number,
            event_key=event_key(f"e{number}"),
            type_code=TYPE_CODES[event_type],
            job_id=job_id,
            at=after(minutes),
            data=data or None,
        )

    world.note = note
    return world


async def timeline(world, job_id="j1"):
    return await world.read(f"/api/jobs/a/{job_id}/timeline")


def told(found):
    return [(moment["kind"], moment["text"]) for moment in found["moments"]]


class TestLife:
    async def test_everything_in_the_order_of_time(self, run):
        await run.job(
            "a",
            "j1",
            status="failed",
            start_time=T0,
            first_epoch_at=after(2),
            end_time=after(60),
            reason="RuntimeError: out",
        )
        await run.job("a", "j2", start_time=T0)
        await run.note("job_start", 0, job_id="j1")
        await run.note("job_idle_flagged", 10, job_id="j1", gpu_util_pct=1)
        await run.note("job_idle_flagged", 11, job_id="j2", gpu_util_pct=1)
        await run.note("batch_stalled", 20, silent_s=400)
        await run.note("batch_stop_requested", 50, requested_by="ada")
        await run.note("batch_stalled", 90)
        for n in range(3):
            await run.log("a", f"UserWarning: batch {n} is odd", job_id="j1", level="warning", at=after(30 + n))
        await run.log("a", "it broke", job_id="j1", level="error", at=after(59))
        await run.log("a", "it broke", job_id="j2", level="error", at=after(59))
        await run.insert(
            ingest.artifact,
            batch_key=run.keys["a"],
            job_id="j1",
            filename="ckpt.pt",
            mime="application/octet-stream",
            size_bytes=7,
            path="x",
            created_at=after(40),
        )
        found = await timeline(run)
        assert told(found) == [
            ("started", None),
            ("first_epoch", None),
            ("idle", None),
            ("stalled", None),
            ("warning", "UserWarning: batch 0 is odd"),
            ("artifact", "ckpt.pt"),
            ("stop_requested", "ada"),
            ("error", "it broke"),
            ("failed", "RuntimeError: out"),
        ]
        warning = found["moments"][4]
        assert (warning["count"], warning["line_id"] is not None) == (3, True)
        assert (found["elapsed_s"], found["last_run_s"], found["noted_since"]) == (3600, 3600, None)

    async def test_alerts_of_the_job_and_of_the_whole_batch(self, run):
        await run.job("a", "j1", status="running", start_time=T0)
        await run.job("a", "j2", status="running", start_time=T0)
        await run.note("alert", 1, job_id="j1", title="Loss spike", text="12.5", level="warn")
        await run.note("alert", 2, job_id="j2", title="Not ours")
        await run.note("alert", 3, title="Half way")
        found = (await timeline(run))["moments"][1:]
        assert [(one["kind"], one["text"], one["level"]) for one in found] == [
            ("alert", "Loss spike: 12.5", "warn"),
            ("alert", "Half way", "info"),
        ]

    async def test_a_resumed_job_tells_its_whole_life_and_its_last_run(self, run):
        resumes = [{"at": after(30).timestamp(), "epoch": 4, "step": None}]
        number = await run.job("a", "j1", status="running", start_time=after(30), resumes=resumes)
        await run.points("a", number, [1, 2, 3], begin=after(1), val_loss=[3.0, 2.0, 1.0])
        await run.note("job_failed", 20, job_id="j1", reason="no")
        found = await timeline(run)
        assert [(one["start"], one["end"], one["epoch"]) for one in found["runs"]] == [
            ("2026-11-20T12:01:00Z", "2026-11-20T12:20:00Z", None),
            ("2026-11-20T12:30:00Z", None, 4),
        ]
        assert found["elapsed_s"] - found["last_run_s"] == 29 * 60
        assert [kind for kind, _ in told(found)] == ["started", "resumed"]

    async def test_a_first_start_that_was_noted_is_earlier_than_the_first_sign(self, run):
        resumes = [{"at": after(30).timestamp(), "epoch": 4, "step": None}]
        await run.job("a", "j1", status="done", start_time=after(30), end_time=after(45), resumes=resumes)
        await run.note("job_start", 0, job_id="j1")
        await run.log("a", "hello", job_id="j1", at=after(3))
        assert (await timeline(run))["runs"][0]["start"] == "2026-11-20T12:00:00Z"

    async def test_a_traceback_is_one_moment_told_by_its_last_line(self, run):
        await run.job("a", "j1", start_time=T0)
        for text in ("Traceback (most recent call last):", "  here", "KeyError: 'x'"):
            await run.log("a", text, job_id="j1", level="error", at=after(5))
        await run.log("a", "then this", job_id="j1", at=after(5))
        await run.log("a", "OSError: y", job_id="j1", level="error", at=after(6))
        found = await timeline(run)
        assert told(found) == [("started", None), ("error", "KeyError: 'x'"), ("error", "OSError: y")]

    async def test_a_job_without_anything(self, run):
        await run.job("a", "j1", start_time=None, status="skipped")
        found = await timeline(run)
        assert (found["runs"], found["moments"], found["elapsed_s"]) == ([], [], None)


class TestBounds:
    async def test_what_is_not_looked_up_is_said(self, run, monkeypatch):
        monkeypatch.setattr(repository, "EVENTS", 2)
        await run.job("a", "j1", start_time=T0)
        for minute in range(4):
            await run.note("batch_stalled", minute)
        async with run.database.write() as connection:
            await connection.execute(ingest.batch.update().values(event_seq=4))
        found = await timeline(run)
        assert found["noted_since"] == "2026-11-20T12:02:00Z"
        assert [kind for kind, _ in told(found)] == ["started", "stalled", "stalled"]

    async def test_a_stop_that_only_the_batch_remembers(self, run):
        await run.batch("b", stop_requested_at=after(5), stop_requested_by="ada")
        await run.job("b", "j1", start_time=T0)
        found = await run.read("/api/jobs/b/j1/timeline")
        assert told(found) == [("started", None), ("stop_requested", "ada")]

    async def test_the_number_of_queries_does_not_grow(self, run, statements):
        await run.job("a", "j1", start_time=T0)
        await timeline(run)
        few = len(statements)
        for minute in range(20):
            await run.note("batch_stalled", minute)
            await run.log("a", f"w{minute}", job_id="j1", level="warn", at=after(minute))
        del statements[:]
        await timeline(run)
        assert len(statements) <= few + 4
