"""The audit log as a file: CSV for a table program, JSON lines for a program, syslog lines for a collector."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa

from argus_auth.audit import repository, syslog
from argus_auth.audit.filters import Filters
from argus_kit.clock import iso
from argus_kit.database import Database

Format = Literal["csv", "jsonl", "syslog"]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "syslog": "text/plain; charset=utf-8",
}
ENDINGS: Final[dict[Format, str]] = {"csv": "csv", "jsonl": "jsonl", "syslog": "log"}

_COLUMNS = (
    "id", "timestamp", "user_id", "username", "action", "target_type", "target_id", "ip_address", "metadata",
    "previous_hash", "hash",
)  # fmt: skip
# With one of these at its beginning a table program takes a text for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


async def lines(database: Database, wanted: Filters, form: Format) -> AsyncIterator[bytes]:
    """The file in pieces, oldest line first. Only one page of it is in memory at a time."""
    if form == "csv":
        yield _table([list(_COLUMNS)])
    async for rows in repository.walk(database, wanted):
        yield _WRITERS[form](rows)


def _as_csv(rows: Sequence[sa.Row[Any]]) -> bytes:
    return _table([[_cell(value) for value in _facts(row).values()] for row in rows])


def _as_json_lines(rows: Sequence[sa.Row[Any]]) -> bytes:
    return b"".join(msgspec.json.encode(_facts(row)) + b"\n" for row in rows)


def _as_syslog(rows: Sequence[sa.Row[Any]]) -> bytes:
    return b"".join(syslog.line(row) + b"\n" for row in rows)


_WRITERS: Final[dict[Format, Callable[[Sequence[sa.Row[Any]]], bytes]]] = {
    "csv": _as_csv,
    "jsonl": _as_json_lines,
    "syslog": _as_syslog,
}


def _facts(row: sa.Row[Any]) -> dict[str, Any]:
    return {name: iso(row.timestamp) if name == "timestamp" else getattr(row, name) for name in _COLUMNS}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _table(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
