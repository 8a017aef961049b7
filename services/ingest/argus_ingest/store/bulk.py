"""Inserts of many rows in one statement: `unnest` on PostgreSQL, `executemany` on SQLite. Values go to the driver as
they are: JSON as text, times as aware datetimes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_schema.base import UtcDateTime

_PG_ARRAYS: dict[type[Any], str] = {
    sa.BigInteger: "bigint[]",
    sa.Integer: "integer[]",
    sa.SmallInteger: "smallint[]",
    sa.Text: "text[]",
    sa.LargeBinary: "bytea[]",
    sa.Double: "float8[]",
    UtcDateTime: "timestamptz[]",
    sa.JSON: "text[]",
}


def upsert(connection: AsyncConnection, table: sa.Table) -> Any:
    """An insert that knows `on_conflict_...` and `excluded`, in the dialect of this connection."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def padded(values: Sequence[Any]) -> list[Any]:
    """The same values, the last one repeated up to a power of two: few lengths are few prepared statements."""
    length = 1
    while length < len(values):
        length *= 2
    return [*values, *([values[-1]] * (length - len(values)) if values else [])]


class BulkInsert:
    """`insert into table (columns)`; `ignores` leaves out rows that collide with one that is there."""

    def __init__(self, table: sa.Table, columns: Sequence[str], *, ignores: bool = False) -> None:
        kinds = [type(table.c[name].type) for name in columns]
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(
            f'u."{name}"::jsonb' if kind is sa.JSON else f'u."{name}"'
            for name, kind in zip(columns, kinds, strict=True)
        )
        arrays = ", ".join(f"${place}::{_PG_ARRAYS[kind]}" for place, kind in enumerate(kinds, 1))
        into = f'into "{table.name}" ({names})'
        ending = " on conflict do nothing" if ignores else ""
        marks = ", ".join("?" * len(columns))
        # Built from the names of our own tables, never from what was sent.
        self._postgres = f"insert {into} select {values} from unnest({arrays}) as u({names}){ending}"  # noqa: S608
        self._sqlite = f"insert {'or ignore ' if ignores else ''}{into} values ({marks})"  # noqa: S608
        self._times = [place for place, kind in enumerate(kinds) if kind is UtcDateTime]

    async def run(self, connection: AsyncConnection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert, and return how many rows were taken."""
        if not rows:
            return 0
        if connection.dialect.name == "sqlite":
            result = await connection.exec_driver_sql(self._sqlite, self._with_text_times(rows))
            return result.rowcount
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        status: str = await raw.execute(self._postgres, *(list(column) for column in zip(*rows, strict=True)))
        return int(status.rsplit(" ", 1)[1])

    def _with_text_times(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        texts: dict[datetime | None, str | None] = {None: None}
        converted = []
        for row in rows:
            values = list(row)
            for place in self._times:
                at = values[place]
                text = texts.get(at)
                if text is None and at is not None:
                    # What `UtcDateTime` writes: microseconds always present.
                    text = texts[at] = at.isoformat(timespec="microseconds")
                values[place] = text
            converted.append(tuple(values))
        return converted
