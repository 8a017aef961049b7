"""Old rows leave, curves stay, and what the administrator configured is what is used."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from argus_contracts.event_rows import TYPES_BY_CODE
from argus_ingest.retention.policy import configured, from_environment
from argus_ingest.retention.service import Retention
from argus_ingest.retention.settings import RetentionSettings
from argus_ingest.store.purged_events import find, packed
from argus_ingest.testing import event
from argus_kit.clock import iso, now
from argus_kit.testing import add_session, add_user, bearer_headers
from argus_schema import auth as auth_tables
from argus_schema import ingest as tables


def run_of(days, batch="bench-1"):
    at = iso(now() - timedelta(days=days))
    return [
        event("batch_start", batch, at=at),
        event("job_epoch", batch, "j", at=at, epoch=1, loss=0.5),
        event("log_line", batch, at=at, line="x"),
        event("resource_snapshot", batch, at=at, gpu_util_pct=1.0),
    ]


async def left(ingest):
    names = [TYPES_BY_CODE[row.type_code] for row in await ingest.rows(tables.event)]
    return {name: names.count(name) for name in set(names)}


async def test_a_sweep_removes_what_is_too_old_and_keeps_the_curves(ingest):
    admin = await add_session(ingest.database, await add_user(ingest.database, "root", is_admin=True))
    headers = bearer_headers(admin)
    await ingest.accept(*run_of(20), *run_of(20), *run_of(1, "young"))
    answer = await ingest.client.post("/api/admin/retention/sweep", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["stats"] == {
        "resource_snapshot.normal": 2, "resource_snapshot.demo": 0, "event.log_line": 2, "event.job_epoch": 0,
        "event.other": 0, "job.deleted": 0, "batch.deleted": 0,
    }  # fmt: skip
    assert answer.json()["bytes"]["event.log_line"] > 0
    assert (answer.json()["outcome"], answer.json()["dry_run"]) == ("done", False)
    assert (answer.json()["freed_bytes"] is None) is not ingest.database.is_sqlite
    assert len(await ingest.rows(tables.resource_snapshot)) == len(await ingest.rows(tables.log_line)) == 1
    async with ingest.database.write() as connection:
        values = {"group": "retention", "key": "job_epoch_days", "value": 10}
        await connection.execute(sa.insert(auth_tables.system_config).values(values))
    await ingest.client.post("/api/admin/retention/sweep", headers=headers)
    assert (await left(ingest))["job_epoch"] == 1
    assert len(await ingest.rows(tables.metric_block)) == 2
    status = (await ingest.client.get("/api/admin/retention/status", headers=headers)).json()
    assert status["settings"]["retention_job_epoch_days"] == 10
    assert status["settings"]["retention_sweep_interval_minutes"] == 60
    assert (status["settings"]["retention_deleted_days"], status["settings"]["retention_artifact_days"]) == (7, 0)
    assert status["last_run_stats"]["event.job_epoch"] == 2
    assert status["last_run_at"] < status["next_run_at"]
    for path in ("status", "sweep", "runs"):
        method = "POST" if path == "sweep" else "GET"
        answer = await ingest.client.request(
            method, f"/api/admin/retention/{path}", headers=bearer_headers(ingest.token)
        )
        assert answer.status_code == 403


async def test_a_dry_run_says_what_would_leave_and_removes_nothing(ingest):
    admin = await add_session(ingest.database, await add_user(ingest.database, "root", is_admin=True))
    headers = bearer_headers(admin)
    await ingest.accept(*run_of(20), *run_of(40, "older"), *run_of(1, "young"))
    before = [await ingest.rows(table) for table in (tables.event, tables.log_line, tables.resource_snapshot)]
    said = (await ingest.client.post("/api/admin/retention/sweep?dry_run=true", headers=headers)).json()
    assert before == [await ingest.rows(table) for table in (tables.event, tables.log_line, tables.resource_snapshot)]
    done = (await ingest.client.post("/api/admin/retention/sweep", headers=headers)).json()
    assert said["stats"] == done["stats"]
    assert {name: pytest.approx(size, rel=0.1) for name, size in done["bytes"].items()} == said["bytes"]
    assert said["stats"]["event.job_epoch"] == 1
    runs = (await ingest.client.get("/api/admin/retention/runs", headers=headers)).json()
    assert [(run["dry_run"], run["outcome"], run["username"]) for run in runs] == [
        (False, "done", "root"),
        (True, "done", "root"),
    ]
    assert runs[0]["classes"]["event.log_line"] == {
        "rows": 2, "bytes": done["bytes"]["event.log_line"], "error": None,
    }  # fmt: skip


async def test_what_was_purged_is_known_when_it_comes_again(ingest):
    old = run_of(100)
    old += [
        event("job_done", job="j", at=old[0]["timestamp"], metrics={"acc": 1.0}),
        event("batch_done", at=old[0]["timestamp"]),
    ]
    first = await ingest.accept(*old)
    job, batch = await ingest.job("j"), await ingest.batch()
    await ingest.platform.get(Retention).run()
    assert await ingest.rows(tables.event) == []
    fresh = event("job_epoch", job="j", at=old[0]["timestamp"], epoch=2, loss=0.25)
    again = await ingest.post(*old, fresh)
    assert [result["status"] for result in again["results"]] == ["deduplicated"] * len(old) + ["accepted"]
    assert [result["db_id"] for result in again["results"]][: len(old)] == first
    assert (await ingest.job("j")).n_points == job.n_points + 1
    assert (await ingest.batch()).n_done == batch.n_done == 1
    assert await ingest.rows(tables.log_line) == await ingest.rows(tables.resource_snapshot) == []
    (kept,) = await ingest.rows(tables.event)
    assert TYPES_BY_CODE[kept.type_code] == "job_epoch"


@given(st.lists(st.binary(min_size=1, max_size=17), unique=True, max_size=60), st.binary(min_size=18, max_size=20))
def test_a_slice_knows_its_events_and_no_other(keys, stranger):
    events = [(key, number + 2**40) for number, key in enumerate(keys)]
    slice_ = packed(events)
    assert len(slice_) == 16 * len(keys)
    assert find(slice_, [*keys, stranger]) == dict(events)


def test_values_that_are_no_days_are_passed_over():
    policy = from_environment(RetentionSettings())
    values = {"snapshot_days": 0, "retention_log_line_days": 3, "job_epoch_days": "x", "event_other_days": -1, "a": 1}
    changed = configured(policy, values)
    assert (changed.snapshot_days, changed.log_line_days) == (0, 3)
    assert (changed.job_epoch_days, changed.event_other_days) == (30, 90)
