"""Statements over many rows: `unnest` on PostgreSQL, `values` on SQLite.

On SQLite a statement is one call into the library, during which other threads run: with a call for each row, the thread
that writes would wait for the interpreter's lock as often. Values go to the driver as they are: JSON as text, times as
aware datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.events import json_safe
from argus_ingest.store.link import Link, Row
from argus_schema.base import UtcDateTime

_PG_ARRAYS: dict[type[Any], str] = {
    sa.BigInteger: "bigint[]",
    sa.Integer: "integer[]",
    sa.SmallInteger: "smallint[]",
    sa.Text: "text[]",
    sa.LargeBinary: "bytea[]",
    sa.Double: "float8[]",
    sa.Boolean: "boolean[]",
    UtcDateTime: "timestamptz[]",
    sa.JSON: "text[]",
}
_ROWS_AT_ONCE = 256
# SQLite's own limit of values in a statement.
_SQLITE_VALUES = 32766
_encode = msgspec.json.Encoder().encode


def upsert(connection: AsyncConnection, table: sa.Table) -> Any:
    """An insert that knows `on_conflict_...` and `excluded`, in the dialect of this connection."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def json_text(value: Any) -> str | None:
    """A value of a JSON column; None is NULL."""
    if value is None:
        return None
    return _encode(json_safe(value) if value.__class__ is dict else value).decode()


def safe_text(value: Any) -> str | None:
    """The same of one in which every number is finite."""
    return None if value is None else _encode(value).decode()


