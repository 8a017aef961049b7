"""What a mail shows of the batch and the job that something is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Job
from argus_schema import ingest

_B, _J = ingest.batch.c, ingest.job.c


class About(NamedTuple):
    """Columns of the batch's row as far as they are shown, and what the job trains on what."""

    batch: Mapping[str, Any] | None
    job: Job


NOTHING: Final = About(None, Job())


async def facts_of(connection: AsyncConnection, occurrence: Occurrence) -> About:
    """What is known of what it is about: one statement, two when it is about a job."""
    if occurrence.batch is None or occurrence.batch_ids:
        return NOTHING
    shown = sa.select(_B.name, _B.project, _B.status, _B.start_time, _B.end_time, _B.host)
    found = await connection.execute(shown.where(_B.batch_key == occurrence.batch.key))
    row = found.mappings().one_or_none()
    return About(None if row is None else dict(row), await _job(connection, occurrence.batch.key, occurrence.job_id))


async def _job(connection: AsyncConnection, batch_key: int, job_id: str | None) -> Job:
    if job_id is None:
        return Job()
    named = sa.select(_J.model, _J.dataset).where(_J.batch_key == batch_key, _J.job_id == job_id)
    row = (await connection.execute(named)).one_or_none()
    return Job() if row is None else Job(row.model, row.dataset)
