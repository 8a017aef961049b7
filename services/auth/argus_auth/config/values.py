"""Runtime settings as auth's own code reads them: the database's word, else the environment's, else the default."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.config import repository
from argus_auth.config.catalogue import CATALOGUE, from_environment


async def value_of(connection: AsyncConnection, group: str, key: str) -> Any:
    """The value of a known setting that is not secret."""
    row = await repository.find(connection, group, key)
    if row is not None:
        return row.value
    setting = CATALOGUE[group][key]
    value = from_environment(setting)
    return setting.default if value is None else value


async def sends_mail(connection: AsyncConnection) -> bool:
    """Whether there is a mail server, so that a mailed link can arrive."""
    return bool(await value_of(connection, "smtp", "enabled") and await value_of(connection, "smtp", "host"))
