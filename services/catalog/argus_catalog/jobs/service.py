"""Jobs: rows become what pages read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import JobRef
from argus_catalog.derivations.metrics import cost
from argus_catalog.derivations.progress import Pace, elapsed_s, epoch_count, epochs_total, job_pace
from argus_catalog.derivations.status import PAUSED, shown_job_status
from argus_catalog.jobs import repository
from argus_catalog.jobs.repository import JobFilter, Row
from argus_catalog.jobs.schemas import JobDetail, JobEta, JobItem, JobOut, JobPage, OneJobEta
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_schema.statuses import LIVE_JOB

__all__ = ["JobFilter", "detail", "epochs", "eta", "eta_of", "job_fields", "job_out", "list_jobs", "pace_of"]

_WIDTH: Final = len(repository.LISTED)


def job_out(row: Row, batch_id: str, batch_status: str | None, batch_end: datetime | None) -> JobOut:
    """A job as lists show it."""
    return JobOut(**job_fields(row, batch_id, batch_status, batch_end))


def job_fields(row: Row, batch_id: str, batch_status: str | None, batch_end: datetime | None) -> dict[str, Any]:
    """The fields of `JobOut`; the row begins with `repository.LISTED`."""
    # All at once: one by one they take longer than all that is made of them.
    (_, _, job_id, model, dataset, status, start, end, elapsed, paused_s, metrics, reason, is_idle_flagged,
     _, last_epoch, _, last_epoch_at, latest, _, run_dir, _) = row[:_WIDTH]  # fmt: skip
    # Most have ended, and have told how long they took.
    shown = shown_job_status(status, start, last_epoch_at, batch_status, batch_end) if status in LIVE_JOB else status
    took = elapsed
    if shown in LIVE_JOB:
        took = None
    elif elapsed is None:
        took = elapsed_s(start, end, None, is_live=False, now=now(), paused_s=paused_s)
    told = cost(metrics)
    return {
        "id": job_id,
        "batch_id": batch_id,
        "model": model,
        "dataset": dataset,
        "status": shown,
        "start_time": start,
        "end_time": end,
        "elapsed_s": took,
        "paused_s": paused_s,
        "metrics": metrics,
        "is_idle_flagged": is_idle_flagged,
        "avg_batch_time_ms": told.avg_batch_time_ms,
        "gpu_memory_peak_mb": told.gpu_memory_peak_mb,
        "n_params": told.n_params,
        "run_dir": None if run_dir is None else str(run_dir),
        "reason": reason,
        "last_epoch": last_epoch,
        "latest": latest,
    }


async def list_jobs(connection: AsyncConnection, actor: Actor, chosen: JobFilter) -> JobPage:
    """One page of the jobs that the caller sees."""
    rows, total = await repository.page(connection, actor, chosen)
    items = [
        JobItem(
            job=job_out(row, row.batch_id, row.batch_status, row.batch_end),
            project=row.project,
            host=row.host,
            batch_name=row.batch_name,
        )
        for row in rows
    ]
    return JobPage(items=items, total=total, page=chosen.page, page_size=chosen.page_size)


async def detail(connection: AsyncConnection, job: JobRef) -> JobDetail:
    """One job.

    Raises:
        ArgusError: job.not_found.
    """
    batch = job.batch
    row = await repository.one(connection, batch.batch_key, job.known)
    extra = dict(row.extra or {})
    if row.command:
        extra.setdefault("command", row.command)
    return JobDetail(
        **job_fields(row, batch.id, batch.status, batch.end_time),
        extra=extra or None,
        project=batch.project,
        host=batch.host,
        n_points=row.n_points,
        epochs_total=epochs_total(row.metrics) or epoch_count(row.announced_epochs),
        summary=row.summary or {},
    )


async def eta(connection: AsyncConnection, job: JobRef) -> OneJobEta:
    """When a job will be done.

    Raises:
        ArgusError: job.not_found.
    """
    batch = job.batch
    row = await repository.one(connection, batch.batch_key, job.known)
    shown = eta_of(row, batch.status, batch.end_time)
    return OneJobEta(job_id=job.job_id, **shown.model_dump())


def eta_of(row: Row, batch_status: str | None, batch_end: datetime | None) -> JobEta:
    """A job's pace as the wire shows it."""
    pace = pace_of(row, batch_status, batch_end)
    live = shown_job_status(row.status, row.start_time, row.last_epoch_at, batch_status, batch_end) in LIVE_JOB
    times = {"now": now(), "paused_s": row.paused_s}
    ran = elapsed_s(row.start_time, row.end_time or row.last_epoch_at, row.elapsed_s, is_live=live, **times)
    return JobEta(
        elapsed_s=ran or 0,
        epochs_done=pace.epochs_done,
        epochs_total=pace.epochs_total,
        avg_epoch_time_s=pace.avg_epoch_time_s,
        eta_s=pace.eta_s,
        eta_iso=iso(pace.finish),
    )


def pace_of(row: Row, batch_status: str | None, batch_end: datetime | None) -> Pace:
    """A job's pace, from the summary of its curve."""
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, batch_status, batch_end)
    return job_pace(
        row.n_points,
        epochs_total(row.metrics) or epoch_count(row.announced_epochs),
        row.first_epoch_at,
        row.last_epoch_at,
        is_live=status in LIVE_JOB,
        now=now(),
        is_paused=status == PAUSED,
        paused_s=row.paused_s,
    )


async def epochs(connection: AsyncConnection, job: JobRef) -> list[dict[str, Any]]:
    """Every epoch of a job with its numbers; none when no such job is known."""
    if job.job_no is None:
        return []
    from argus_catalog.curves.service import epoch_rows

    return await epoch_rows(connection, job.batch.batch_key, job.job_no)
