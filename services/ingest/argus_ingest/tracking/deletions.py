"""Hiding batches, jobs, projects and hosts: every read leaves out what is hidden. Rows and files of hidden batches and
jobs are removed by retention, after a time of grace or at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_ingest import lifecycle
from argus_ingest.fold.batches import recount
from argus_ingest.fold.state import BatchState, Tracked
from argus_ingest.lifecycle import ENDED, JobStatus
from argus_ingest.store import batch_rows, bundles, job_rows
from argus_ingest.store.bulk import upsert
from argus_kit import audit
from argus_kit.outbox import Transaction
from argus_schema import ingest as tables

# A host that reported only a moment ago would be back at once.
_HOST_SILENCE: Final = timedelta(minutes=10)


async def delete(tx: Transaction, request: wire.TrackingDelete) -> wire.TrackingDeleteReply:
    """Hide what is named. Deleting twice is no error."""
    return await _BY_KIND[request.kind](tx, request)


async def _batch(tx: Transaction, request: wire.TrackingDelete) -> wire.TrackingDeleteReply:
    batch = await _locked(tx, request.batch_id)
    if batch is None:
        return _refusal(ErrorCode.BATCH_NOT_FOUND)
    column = tables.batch.c
    if batch.deleted_at is not None:
        if request.purge:
            hasten = sa.update(tables.batch).where(column.batch_key == batch.batch_key)
            await tx.connection.execute(hasten.values(purge_at=request.at))
            _note(tx, request, "batch_deleted", batch.id, purge=True)
        return wire.TrackingDeleteReply(ok=True)
    if not lifecycle.is_deletable(batch.status):
        return _refusal(ErrorCode.BATCH_ACTIVE, f"The batch is {batch.status}.")
    await _hide(tx, request, column.batch_key == batch.batch_key)
    _note(tx, request, "batch_deleted", batch.id, purge=request.purge, project=batch.project)
    return wire.TrackingDeleteReply(ok=True, deleted=1)


async def _project(tx: Transaction, request: wire.TrackingDelete) -> wire.TrackingDeleteReply:
    column = tables.batch.c
    any_batch = sa.select(column.batch_key).where(column.project == request.project).limit(1)
    if (await tx.connection.execute(any_batch)).first() is None:
        return _refusal(ErrorCode.PROJECT_NOT_FOUND)
    deleted = await _hide(tx, request, column.project == request.project)
    _note(tx, request, "project_deleted", request.project or "", batches=deleted)
    return wire.TrackingDeleteReply(ok=True, deleted=deleted)


async def _job(tx: Transaction, request: wire.TrackingDelete) -> wire.TrackingDeleteReply:
    batch = await _locked(tx, request.batch_id)
    if batch is None or batch.deleted_at is not None:
        return _refusal(ErrorCode.BATCH_NOT_FOUND)
    tracked = Tracked(batch)
    await job_rows.load_named(tx.connection, {batch.batch_key: tracked}, [(batch.batch_key, request.job_id or "")])
    job = tracked.jobs.get(request.job_id or "")
    if job is None:
        return _refusal(ErrorCode.JOB_NOT_FOUND)
    name = f"{batch.id}/{job.job_id}"
    if job.deleted_at is not None:
        if request.purge:
            await _set_job(tx, batch.batch_key, job.job_no, purge_at=request.at)
            _note(tx, request, "job_deleted", name, purge=True)
        return wire.TrackingDeleteReply(ok=True)
    if job.status in {JobStatus.RUNNING, "pending"} and batch.status not in ENDED:
        return _refusal(ErrorCode.JOB_ACTIVE, f"The job is {job.status}.")
    hidden: dict[str, Any] = {"deleted_at": request.at, "deleted_by": request.actor_id}
    if request.purge:
        hidden["purge_at"] = request.at
    await _set_job(tx, batch.batch_key, job.job_no, **hidden)
    await count_again(tx, tracked, request.at)
    _note(tx, request, "job_deleted", name, purge=request.purge)
    return wire.TrackingDeleteReply(ok=True, deleted=1)


async def _host(tx: Transaction, request: wire.TrackingDelete) -> wire.TrackingDeleteReply:
    column = tables.host.c
    name = request.host or ""
    found = (await tx.connection.execute(sa.select(tables.host).where(column.host == name))).one_or_none()
    if found is not None and found.deleted_at is not None:
        return wire.TrackingDeleteReply(ok=True)
    if found is not None and found.last_seen > request.at - _HOST_SILENCE:
        return _refusal(ErrorCode.HOST_ACTIVE)
    row = {"host": name, "first_seen": request.at, "last_seen": request.at, "deleted_at": request.at}
    statement = upsert(tx.connection, tables.host).values(row)
    hide = {"deleted_at": request.at}
    await tx.connection.execute(statement.on_conflict_do_update(index_elements=["host"], set_=hide))
    _note(tx, request, "host_deleted", name)
    return wire.TrackingDeleteReply(ok=True, deleted=1 if found is not None else 0)


async def _set_job(tx: Transaction, batch_key: int, job_no: int, **values: Any) -> None:
    column = tables.job.c
    row = sa.update(tables.job).where(column.batch_key == batch_key, column.job_no == job_no)
    await tx.connection.execute(row.values(values))


async def _locked(tx: Transaction, batch_id: str | None) -> BatchState | None:
    batch = (await batch_rows.lock(tx.connection, [batch_id or ""])).get(batch_id or "")
    return None if batch is None or batch.is_placeholder else batch


async def _hide(tx: Transaction, request: wire.TrackingDelete, which: sa.ColumnElement[bool]) -> int:
    column = tables.batch.c
    hidden = sa.update(tables.batch).where(which, column.deleted_at.is_(None))
    values = {"deleted_at": request.at, "deleted_by": request.actor_id}
    if request.purge:
        values["purge_at"] = request.at
    result = await tx.connection.execute(hidden.values(values))
    return result.rowcount


def _note(tx: Transaction, request: wire.TrackingDelete, action: str, target: str, **facts: Any) -> None:
    kind = (request.kind, target)
    audit.note(tx, tables.OWNER, action, request.actor_id, target=kind, ip=request.actor_ip, **facts)


async def count_again(tx: Transaction, tracked: Tracked, at: datetime) -> None:
    """Bring a batch's counters in line with its jobs, and say so to who watches it."""
    batch = tracked.batch
    settled = {batch.batch_key: batch_rows.settled(batch)}
    summary = bundles.summary_of(batch)
    await job_rows.count_statuses(tx.connection, {batch.batch_key: tracked}, [batch.batch_key])
    await job_rows.sum_elapsed(tx.connection, {batch.batch_key: tracked}, [batch.batch_key])
    batch.n_jobs = batch.job_statuses.total()
    recount(batch)
    await batch_rows.save(tx.connection, [batch], settled)
    for message in bundles.of_batch(batch, [], [], summary, at):
        tx.publish(message.subject, message.payload, msg_id=message.msg_id)


_BY_KIND: Final[dict[str, Callable[[Transaction, wire.TrackingDelete], Awaitable[wire.TrackingDeleteReply]]]] = {
    "batch": _batch,
    "job": _job,
    "project": _project,
    "host": _host,
}


def _refusal(code: ErrorCode, message: str | None = None) -> wire.TrackingDeleteReply:
    return wire.TrackingDeleteReply(ok=False, error_code=code, message=message or code.message)
