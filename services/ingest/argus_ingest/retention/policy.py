"""How long things are kept: what an administrator configured, else what the environment says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.retention.settings import RetentionSettings
from argus_schema import auth as tables

GROUP: Final = "retention"


@dataclass(frozen=True, slots=True)
class Policy:
    """Days per class (0: for ever) and minutes between sweeps (0: none)."""

    snapshot_days: float
    demo_data_days: float
    log_line_days: float
    job_epoch_days: float
    event_other_days: float
    deleted_days: float
    artifact_days: float
    sweep_minutes: float


def from_environment(settings: RetentionSettings) -> Policy:
    """The policy without an administrator's word."""
    return Policy(**settings.model_dump())


async def current(connection: AsyncConnection, settings: RetentionSettings) -> Policy:
    """The policy that holds now."""
    column = tables.system_config.c
    query = sa.select(column.key, column.value).where(column.group == GROUP)
    rows = (await connection.execute(query)).all()
    return configured(from_environment(settings), {row.key: row.value for row in rows})


def configured(policy: Policy, values: dict[str, Any]) -> Policy:
    """A policy with an administrator's values; what is no usable number is passed over."""
    known: dict[str, float] = {}
    for key, value in values.items():
        name = key.removeprefix("retention_")
        name = "sweep_minutes" if name == "sweep_interval_minutes" else name
        if name in Policy.__slots__ and _is_number(value):
            known[name] = float(value)
    return replace(policy, **known)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
