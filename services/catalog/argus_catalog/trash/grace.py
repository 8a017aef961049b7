"""How long deleted things are kept: what an administrator configured, else what the environment says."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.environment import Environment
from argus_schema import auth

config = auth.system_config.c

# Retention lets nothing go that is younger.
_LEAST: Final = timedelta(hours=1)


class GraceSettings(Environment):
    """The variable of ingest that says how long deleted things stay; both processes are given the same."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_RETENTION_")

    deleted_days: float = Field(7, ge=0, le=36_500, description="Batches and jobs that were deleted. 0: for ever.")


async def grace_days(connection: AsyncConnection) -> float | None:
    """Days between deleting and removing; None: deleted things stay."""
    query = sa.select(config.value).where(config.group == "retention", config.key == "retention_deleted_days")
    found = _days((await connection.execute(query)).scalars().first())
    return (GraceSettings().deleted_days if found is None else found) or None


def _days(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) and value >= 0 else None


def leaves_at(deleted_at: datetime, days: float | None) -> datetime | None:
    """When something that was deleted then is removed for good."""
    return None if days is None else deleted_at + max(timedelta(days=days), _LEAST)
