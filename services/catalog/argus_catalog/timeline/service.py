"""Puts the life of a job together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import JobRef
from argus_catalog.derivations.status import PAUSED, shown_job_status
from argus_catalog.logs.whole import service as logs
from argus_catalog.logs.whole.outline import Log, Outlines
from argus_catalog.logs.whole.repository import Wanted
from argus_catalog.timeline import repository
from argus_catalog.timeline.schemas import JobTimeline
from argus_catalog.timeline.telling import moments_of, runs_of
from argus_kit.clock import now
from argus_schema.statuses import LIVE_JOB

_WARNINGS = 500


async def timeline(connection: AsyncConnection, outlines: Outlines, ref: JobRef) -> JobTimeline:
    """The life of a job.

    Raises:
        ArgusError: job.not_found.
    """
    row = await repository.facts(connection, ref)
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, ref.batch.status, ref.batch.end_time)
    is_over = status not in LIVE_JOB
    noted = await repository.noted(connection, ref, row.event_seq)
    sign = await repository.first_sign(connection, ref) if row.resumes else None
    log = Log(ref.batch.batch_key, ref.job_id)
    warned = await logs.page(connection, outlines, log, logs.Place(), wanted=Wanted(level="warn"), limit=_WARNINGS)
    files = await repository.artifacts(connection, ref)
    runs = runs_of(row, noted.rows, sign, is_over=is_over)
    ending = status if is_over and status != PAUSED and row.end_time is not None else None
    end = row.end_time if is_over else now()
    return JobTimeline(
        runs=runs,
        moments=moments_of(row, runs, events=noted.rows, files=files, lines=warned.items, ending=ending),
        elapsed_s=_seconds(runs[0].start, end, but=row.paused_s) if runs else None,
        last_run_s=_seconds(runs[-1].start, end) if runs else None,
        noted_since=noted.since,
        log_from_line=warned.scanned.from_line if warned.scanned else 0,
    )


def _seconds(start: datetime, end: datetime | None, *, but: int = 0) -> int | None:
    return None if end is None else max(0, round((end - start).total_seconds()) - but)
