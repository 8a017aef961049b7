"""Old rows leave, curves stay, and what the administrator configured is what is used."""

from datetime import timedelta

import sqlalchemy as sa

from argus_contracts.event_rows import TYPES_BY_CODE
from argus_ingest.retention.policy import configured, from_environment
from argus_ingest.retention.settings import RetentionSettings
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
        "event.other": 0,
    }  # fmt: skip
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
    assert status["last_run_stats"]["event.job_epoch"] == 2
    assert status["last_run_at"] < status["next_run_at"]
    for path in ("status", "sweep"):
        method = "GET" if path == "status" else "POST"
        answer = await ingest.client.request(
            method, f"/api/admin/retention/{path}", headers=bearer_headers(ingest.token)
        )
        assert answer.status_code == 403


def test_values_that_are_no_days_are_passed_over():
    policy = from_environment(RetentionSettings())
    values = {"snapshot_days": 0, "retention_log_line_days": 3, "job_epoch_days": "x", "event_other_days": -1, "a": 1}
    changed = configured(policy, values)
    assert (changed.snapshot_days, changed.log_line_days) == (0, 3)
    assert (changed.job_epoch_days, changed.event_other_days) == (30, 90)
