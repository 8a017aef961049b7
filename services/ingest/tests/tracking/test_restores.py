"""Deleted batches and jobs come back as they were, as long as nothing of them was removed."""

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_ingest.retention.service import Retention
from argus_ingest.testing import event
from argus_ingest.tracking import deletions, restores
from argus_kit.clock import now
from argus_kit.testing import bearer_headers
from argus_schema import ingest as tables


async def reported(ingest):
    """A batch with two jobs, one of them with everything that can hang on one."""
    await ingest.accept(
        event("batch_start"),
        *(event("job_start", job=job, model="mlp") for job in ("a", "b")),
        *(event("job_epoch", job=job, epoch=1, loss=0.5) for job in ("a", "b")),
        *(event("log_line", job=job, line="x") for job in ("a", "b")),
        event("job_done", job="a", status="DONE", metrics={"ACC": 0.9}),
        event("job_failed", job="b", reason="boom"),
        event("batch_done"),
    )
    for job in ("a", "b"):
        path = f"/api/jobs/{job}/artifacts?batch_id=bench-1"
        files = {"file": ("f", b"123")}
        answer = await ingest.client.post(path, files=files, headers=bearer_headers(ingest.token))
        assert answer.status_code == 201, answer.text


async def delete(ingest, kind, **what):
    request = wire.TrackingDelete(kind=kind, batch_id="bench-1", actor_id=7, at=now(), **what)
    async with ingest.platform.write(tables.OWNER) as tx:
        return await deletions.delete(tx, request)


async def restore(ingest, kind, **what):
    request = wire.TrackingRestore(kind=kind, **{"batch_id": "bench-1", "actor_id": 7, "at": now()} | what)
    async with ingest.platform.write(tables.OWNER) as tx:
        return await restores.restore(tx, request)


async def of_job(ingest, name):
    (row,) = [row for row in await ingest.rows(tables.job) if row.job_id == name]
    return row


async def rows_of(ingest, job):
    """How many rows hang on a job, by table."""
    row = await of_job(ingest, job)
    found = {}
    async with ingest.database.read() as connection:
        for table in (tables.event, tables.log_line, tables.artifact, tables.metric_block, tables.metric_chunk):
            mine = table.c.job_no == row.job_no if "job_no" in table.c else table.c.job_id == job
            query = sa.select(sa.func.count()).select_from(table).where(mine)
            found[table.name] = (await connection.execute(query)).scalar_one()
    return found


async def test_a_batch_comes_back(ingest):
    await reported(ingest)
    await delete(ingest, "batch")
    assert await restore(ingest, "batch") == wire.TrackingRestoreReply(ok=True, restored=1)
    batch = await ingest.batch()
    assert (batch.deleted_at, batch.deleted_by, batch.n_done) == (None, None, 1)
    assert await restore(ingest, "batch") == wire.TrackingRestoreReply(ok=True, restored=0)
    assert (await restore(ingest, "batch", batch_id="none")).error_code == "batch.not_found"


async def test_what_is_to_leave_does_not_come_back(ingest):
    await reported(ingest)
    await delete(ingest, "job", job_id="a", purge=True)
    assert (await restore(ingest, "job", job_id="a")).error_code == "trash.leaving"
    await delete(ingest, "batch", purge=True)
    assert (await restore(ingest, "batch")).error_code == "trash.leaving"
    assert (await ingest.batch()).deleted_at is not None


async def test_a_job_comes_back_and_counts_again(ingest):
    await reported(ingest)
    await delete(ingest, "job", job_id="a")
    assert ((await ingest.batch()).n_done, (await of_job(ingest, "a")).deleted_by) == (0, 7)
    assert (await restore(ingest, "job", job_id="a")).restored == 1
    job = await of_job(ingest, "a")
    assert (job.deleted_at, job.deleted_by, job.metrics) == (None, None, {"ACC": 0.9})
    batch = await ingest.batch()
    assert (batch.n_done, batch.n_failed, batch.n_jobs) == (1, 1, 2)
    assert (await restore(ingest, "job", job_id="a")).restored == 0
    assert (await restore(ingest, "job", job_id="none")).error_code == "job.not_found"
    await delete(ingest, "batch")
    assert (await restore(ingest, "job", job_id="a")).error_code == "batch.not_found"


async def test_a_purged_job_leaves_an_empty_row_and_no_other_is_touched(ingest):
    retention = ingest.platform.get(Retention)
    await reported(ingest)
    before = await rows_of(ingest, "b")
    assert min(before["event"], before["log_line"], before["artifact"], before["metric_block"]) >= 1
    await delete(ingest, "job", job_id="a")
    # Within the time of grace it stays.
    await retention.run()
    assert await rows_of(ingest, "a") == before | {"event": before["event"]}
    await delete(ingest, "job", job_id="a", purge=True)
    said = await retention.run(is_dry_run=True)
    done = await retention.run()
    assert done.tallies["job.deleted"].rows == said.tallies["job.deleted"].rows == sum(before.values())
    assert set((await rows_of(ingest, "a")).values()) == {0}
    assert await rows_of(ingest, "b") == before
    job = await of_job(ingest, "a")
    assert (job.model, job.metrics, job.latest, job.summary, job.n_points) == (None, None, None, None, 0)
    assert job.purged_at is not None
    assert (await restore(ingest, "job", job_id="a")).error_code == "trash.leaving"
    # It is done once.
    assert (await retention.run()).tallies["job.deleted"].rows == 0


async def test_what_is_sent_late_brings_no_purged_job_back(ingest):
    retention = ingest.platform.get(Retention)
    await reported(ingest)
    await delete(ingest, "job", job_id="a", purge=True)
    await retention.run()
    await ingest.accept(event("job_epoch", job="a", epoch=2, loss=0.4), event("job_start", job="c"))
    job, new = await of_job(ingest, "a"), await of_job(ingest, "c")
    assert job.deleted_at is not None
    assert new.job_no not in {job.job_no, (await of_job(ingest, "b")).job_no}
