"""Reads and writes settings of projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import number
from argus_catalog.upserts import upsert
from argus_schema import catalog as own

meta = own.project_meta.c


async def settings(connection: AsyncConnection, project: str) -> Mapping[str, Any]:
    """What was said about a project."""
    found = (await connection.execute(sa.select(meta.settings).where(meta.project == project))).scalar()
    return found if isinstance(found, dict) else {}


async def all_settings(connection: AsyncConnection, only: str | None = None) -> dict[str, Mapping[str, Any]]:
    """By project, what was said about all of those that say anything, or about a single one."""
    query = sa.select(meta.project, meta.settings).where(meta.settings.is_not(None))
    rows = await connection.execute(query if only is None else query.where(meta.project == only))
    return {row.project: row.settings for row in rows if isinstance(row.settings, dict)}


async def stall_minutes(connection: AsyncConnection, projects: Sequence[str]) -> dict[str, float]:
    """Of those of these projects that said so, how long a batch may be silent."""
    query = sa.select(meta.project, meta.settings).where(meta.project.in_(projects), meta.settings.is_not(None))
    rows = (await connection.execute(query)).all() if projects else []
    told = {row.project: number(row.settings.get("stall_minutes")) for row in rows if isinstance(row.settings, dict)}
    return {project: minutes for project, minutes in told.items() if minutes is not None}


async def save(connection: AsyncConnection, project: str, said: Mapping[str, Any]) -> None:
    """Put what is said in the place of what was."""
    row = {"project": project, "is_public": False, "is_demo": False, "settings": dict(said)}
    await upsert(connection, own.project_meta, row, {"settings": dict(said)})
