"""The feature flags that the catalog heeds, read from the shared configuration."""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_schema import auth

STALLED_THRESHOLD_S = 300
_LONGEST_S = 7 * 24 * 3600

config = auth.system_config.c


async def stalled_threshold_s(connection: AsyncConnection) -> int:
    """After how many silent seconds a running batch is shown as stalled."""
    query = sa.select(config.value).where(config.group == "feature_flags", config.key == "stalled_threshold_sec")
    return read_threshold((await connection.execute(query)).scalars().first())


def read_threshold(value: Any) -> int:
    """The flag's value; what is no positive number of seconds counts as not set."""
    if isinstance(value, dict):
        value = value.get("value")
    try:
        seconds = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        return STALLED_THRESHOLD_S
    return min(int(seconds), _LONGEST_S) if math.isfinite(seconds) and seconds >= 1 else STALLED_THRESHOLD_S
