"""What a mail shows of the batch and the job that something is about."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Job
from argus_schema import ingest

_B, _J = ingest.batch.c, ingest.job.c


async def facts_of(connection: AsyncConnection, occurrence: Occurrence) -> tuple[dict[str, Any] | None, Job]:
    """The batch's row as far as it is shown, None without a batch; and what the job trains on what."""
    if occurrence.batch is None:
        return None, Job()
    about = sa.select(_B.name, _B.project, _B.status, _B.start_time, _B.end_time, _B.host)
    found = await connection.execute(about.where(_B.batch_key == occurrence.batch.key))
    row = found.mappings().one_or_none()
    batch = dict(row) if row is not None else None
    if occurrence.job_id is None:
        return batch, Job()
    named = sa.select(_J.model, _J.dataset).where(_J.batch_key == occurrence.batch.key, _J.job_id == occurrence.job_id)
    job = (await connection.execute(named)).one_or_none()
    return batch, Job(job.model, job.dataset) if job is not None else Job()
