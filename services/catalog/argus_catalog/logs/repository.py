"""Reads log lines, by the key that begins with the batch."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.logs.schemas import LogLine
from argus_schema import ingest

line = ingest.log_line.c


class LogFilter(NamedTuple):
    """Which lines are wanted. `since` and `before` are ids, both excluded."""

    job_id: str | None = None
    limit: int = 200
    since: int | None = None
    before: int | None = None
    level: str | None = None
    text: str | None = None


async def log_lines(connection: AsyncConnection, batch_key: int, chosen: LogFilter) -> list[LogLine]:
    """Log lines of a batch, the newest id first."""
    query = (
        sa.select(line.id, line.event_id, line.at.label("ts"), line.job_id, line.level, line.line)
        .where(line.batch_key == batch_key, *_conditions(chosen))
        .order_by(line.id.desc())
        .limit(chosen.limit)
    )
    return [LogLine(**row) for row in (await connection.execute(query)).mappings()]


def _conditions(chosen: LogFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if chosen.job_id is not None:
        found.append(line.job_id == chosen.job_id)
    if chosen.since is not None:
        found.append(line.id > chosen.since)
    if chosen.before is not None:
        found.append(line.id < chosen.before)
    if chosen.level:
        found.append(line.level == chosen.level.lower())
    if chosen.text:
        found.append(line.line.icontains(chosen.text, autoescape=True))
    return found
