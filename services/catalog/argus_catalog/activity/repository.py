"""Reads the events of a batch that tell a story: not its epochs, readings and log lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.event_rows import TYPE_CODES
from argus_contracts.events import EventType
from argus_schema import ingest

event = ingest.event.c
job = ingest.job.c

Row = Any

_TOO_MANY: Final = {
    EventType.JOB_EPOCH,
    EventType.JOB_STEP,
    EventType.RESOURCE_SNAPSHOT,
    EventType.LOG_LINE,
    EventType.BATCH_SUMMARY,
}
TOLD: Final = tuple(code for name, code in TYPE_CODES.items() if name not in _TOO_MANY)
OF_THE_BATCH: Final = tuple(
    TYPE_CODES[name] for name in TYPE_CODES if TYPE_CODES[name] in TOLD and not name.startswith("job_")
)


async def happenings(
    connection: AsyncConnection, batch_key: int, before: int | None, limit: int, codes: Sequence[int]
) -> Sequence[Row]:
    """Events of these types, the newest first, with the names of their jobs."""
    query = (
        sa.select(event.id, event.type_code, event.at, event.job_id, event.data, job.model, job.dataset)
        .select_from(
            ingest.event.outerjoin(ingest.job, sa.and_(job.batch_key == event.batch_key, job.job_id == event.job_id))
        )
        .where(event.batch_key == batch_key, event.type_code.in_(codes), job.deleted_at.is_(None))
        .order_by(event.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(event.id < before)
    return (await connection.execute(query)).all()
