"""Feature flags as auth's own code reads them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.config.catalogue import CATALOGUE, FLAGS
from argus_schema.auth import system_config


async def is_on(connection: AsyncConnection, key: str) -> bool:
    """Whether a flag of type boolean is on: what the database says, else its default."""
    stored = sa.select(system_config.c.value).where(system_config.c.group == FLAGS, system_config.c.key == key)
    value = (await connection.execute(stored)).scalar_one_or_none()
    return bool(value) if isinstance(value, bool) else bool(CATALOGUE[FLAGS][key].default)
