"""Pages that SQLite freed go back to the file system, a few at a time. PostgreSQL's own vacuum does that there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.database import Database

_PAGES_AT_ONCE: Final = 256
# The next rows take them at once, and cheaper than new ones.
_PAGES_KEPT: Final = 512


async def file_bytes(database: Database) -> int | None:
    """The size of the database's file by its pages; None on PostgreSQL."""
    if not database.is_sqlite:
        return None
    async with database.read() as connection:
        return await _pragma(connection, "page_count") * await _pragma(connection, "page_size")


async def give_back(database: Database) -> AsyncIterator[int]:
    """Shorten the file, slice by slice; yields the pages that are still free. Nothing on PostgreSQL, nor for a file
    that was made without the possibility.
    """
    if not database.is_sqlite:
        return
    before = -1
    while True:
        async with database.write() as connection:
            free = await _pragma(connection, "freelist_count")
            if free <= _PAGES_KEPT or free == before:
                return
            result = await connection.exec_driver_sql(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})")
            if result.returns_rows:
                result.fetchall()
        before = free
        yield free


async def _pragma(connection: AsyncConnection, name: str) -> int:
    return int((await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one())
