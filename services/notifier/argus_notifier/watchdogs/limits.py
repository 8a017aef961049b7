"""From where on watchdogs speak: an administrator's word, else the environment's; a project may say otherwise."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.environment import Environment
from argus_schema import auth, catalog

# Rounds come quickly after each other; what an administrator changes holds a moment later.
_KEPT_S: Final = 5.0
_C, _META = auth.system_config.c, catalog.project_meta.c
_OF_PROJECTS: Final = ("stall_minutes", "idle_minutes", "divergence_ratio", "divergence_window")


class WatchdogSettings(Environment):
    """From where on watchdogs speak, unless an administrator says otherwise."""

    watchdog_enabled: bool = Field(default=True, description="Whether watchdogs look at anything at all.")
    divergence_ratio: float = Field(2.0, ge=1, le=1e6, description="Growth of a validation loss that is divergence.")
    divergence_window: int = Field(3, ge=2, le=20, description="Values over which it must have grown.")
    idle_job_threshold_min: float = Field(10, gt=0, le=10_080, description="Minutes after which an idle GPU is told.")
    idle_gpu_pct: float = Field(5, gt=0, le=100, description="Use, in percent, below which a GPU is idle.")
    stall_timeout_min: float = Field(15, gt=0, le=10_080, description="Minutes of silence that stall a batch.")
    gpu_hot_c: float = Field(90, ge=30, le=150, description="Degrees Celsius from which a GPU is too hot.")
    gpu_hot_min: float = Field(3, gt=0, le=1440, description="Minutes for which it must be.")
    disk_free_pct: float = Field(5, ge=0, le=50, description="Percent of a disk below which it is nearly full.")
    host_offline_min: float = Field(5, gt=0, le=1440, description="Minutes of silence after which a host is offline.")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits; names are the keys of the configuration's group."""

    enabled: bool
    divergence_ratio: float
    divergence_window: int
    idle_minutes: float
    idle_below_pct: float
    stall_minutes: float
    gpu_hot_c: float
    gpu_hot_minutes: float
    disk_free_pct: float
    host_offline_minutes: float


def from_environment(said: WatchdogSettings | None = None) -> Limits:
    """What the environment says."""
    said = said or WatchdogSettings()
    return Limits(
        enabled=said.watchdog_enabled,
        divergence_ratio=said.divergence_ratio,
        divergence_window=said.divergence_window,
        idle_minutes=said.idle_job_threshold_min,
        idle_below_pct=said.idle_gpu_pct,
        stall_minutes=said.stall_timeout_min,
        gpu_hot_c=said.gpu_hot_c,
        gpu_hot_minutes=said.gpu_hot_min,
        disk_free_pct=said.disk_free_pct,
        host_offline_minutes=said.host_offline_min,
    )


class KnownLimits:
    """The limits of all and of each project, read again after a moment."""

    def __init__(self, *, kept_s: float = _KEPT_S) -> None:
        self._base = from_environment()
        self._kept_s = kept_s
        self._all = (self._base, 0.0)
        self._of_projects: dict[str, tuple[Limits, float]] = {}

    async def of_all(self, connection: AsyncConnection) -> Limits:
        """Those that hold where no project says otherwise."""
        known, until = self._all
        if time.monotonic() >= until:
            rows = await connection.execute(sa.select(_C.key, _C.value).where(_C.group == "watchdogs"))
            known = _with(self._base, {row.key: row.value for row in rows}, [field.name for field in fields(Limits)])
            self._all = (known, time.monotonic() + self._kept_s)
            self._of_projects.clear()
        return known

    async def of(self, connection: AsyncConnection, projects: Collection[str]) -> Mapping[str, Limits]:
        """Those of each of these projects."""
        base = await self.of_all(connection)
        at = time.monotonic()
        unknown = [one for one in set(projects) if self._of_projects.get(one, (base, 0.0))[1] <= at]
        if unknown:
            query = sa.select(_META.project, _META.settings).where(_META.project.in_(unknown))
            said = {row.project: row.settings for row in await connection.execute(query)}
            for project in unknown:
                own = said.get(project)
                limits = _with(base, own, _OF_PROJECTS) if isinstance(own, dict) else base
                self._of_projects[project] = (limits, at + self._kept_s)
        return {project: self._of_projects[project][0] for project in projects}


def _with(limits: Limits, said: Mapping[str, Any], names: Collection[str]) -> Limits:
    """With what is said instead, as far as it is of the right kind."""
    changes: dict[str, Any] = {}
    for name in names:
        value, now = said.get(name), getattr(limits, name)
        if isinstance(now, bool):
            if isinstance(value, bool):
                changes[name] = value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            changes[name] = type(now)(value)
    return replace(limits, **changes)
