"""What each event type leaves in the tables, on both databases."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from argus_contracts import points
from argus_contracts.event_rows import TYPES_BY_CODE, event_id
from argus_ingest.testing import AT, event
from argus_kit.clock import now
from argus_schema import ingest as tables

WHEN = datetime(2026, 11, 23, 14, 44, 22, tzinfo=UTC)


async def test_a_whole_run(ingest):
    sent = [
        event("batch_start", experiment_type="grid", n_total_jobs=2),
        event("job_start", job="a", model="m", dataset="d", optuna={"study_name": "s"}),
        event("job_epoch", job="a", epoch=0, train_loss=1.0, val_loss=2.0),
        event("job_epoch", job="a", epoch=1, train_loss=0.5, val_loss=None, note="kept"),
        event("log_line", job="a", line="hello", level="warning"),
        event("env_snapshot", git_sha="abc", pip_freeze=["a==1"]),
        event("job_done", job="a", metrics={"MSE": 0.5, "setting": "x"}, elapsed_s=3.7),
        event("job_failed", job="b", reason="oom"),
        event("batch_done", n_done=1, n_failed=1, total_elapsed_s=9.0),
    ]
    assert await ingest.accept(*sent) == list(range(1, 10))

    batch = await ingest.batch()
    assert (batch.project, batch.user, batch.host, batch.command) == ("vision", "ada", "gpu-01", "python train.py")
    assert (batch.status, batch.n_total, batch.n_done, batch.n_failed, batch.n_jobs) == ("done", 2, 1, 1, 2)
    assert (batch.owner_id, batch.start_time, batch.end_time) == (ingest.user_id, WHEN, WHEN)
    assert batch.env_snapshot == {"git_sha": "abc", "pip_freeze": ["a==1"]}
    assert not batch.is_placeholder

    job = await ingest.job("a")
    assert (job.model, job.dataset, job.status, job.elapsed_s) == ("m", "d", "done", 3)
    assert (job.metrics, job.extra) == ({"MSE": 0.5, "setting": "x"}, {"optuna": {"study_name": "s"}})
    assert (job.n_points, job.last_epoch, job.val_loss_trace) == (2, 1, [2.0])
    assert job.latest == {"train_loss": 0.5, "val_loss": 2.0}
    assert (await ingest.job("b")).reason == "oom"

    events = await ingest.rows(tables.event)
    assert [TYPES_BY_CODE[row.type_code] for row in events] == [one["event_type"] for one in sent]
    assert [event_id(row.event_key) for row in events] == [one["event_id"] for one in sent]
    # What another table holds whole is not stored twice; what no other table holds is.
    assert [row.data is None for row in events] == [False, False, True, False, True, False, False, False, False]
    assert events[3].data["note"] == "kept"

    (block,) = await ingest.rows(tables.metric_block)
    curve = points.unpack(block.payload, block.names)
    assert (block.id, block.n_points, block.first_step, block.last_step) == (3, 2, 0, 1)
    assert (curve.steps, curve.times) == ([0, 1], [WHEN.timestamp()] * 2)
    assert curve.columns == {"train_loss": [1.0, 0.5], "val_loss": [2.0, None]}

    (line,) = await ingest.rows(tables.log_line)
    assert (line.id, line.job_id, line.level, line.line, line.at) == (5, "a", "warning", "hello", WHEN)
    assert line.event_id == sent[4]["event_id"]


async def test_log_lines_are_read_from_either_key(ingest):
    await ingest.accept(
        event("log_line", message="from message"),
        event("log_line", line={"not": "text"}),
        event("log_line", line="both", message="kept"),
    )
    lines = await ingest.rows(tables.log_line)
    assert [row.line for row in lines] == ["from message", '{"not":"text"}', "both"]
    assert {row.level for row in lines} == {"info"}
    assert [row.data is None for row in await ingest.rows(tables.event)] == [True, True, False]
    assert await ingest.rows(tables.job) == []


async def test_snapshots_hosts_and_placeholders(ingest):
    gpus = [{"index": 0, "util_pct": 5.0}, {"index": 1, "util_pct": float(80)}]
    first = event("resource_snapshot", gpu_util_pct=5, cpu_util_pct="7.5", pid=12, gpus=gpus, proc_ram_mb="much")
    await ingest.accept(first)
    batch = await ingest.batch()
    assert (batch.is_placeholder, batch.status, batch.start_time) == (True, None, None)
    (row,) = await ingest.rows(tables.resource_snapshot)
    assert (row.host, row.gpu_util_pct, row.cpu_util_pct, row.proc_ram_mb) == ("gpu-01", 5.0, 7.5, None)
    assert (row.gpus, row.extra) == (gpus, {"pid": 12, "proc_ram_mb": "much"})

    later = event("resource_snapshot", at="2026-11-23T15:00:00Z", gpu_util_pct=90.0)
    older = event("resource_snapshot", at="2026-11-23T14:50:00Z", gpu_util_pct=50.0)
    nameless = event("resource_snapshot", gpu_temp_c=40)
    nameless["source"] = {"project": "vision"}
    await ingest.accept(later)
    await ingest.accept(older, nameless)
    hosts = {row.host: row for row in await ingest.rows(tables.host)}
    assert set(hosts) == {"gpu-01", "unknown"}
    assert (hosts["gpu-01"].first_seen, hosts["gpu-01"].last_seen) == (WHEN, WHEN + timedelta(minutes=15, seconds=38))
    links = {row.host: row for row in await ingest.rows(tables.host_batch)}
    assert links["gpu-01"].latest["gpu_util_pct"] == 90.0

    await ingest.accept(event("log_line", line="now real"))
    batch = await ingest.batch()
    assert (batch.is_placeholder, batch.status, batch.start_time, batch.event_seq) == (False, "running", WHEN, 5)


async def test_resume_and_restart_over_flushes(ingest):
    await ingest.accept(event("batch_start", n_total_jobs=3), event("job_start", job="j", model="m"))
    await ingest.accept(event("job_epoch", job="j", epoch=0, val_loss=1.0), event("batch_failed", reason="boom"))
    assert [(await ingest.batch()).status, (await ingest.batch()).error] == ["failed", "boom"]
    assert (await ingest.job("j")).status == "lost"
    later = "2026-11-23T15:00:00Z"
    await ingest.accept(event("batch_start", at=later), event("job_start", job="j", at=later))
    batch, job = await ingest.batch(), await ingest.job("j")
    assert (batch.status, batch.end_time, batch.error, batch.n_total, batch.start_time) == (
        "running",
        None,
        None,
        3,
        WHEN,
    )
    assert (job.status, job.model, job.n_points, job.latest) == ("running", "m", 0, None)
    await ingest.accept(event("job_epoch", job="j", at=later, epoch=0, val_loss=0.5))
    blocks = [points.unpack(row.payload, row.names) for row in await ingest.rows(tables.metric_block)]
    assert [block.columns["val_loss"] for block in blocks] == [[1.0], [0.5]]


async def test_counters_come_from_the_jobs(ingest):
    await ingest.accept(event("job_start", job="a"), event("job_start", job="b"), event("job_start", job="c"))
    await ingest.accept(event("job_done", job="a"))
    await ingest.accept(event("job_failed", job="b", error="x"), event("job_done", job="c", status="FAILED"))
    batch = await ingest.batch()
    assert (batch.n_done, batch.n_failed, batch.n_jobs) == (1, 2, 3)
    await ingest.accept(event("job_start", job="b", at="2026-11-23T14:50:00Z"))
    assert (await ingest.batch()).n_failed == 1


async def test_a_clock_far_ahead_is_stored_and_never_the_latest(ingest):
    before = now()
    await ingest.accept(event("log_line", at="2094-01-01T00:00:00Z", line="x"))
    (row,) = await ingest.rows(tables.event)
    batch = await ingest.batch()
    assert row.sent_at == datetime(2094, 1, 1, tzinfo=UTC)
    assert before <= row.at <= now()
    assert batch.last_event_at == row.at
    assert batch.start_time == row.at


async def test_what_json_cannot_say(ingest):
    """NaN and infinities reach the tables as texts in JSON columns and as numbers in blocks."""
    raw = msgspec.json.encode(event("job_epoch", job="j", epoch=1)).replace(
        b'"epoch":1', b'"epoch":1,"loss":NaN,"g":-Infinity'
    )
    headers = {"Authorization": f"Bearer {ingest.token}", "Content-Type": "application/json"}
    assert (await ingest.client.post("/api/events", content=raw, headers=headers)).status_code == 200
    job = await ingest.job("j")
    assert job.latest == {"loss": "NaN", "g": "-Infinity"}
    (block,) = await ingest.rows(tables.metric_block)
    assert repr(points.unpack(block.payload, block.names).columns) == "{'loss': [nan], 'g': [-inf]}"


@pytest.mark.parametrize("kind", ["batch_start", "job_start"])
async def test_huge_numbers_and_odd_texts_are_storable(ingest, kind):
    data = {"big": 10**40, "n": -(2**63), "text": "nul\0 and \ud800 half", "deep": [[{"x": [1, {"y": None}]}]]}
    body = msgspec.json.encode(event(kind, job="j", at=AT)).replace(b'"data":{}', b'"data":' + _lenient(data))
    headers = {"Authorization": f"Bearer {ingest.token}", "Content-Type": "application/json"}
    assert (await ingest.client.post("/api/events", content=body, headers=headers)).status_code == 200
    (row,) = await ingest.rows(tables.event)
    assert row.data["big"] == pytest.approx(1e40)


def _lenient(data):
    import json

    return json.dumps(data).encode()


async def test_a_checkpoint_costs_no_other_change_of_its_batch(ingest):
    await ingest.accept(event("batch_start"), event("job_start", job="a"))
    for epoch in range(3):
        saved = event("job_checkpoint", job="a", path="/data/a.pt", epoch=epoch)
        ids = await ingest.accept(event("job_epoch", job="a", epoch=epoch, train_loss=1.0), saved)
        assert ids == [3 + 2 * epoch, 4 + 2 * epoch]
    assert await ingest.accept(event("batch_done", n_done=1), event("job_checkpoint", job="a", path="/data/b.pt")) == [
        9,
        10,
    ]
    batch = await ingest.batch()
    assert (batch.status, batch.n_done, batch.event_seq, batch.checkpoint["path"]) == ("done", 1, 10, "/data/b.pt")


async def test_an_alert_is_kept_and_makes_no_job(ingest):
    told = {"title": "Loss spike", "text": "12.5", "level": "warn", "wait_s": 60.0}
    await ingest.accept(event("batch_start"), event("alert", job="a", **told), event("alert", title="Half way"))
    rows = await ingest.rows(tables.event)
    assert [(TYPES_BY_CODE[row.type_code], row.job_id) for row in rows[1:]] == [("alert", "a"), ("alert", None)]
    assert [row.data for row in rows[1:]] == [told, {"title": "Half way"}]
    assert await ingest.rows(tables.job) == []
    found = await ingest.post(event("alert", text="no title"))
    assert (found["rejected"], found["results"][0]["status"]) == (1, "rejected")
