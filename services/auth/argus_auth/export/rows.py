"""Rows as JSON lines, read a few at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_AT_ONCE = 500

encode = msgspec.json.Encoder().encode


async def rows(connection: AsyncConnection, statement: sa.Select[Any]) -> AsyncIterator[Sequence[sa.RowMapping]]:
    """What a statement finds, in portions; the database is not asked for more than that at once."""
    found = await connection.stream(statement.execution_options(yield_per=_AT_ONCE))
    async for portion in found.mappings().partitions():
        yield portion


async def lines(connection: AsyncConnection, statement: sa.Select[Any]) -> AsyncIterator[bytes]:
    """The same as JSON lines."""
    async for portion in rows(connection, statement):
        yield b"".join(encode(dict(row)) + b"\n" for row in portion)
