"""Rows of `surge`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.grouping.counting import Surge
from argus_notifier.turns import by_key
from argus_notifier.upserts import put, put_all
from argus_schema.notifier import surge

_S = surge.c
_FIELDS = ("begins_at", "ends_at", "count", "shown", "told", "due_at", "reasons", "job_ids", "counted", "wave")

Key = tuple[str, str]
"""Kind and subject."""
Known = tuple[Surge, dict[str, Any]]
"""A surge, with the first of it as `stored` has it."""


async def of_key(connection: AsyncConnection, key: Key) -> Known | None:
    """What is known of a surge; held until the commit."""
    return (await of_keys(connection, [key])).get(key)


async def of_keys(connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Known]:
    """The same of several."""
    statement = sa.select(surge).where(sa.tuple_(_S.kind, _S.subject).in_(keys)).with_for_update()
    return {
        (row.kind, row.subject): (Surge(**{name: getattr(row, name) for name in _FIELDS}), row.first)
        for row in await connection.execute(statement)
    }


async def save(connection: AsyncConnection, key: Key, known: Surge, first: dict[str, Any]) -> None:
    await save_all(connection, {key: (known, first)})


async def save_all(connection: AsyncConnection, known: Mapping[Key, Known]) -> None:
    rows = [
        {
            "kind": kind,
            "subject": subject,
            **{name: getattr(one, name) for name in _FIELDS},
            "reasons": dict(one.reasons),
            "job_ids": list(one.job_ids),
            "counted": list(one.counted),
            "first": first,
        }
        for (kind, subject), (one, first) in known.items()
    ]
    if len(rows) == 1:
        # A statement of one row is kept ready, one of several is put together each time.
        await put(connection, surge, ("kind", "subject"), rows[0])
    elif rows:
        await put_all(connection, surge, ("kind", "subject"), rows)


async def due(connection: AsyncConnection, at: datetime, limit: int) -> Sequence[Key]:
    """Where there is something to do, the longest overdue first."""
    statement = sa.select(_S.kind, _S.subject).where(_S.due_at <= at).order_by(_S.due_at).limit(limit)
    return [(row.kind, row.subject) for row in await connection.execute(statement)]


async def next_due(connection: AsyncConnection) -> datetime | None:
    """When there is something to do."""
    found: datetime | None = (await connection.execute(sa.select(sa.func.min(_S.due_at)))).scalar_one()
    return found


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """Delete what ended before then and was told."""
    is_over = sa.and_(_S.ends_at < before, _S.due_at.is_(None))
    await connection.execute(sa.delete(surge).where(by_key(surge, is_over, only_free=True)))


class Member(NamedTuple):
    """A batch's surge that a wave tells of: how much of it there is, and how much of that it has told."""

    subject: str
    total: int
    told: int
    reasons: Mapping[str, int]
    begins_at: datetime

    @property
    def news(self) -> int:
        """How many are not told yet."""
        return self.total - self.told


async def fold(connection: AsyncConnection, kind: str, subjects: Collection[str], wave: str) -> None:
    """Have a wave tell of these surges, all that they counted so far included."""
    these = sa.and_(_S.kind == kind, _S.subject.in_(subjects))
    await connection.execute(sa.update(surge).where(these).values(wave=wave, due_at=None, shown=0, told=0))


async def members(connection: AsyncConnection, kind: str, wave: str) -> list[Member]:
    """The surges that a wave tells of, those with most to tell first."""
    columns = (_S.subject, _S.count, _S.told, _S.reasons, _S.begins_at)
    statement = sa.select(*columns).where(_S.kind == kind, _S.wave == wave)
    ordered = statement.order_by((_S.count - _S.told).desc(), _S.subject)
    return [Member(*row) for row in await connection.execute(ordered)]


async def firsts(connection: AsyncConnection, kind: str, subjects: Collection[str]) -> dict[str, dict[str, Any]]:
    """The first of each of these surges."""
    statement = sa.select(_S.subject, _S.first).where(_S.kind == kind, _S.subject.in_(subjects))
    return {row.subject: row.first for row in await connection.execute(statement)}


async def settle(connection: AsyncConnection, kind: str, wave: str, at: datetime) -> bool:
    """All that a wave's surges counted is told, and those whose window is over leave it. Whether others stay."""
    of_it = sa.and_(_S.kind == kind, _S.wave == wave)
    await connection.execute(sa.update(surge).where(of_it).values(told=_S.count, shown=_S.count))
    await connection.execute(sa.update(surge).where(of_it, _S.ends_at <= at).values(wave=None))
    return (await connection.execute(sa.select(_S.subject).where(of_it).limit(1))).first() is not None
