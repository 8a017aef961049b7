"""What auth notes for itself beside the settings: no administrator sees or sets it, and no change is announced."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.auth import system_config

_C = system_config.c
_GROUP: Final = "internal"


async def note(connection: AsyncConnection, key: str) -> Any:
    """What was noted last; None when nothing was."""
    noted = sa.select(_C.value).where(_C.group == _GROUP, _C.key == key)
    return (await connection.execute(noted)).scalar_one_or_none()


async def put_note(connection: AsyncConnection, key: str, value: Any) -> None:
    """Note it in place of what was noted before."""
    here = sa.and_(_C.group == _GROUP, _C.key == key)
    values = {"value": value, "updated_at": now()}
    changed = await connection.execute(sa.update(system_config).where(here).values(values).returning(_C.key))
    if changed.first() is None:
        await connection.execute(sa.insert(system_config).values(group=_GROUP, key=key, encrypted=False, **values))
