"""Reads parts of a log, by the keys that begin with the batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.logs.levels import at_least
from argus_catalog.logs.whole.outline import Log
from argus_contracts.event_rows import TYPE_CODES
from argus_contracts.events import EventType
from argus_schema import ingest

Row = Any

line = ingest.log_line.c
event = ingest.event.c

_LOG_LINE: Final = TYPE_CODES[EventType.LOG_LINE]
_SHOWN = (line.id, line.event_id, line.at, line.job_id, line.level, line.line)


class Wanted(NamedTuple):
    """What is searched for: a text in any case, a lowest level."""

    text: str | None = None
    level: str | None = None

    def conditions(self, of: Any = line) -> list[sa.ColumnElement[bool]]:
        """The conditions on lines with these columns; none when every line is wanted."""
        found = []
        if self.text:
            found.append(of.line.icontains(self.text, autoescape=True))
        lowest = at_least(of.level, self.level) if self.level else None
        return found if lowest is None else [*found, lowest]


async def from_mark(connection: AsyncConnection, log: Log, mark: int, skip: int, limit: int) -> Sequence[Row]:
    """Lines from the id of a mark on, without the first `skip` of them."""
    query = sa.select(*_SHOWN).where(log.holds(), line.id >= mark).order_by(line.id).offset(skip).limit(limit)
    return (await connection.execute(query)).all()


async def count_between(connection: AsyncConnection, log: Log, mark: int, line_id: int) -> int:
    """How many lines stand from a mark up to but without an id."""
    query = (
        sa.select(sa.func.count()).select_from(ingest.log_line).where(log.holds(), line.id >= mark, line.id < line_id)
    )
    return int((await connection.execute(query)).scalar_one())


async def time_of(connection: AsyncConnection, log: Log, line_id: int) -> datetime | None:
    """When a line was written."""
    return (await connection.execute(sa.select(line.at).where(log.holds(), line.id == line_id))).scalar()


async def places_since(connection: AsyncConnection, log: Log, mark: int, stride: int, at: datetime) -> int:
    """Of the `stride` lines after a mark, how many were written before a time."""
    part = sa.select(line.at).where(log.holds(), line.id >= mark).order_by(line.id).limit(stride).subquery()
    query = sa.select(sa.func.count()).select_from(part).where(part.c.at < at)
    return int((await connection.execute(query)).scalar_one())


async def search(
    connection: AsyncConnection, log: Log, wanted: Wanted, ids: tuple[int, int | None], limit: int, *, newest: bool
) -> Sequence[Row]:
    """Lines that match, from the first id up to but without the second; `rn` is their place in that range."""
    conditions = [log.holds(), line.id >= ids[0]]
    if ids[1] is not None:
        conditions.append(line.id < ids[1])
    place = (sa.func.row_number().over(order_by=line.id) - 1).label("rn")
    numbered = sa.select(*_SHOWN, place).where(*conditions).subquery()
    order = numbered.c.id.desc() if newest else numbered.c.id.asc()
    query = sa.select(numbered).where(*wanted.conditions(numbered.c)).order_by(order).limit(limit)
    return (await connection.execute(query)).all()


async def tail(
    connection: AsyncConnection, log: Log, limit: int, *, wanted: Wanted | None = None, before: int | None = None
) -> Sequence[Row]:
    """The newest lines that match, in their order. Without a bound on how far it looks: for small limits."""
    conditions = [log.holds(), *(wanted or Wanted()).conditions()]
    if before is not None:
        conditions.append(line.id < before)
    query = sa.select(*_SHOWN).where(*conditions).order_by(line.id.desc()).limit(limit)
    return (await connection.execute(query)).all()[::-1]


async def facts_of(connection: AsyncConnection, batch_key: int, ids: Sequence[int]) -> dict[int, Row]:
    """What the events of lines tell beside the line: the stream, and how many lines it stands for."""
    if not ids:
        return {}
    asked = (event.batch_key == batch_key, event.type_code == _LOG_LINE, event.data.is_not(None))
    query = sa.select(
        event.id, event.data["stream"].as_string().label("stream"), event.data["dropped"].as_string().label("dropped")
    ).where(*asked)
    query = query.where(event.id.in_(ids)) if connection.dialect.name == "sqlite" else _each(query, ids)
    return {row.id: row for row in await connection.execute(query)}


def _each(query: sa.Select[Any], ids: Sequence[int]) -> sa.Select[Any]:
    """A look for each id. Asked for all at once, PostgreSQL reads every event of a batch that has more than most."""
    each = sa.func.unnest(sa.literal(ids, ARRAY(sa.BigInteger))).table_valued("id").render_derived()
    found = query.where(event.id == each.c.id).offset(0).lateral()
    return sa.select(found).select_from(each.join(found, sa.true()))
