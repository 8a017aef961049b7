"""A whole log as text, read and sent piece by piece: a million lines are never in memory at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from argus_catalog.logs.whole import repository
from argus_catalog.logs.whole.outline import Log
from argus_catalog.logs.whole.repository import Row
from argus_kit.database import Database

_AT_ONCE: Final = 5_000


def log_file(database: Database, log: Log, name: str, *, is_plain: bool) -> StreamingResponse:
    """A download of all lines. `is_plain`: what the run wrote alone, without time, level and job."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    text = _text(database, log, is_plain=is_plain)
    return StreamingResponse(text, media_type="text/plain; charset=utf-8", headers=headers)


async def _text(database: Database, log: Log, *, is_plain: bool) -> AsyncIterator[bytes]:
    # Each piece in a transaction of its own: a slow reader must not keep one open.
    reached = 0
    while True:
        async with database.read() as connection:
            rows = await repository.from_mark(connection, log, reached, 0, _AT_ONCE)
        if rows:
            yield "".join(f"{row.line if is_plain else _line(log, row)}\n" for row in rows).encode()
            reached = rows[-1].id + 1
        if len(rows) < _AT_ONCE:
            return


def _line(log: Log, row: Row) -> str:
    job = "" if log.job_id is not None or row.job_id is None else f" [{row.job_id}]"
    at = row.at.isoformat(sep=" ")[:19]  # a tenth of what strftime takes
    return f"{at} {row.level.upper():<7}{job} {row.line}"
