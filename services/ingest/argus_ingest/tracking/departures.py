"""Batches of people who left and wanted them gone: hidden at once, whatever they are doing, and removed with their
files by the next sweep. Batches that are left behind stay as they are.
"""

from __future__ import annotations

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.database import Database
from argus_schema import ingest as tables


async def forget(database: Database, departed: wire.PersonDeparted) -> None:
    """Hide a person's batches for good; may be called again."""
    if departed.runs == "keep":
        return
    column = tables.batch.c
    at = sa.literal(departed.at, column.deleted_at.type)
    gone = {
        "deleted_at": sa.func.coalesce(column.deleted_at, at),
        "deleted_by": sa.func.coalesce(column.deleted_by, departed.user_id),
        "purge_at": sa.func.coalesce(column.purge_at, at),
    }
    async with database.write() as connection:
        await connection.execute(sa.update(tables.batch).where(column.owner_id == departed.user_id).values(gone))
