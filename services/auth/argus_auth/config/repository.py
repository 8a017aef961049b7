"""Rows of `system_config`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.auth import system_config

_C = system_config.c


async def of_group(connection: AsyncConnection, group: str) -> dict[str, sa.Row[Any]]:
    """Stored settings of a group by key."""
    rows = await connection.execute(sa.select(system_config).where(_C.group == group).order_by(_C.key))
    return {row.key: row for row in rows}


async def find(connection: AsyncConnection, group: str, key: str) -> sa.Row[Any] | None:
    return (await connection.execute(sa.select(system_config).where(_C.group == group, _C.key == key))).first()


async def put(connection: AsyncConnection, group: str, key: str, *, updated_by: int, **values: Any) -> None:
    """Set columns of a setting, which is made if it was not there."""
    values |= {"updated_by": updated_by, "updated_at": now()}
    here = sa.and_(_C.group == group, _C.key == key)
    changed = await connection.execute(sa.update(system_config).where(here).values(values).returning(_C.key))
    if changed.first() is None:
        await connection.execute(sa.insert(system_config).values(group=group, key=key, **values))


async def delete(connection: AsyncConnection, group: str, key: str) -> bool:
    statement = sa.delete(system_config).where(_C.group == group, _C.key == key).returning(_C.key)
    return (await connection.execute(statement)).first() is not None
