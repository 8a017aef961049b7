"""Reading `audit_log`; it is written by `chain` alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_schema.auth import audit_log, user

_A = audit_log.c


async def page(
    connection: AsyncConnection, *, since: datetime | None, action: str | None, limit: int, offset: int
) -> Sequence[sa.Row[Any]]:
    """Lines with the names of those who acted, newest first."""
    statement = (
        sa.select(audit_log, user.c.username)
        .join_from(audit_log, user, user.c.id == _A.user_id, isouter=True)
        .order_by(_A.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if since is not None:
        statement = statement.where(_A.timestamp >= since)
    if action is not None:
        statement = statement.where(_A.action == action)
    return (await connection.execute(statement)).all()
