"""Rows as both databases can say them (times and JSON as text, flags as 0 and 1), and what rows add up to.

The sum of a table's rows does not depend on their order, nor on how a database writes down a time or a number in JSON.
"""

from __future__ import annotations

import decimal
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from argus_schema import metadata
from argus_schema.base import UtcDateTime, sqlite_time
from argus_schema.sums.terms import TABLES as SUMMED

Row = Sequence[Any]

_pack = msgspec.msgpack.Encoder().encode
_SIZE: Final = 16
_EXACT: Final = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def tables() -> list[sa.Table]:
    """All that is copied, in the order of foreign keys. Sums are not: they are made anew where the rows arrive."""
    return [table for table in metadata.sorted_tables if table.name not in SUMMED]


def columns(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns that are written; the database computes the others."""
    return [column for column in table.columns if column.computed is None]


def numbered(table: sa.Table) -> sa.Column[Any] | None:
    """The column that the database numbers by itself."""
    return next((column for column in table.columns if column.autoincrement is True), None)


def from_postgres(table: sa.Table) -> Callable[[Row], Row]:
    """Makes rows of asyncpg into what SQLite stores."""
    return _by_column(table, {UtcDateTime: sqlite_time, sa.Boolean: int})


def to_postgres(table: sa.Table) -> Callable[[Row], Row]:
    """Makes rows that SQLite stores into what asyncpg takes."""
    return _by_column(table, {UtcDateTime: datetime.fromisoformat, sa.Boolean: bool, sa.JSON: json_text})


def json_text(value: Any) -> str:
    """JSON as text: SQLite keeps one that is a mere number as that number."""
    return value if isinstance(value, str) else json.dumps(value)


def _by_column(table: sa.Table, makers: dict[type[Any], Callable[[Any], Any]]) -> Callable[[Row], Row]:
    wanted = [next((made for kind, made in makers.items() if isinstance(c.type, kind)), None) for c in columns(table)]
    places = [(place, made) for place, made in enumerate(wanted) if made is not None]

    def convert(row: Row) -> Row:
        values = list(row)
        for place, made in places:
            if values[place] is not None:
                values[place] = made(values[place])
        return values

    return convert


@dataclass(slots=True)
class Tally:
    """How many rows a table has, and their sum."""

    rows: int = 0
    total: int = 0

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.total:032x}"


def add(tally: Tally, table: sa.Table, rows: Iterable[Row]) -> None:
    """Count rows in, as SQLite stores them."""
    of_json = [place for place, column in enumerate(columns(table)) if isinstance(column.type, sa.JSON)]
    for row in rows:
        values = list(row)
        for place in of_json:
            if values[place] is not None:
                values[place] = _canonical(json_text(values[place]))
        digest = hashlib.blake2b(_pack(values), digest_size=_SIZE).digest()
        tally.rows += 1
        tally.total = (tally.total + int.from_bytes(digest)) % (1 << 8 * _SIZE)


def _canonical(text: str) -> str:
    parsed = json.loads(text, parse_float=_number, parse_int=_number)
    return json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _number(text: str) -> str:
    # As text that no stored text can be, since none holds NUL: 1e2, 100 and 100.0 are one number.
    found = _EXACT.create_decimal(text)
    return f"\0{found.normalize(_EXACT):f}" if found else "\0000"
