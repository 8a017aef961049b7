"""Reads what happened to a job, each source within a bound."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import JobRef
from argus_contracts.event_rows import TYPE_CODES
from argus_contracts.events import EventType
from argus_contracts.points import unpack
from argus_schema import ingest

Row = Any

artifact = ingest.artifact.c
batch = ingest.batch.c
block = ingest.metric_block.c
chunk = ingest.metric_chunk.c
event = ingest.event.c
job = ingest.job.c
line = ingest.log_line.c

# No index leads from a job to its events, so only the newest of the batch are looked at.
EVENTS: Final = 50_000
ARTIFACTS: Final = 300

_OF_JOB: Final = (
    EventType.JOB_START,
    EventType.JOB_DONE,
    EventType.JOB_FAILED,
    EventType.JOB_IDLE_FLAGGED,
    EventType.JOB_IDLE_RECOVERED,
    EventType.ALERT,
)
_OF_BATCH: Final = (
    EventType.BATCH_STOP_REQUESTED,
    EventType.BATCH_STALLED,
    EventType.BATCH_DIVERGED,
    EventType.BATCH_PAUSE_REQUESTED,
    EventType.BATCH_PAUSED,
    EventType.BATCH_RESUMED,
)


class Noted(NamedTuple):
    """Events of a job and of its batch, the oldest first. `since`: where the look began, None when at the beginning."""

    rows: Sequence[Row]
    since: datetime | None


async def facts(connection: AsyncConnection, ref: JobRef) -> Row:
    """The row of a job with its batch's end."""
    query = (
        sa.select(
            job.status,
            job.start_time,
            job.end_time,
            job.elapsed_s,
            job.paused_s,
            job.first_epoch_at,
            job.last_epoch_at,
            job.resumes,
            job.reason,
            batch.event_seq,
            batch.stop_requested_at,
            batch.stop_requested_by,
        )
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(job.batch_key == ref.batch.batch_key, job.job_no == ref.known)
    )
    return (await connection.execute(query)).one()


async def noted(connection: AsyncConnection, ref: JobRef, last_id: int) -> Noted:
    """What the newest events of the batch tell of the job."""
    of_job = sa.and_(event.type_code.in_(_codes(_OF_JOB)), event.job_id == ref.job_id)
    of_batch = event.type_code.in_(_codes(_OF_BATCH))
    of_nobody = sa.and_(event.type_code == TYPE_CODES[EventType.ALERT], event.job_id.is_(None))
    begin = max(0, last_id - EVENTS)
    query = (
        sa.select(event.id, event.type_code, event.job_id, event.at, event.data)
        .where(event.batch_key == ref.batch.batch_key, event.id > begin, sa.or_(of_job, of_batch, of_nobody))
        .order_by(event.id)
    )
    rows = (await connection.execute(query)).all()
    if begin == 0:
        return Noted(rows, None)
    oldest = sa.select(event.at).where(event.batch_key == ref.batch.batch_key, event.id > begin)
    return Noted(rows, (await connection.execute(oldest.order_by(event.id).limit(1))).scalar())


async def artifacts(connection: AsyncConnection, ref: JobRef) -> Sequence[Row]:
    """The newest files of a job, the oldest of them first."""
    query = (
        sa.select(artifact.id, artifact.filename, artifact.size_bytes, artifact.created_at)
        .where(artifact.batch_key == ref.batch.batch_key, artifact.job_id == ref.job_id)
        .order_by(artifact.id.desc())
        .limit(ARTIFACTS)
    )
    return (await connection.execute(query)).all()[::-1]


async def first_sign(connection: AsyncConnection, ref: JobRef) -> datetime | None:
    """When the job was first heard of: its first line or its first point. A resumed job's row tells its last start."""
    key, no = ref.batch.batch_key, ref.known
    first_line = sa.select(line.at).where(line.batch_key == key, line.job_id == ref.job_id).order_by(line.id).limit(1)
    oldest = sa.select(sa.func.min(chunk.first_at)).where(chunk.batch_key == key, chunk.job_no == no)
    first_block = (
        sa.select(block.payload, block.names)
        .where(block.batch_key == key, block.job_no == no)
        .order_by(block.id)
        .limit(1)
    )
    seen: list[datetime] = []
    written = (await connection.execute(first_line)).scalar()
    merged = (await connection.execute(oldest)).scalar()
    waiting = (await connection.execute(first_block)).first()
    if written is not None:
        seen.append(written)
    if merged is not None:
        seen.append(datetime.fromtimestamp(merged, UTC))
    if waiting is not None:
        seen.append(datetime.fromtimestamp(min(unpack(waiting.payload, waiting.names).times), UTC))
    return min(seen, default=None)


def _codes(types: Sequence[str]) -> list[int]:
    return [TYPE_CODES[name] for name in types]
