"""What the host's agent said about the end of a batch's process: the words of the executor's tables, read only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.crash.ending import SILENT, HostWord, ending_of
from argus_schema.executor import command, command_step

_BEGIN_RUNS: Final = ("rerun", "resume")
_ENDED: Final = "ended"
_NEVER_BEGAN: Final = frozenset({"failed", "expired", "cancelled"})
# What comes of a list of another machine's words.
_MOST_LINES: Final = 50


async def host_word(connection: AsyncConnection, batch_id: str) -> HostWord:
    """The word about the process that an agent began last for this batch."""
    latest = (
        sa.select(command.c.id)
        .where(command.c.batch_id == batch_id, command.c.kind.in_(_BEGIN_RUNS))
        .order_by(command.c.created_at.desc(), command.c.id)
        .limit(1)
        .scalar_subquery()
    )
    columns = (command.c.status, command.c.error, command.c.acked_at, command.c.pid, command_step.c.facts)
    joined = sa.and_(command_step.c.command_id == command.c.id, command_step.c.step == _ENDED)
    query = (
        sa.select(*columns, command_step.c.at)
        .join_from(command, command_step, joined, isouter=True)
        .where(command.c.id == latest)
        .order_by(command_step.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return SILENT
    if row.at is None:
        has_begun = row.pid is not None
        return HostWord(never_began=row.error) if row.status in _NEVER_BEGAN and not has_begun else SILENT
    return word_of(row.facts, row.at)


def word_of(facts: Mapping[str, Any] | None, ended_at: datetime | None = None) -> HostWord:
    """The word that the facts of a report make."""
    told = facts or {}
    oom = told.get("oom")
    return HostWord(
        ending=ending_of(told),
        oom=oom if isinstance(oom, str) and oom else None,
        gpu_errors=_texts(told.get("gpu_errors")),
        last_lines=_texts(told.get("last_lines")),
        ended_at=ended_at,
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str))[-_MOST_LINES:] if isinstance(value, list) else ()