class _Statement:
    """One statement over rows of some columns of a table, in both dialects."""

    def __init__(self, table: sa.Table, names: Sequence[str]) -> None:
        self._kinds = [type(table.c[name].type) for name in names]
        self._times = [place for place, kind in enumerate(self._kinds) if kind is UtcDateTime]
        self._marks = f"({', '.join('?' * len(names))})"
        self._at_once = min(_ROWS_AT_ONCE, 1 << (_SQLITE_VALUES // len(names)).bit_length() - 1)
        self._texts: dict[int, str] = {}
        self.quoted = [f'"{name}"' for name in names]
        self.names = ", ".join(self.quoted)
        # Before and after the arrays; their places are counted on when several statements travel as one.
        self.postgres = ("", "")
        # What comes before and after the rows.
        self.sqlite = ("", "")

    def unnested(self, place: int) -> str:
        """The value at this place of a row of `u`."""
        return f"u.{self.quoted[place]}" + ("::jsonb" if self._kinds[place] is sa.JSON else "")

    def on_postgres(self, first: int = 1) -> str:
        """The statement, whose first value is `$first`."""
        arrays = ", ".join(f"${place}::{_PG_ARRAYS[kind]}" for place, kind in enumerate(self._kinds, first))
        before, after = self.postgres
        return f"{before} unnest({arrays}) as u({self.names}) {after}"

    async def run(self, link: Link, rows: Sequence[Row]) -> int:
        """Run it, and return how many rows of the table were touched."""
        if not rows:
            return 0
        if not link.is_sqlite:
            return await link.execute(_together((self,)), *map(list, zip(*rows, strict=True)))
        touched = 0
        if self._times:
            rows = self._with_text_times(rows)
        begin = 0
        while begin < len(rows):
            # Few lengths are few prepared statements.
            count = min(self._at_once, 1 << (len(rows) - begin).bit_length() - 1)
            touched += await link.execute(self._text(count), *chain.from_iterable(rows[begin : begin + count]))
            begin += count
        return touched

    def _text(self, count: int) -> str:
        text = self._texts.get(count)
        if text is None:
            before, after = self.sqlite
            text = self._texts[count] = f"{before} values {', '.join([self._marks] * count)} {after}"
        return text

    def _with_text_times(self, rows: Sequence[Row]) -> Sequence[Row]:
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
            converted.append(values)
        return converted


class BulkInsert(_Statement):
    """`insert into table (columns)`. `collision` says what becomes of a row that collides with one that is there: what
    follows on `on conflict`.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], *, collision: str = "") -> None:
        super().__init__(table, columns)
        values = ", ".join(self.unnested(place) for place in range(len(columns)))
        into = f'insert into "{table.name}" ({self.names})'
        ending = f" on conflict {collision}" if collision else ""
        # Built from the names of our own tables, never from what was sent.
        self.postgres = (f"{into} select {values} from", ending)
        self.sqlite = (into, ending)


class BulkUpdate(_Statement):
    """`update table set columns where keys`; the values of a row are those of the keys, then those of the columns."""

    def __init__(self, table: sa.Table, keys: Sequence[str], columns: Sequence[str]) -> None:
        super().__init__(table, [*keys, *columns])
        places = range(len(keys), len(self.quoted))
        this = " and ".join(f"t.{key} = u.{key}" for key in self.quoted[: len(keys)])
        new = ", ".join(f"{self.quoted[place]} = {self.unnested(place)}" for place in places)
        self.postgres = (f'update "{table.name}" as t set {new} from', f"where {this}")  # noqa: S608 # nosec B608
        new = ", ".join(f"{self.quoted[place]} = u.{self.quoted[place]}" for place in places)
        named = ", ".join(f"column{place} as {name}" for place, name in enumerate(self.quoted, 1))
        begin = f'update "{table.name}" as t set {new} from (select {named} from ('  # noqa: S608 # nosec B608
        self.sqlite = (begin, f")) as u where {this}")


class BulkDelete(_Statement):
    """`delete from table where key is one of these`; on PostgreSQL without the rows that another transaction holds."""

    def __init__(self, table: sa.Table, key: str) -> None:
        super().__init__(table, (key,))
        # Built from the names of our own tables, as above.
        begin = f'delete from "{table.name}" where "{key}" in '  # noqa: S608 # nosec B608
        free = f'(select t."{key}" from "{table.name}" as t join'  # noqa: S608 # nosec B608
        self.postgres = (begin + free, f'on t."{key}" = u."{key}" for update of t skip locked)')
        self._of_list = f"{begin}(select value from json_each(?))"  # noqa: S608 # nosec B608

    async def run(self, link: Link, rows: Sequence[Row]) -> int:
        """See _Statement."""
        if rows and link.is_sqlite:
            return await link.execute(self._of_list, json_text([key for (key,) in rows]))
        return await super().run(link, rows)


Work = tuple[_Statement, Sequence[Row]]


async def run_all(link: Link, works: Sequence[Work]) -> None:
    """Run statements that touch different rows: on PostgreSQL in one round trip, whatever there is to do."""
    works = [(statement, rows) for statement, rows in works if rows]
    if link.is_sqlite:
        for statement, rows in works:
            await statement.run(link, rows)
    elif works:
        columns = [list(column) for _, rows in works for column in zip(*rows, strict=True)]
        await link.execute(_together(tuple(statement for statement, _ in works)), *columns)


@cache
def _together(statements: tuple[_Statement, ...]) -> str:
    *others, last = statements
    first, parts = 1, []
    for place, statement in enumerate(others):
        parts.append(f"s{place} as ({statement.on_postgres(first)})")
        first += len(statement.quoted)
    return f"with {', '.join(parts)} {last.on_postgres(first)}" if parts else last.on_postgres(first)


class Reader:
    """Turns what the driver returns for some columns of a table into values. asyncpg has done it already; SQLite knows
    no times, booleans and JSON.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str]) -> None:
        kinds = [type(table.c[name].type) for name in columns]
        self._converted = [(place, _SQLITE_READS[kind]) for place, kind in enumerate(kinds) if kind in _SQLITE_READS]

    def read(self, link: Link, row: Row) -> Row:
        """The values of a row, in the order of the columns."""
        if not link.is_sqlite:
            return row
        values = list(row)
        for place, convert in self._converted:
            if values[place] is not None:
                values[place] = convert(values[place])
        return values


_SQLITE_READS: dict[type[Any], Callable[[Any], Any]] = {
    UtcDateTime: datetime.fromisoformat,
    sa.Boolean: bool,
    sa.JSON: msgspec.json.Decoder().decode,
}
