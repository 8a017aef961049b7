"""Settings that no job has any more leave with the last one that had them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from argus_kit.database import Database
from argus_schema import ingest as tables

_AT_ONCE: Final = 500
_key = tables.configuration.c.settings_key
_UNUSED: Final = ~sa.exists().where(tables.job.c.settings_key == _key)


async def remove_unused(database: Database) -> None:
    """Some hundred in one transaction, so that nobody waits."""
    while keys := await _unused(database):
        async with database.write() as connection:
            if not database.is_sqlite:
                # Who brings a job with these settings meanwhile has seen that they are there: wait until it is there
                # too, and let the next one find that they are not.
                await connection.exec_driver_sql("lock table configuration in share row exclusive mode")
            await connection.execute(sa.delete(tables.configuration).where(_key.in_(keys), _UNUSED))
        if len(keys) < _AT_ONCE:
            return


async def _unused(database: Database) -> Sequence[int]:
    async with database.read() as connection:
        return (await connection.execute(sa.select(_key).where(_UNUSED).limit(_AT_ONCE))).scalars().all()
