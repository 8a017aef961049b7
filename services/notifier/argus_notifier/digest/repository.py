"""Rows of `digest_pref`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.upserts import put
from argus_schema import auth
from argus_schema.notifier import digest_pref

_P, _U = digest_pref.c, auth.user.c
OFF: Final = "off"


async def find(connection: AsyncConnection, user_id: int) -> sa.Row[Any] | None:
    return (await connection.execute(sa.select(digest_pref).where(_P.user_id == user_id))).one_or_none()


async def save(connection: AsyncConnection, user_id: int, values: Mapping[str, Any]) -> sa.Row[Any]:
    """What was told before stays known."""
    return await put(connection, digest_pref, ("user_id",), {"user_id": user_id, **values})


async def due(connection: AsyncConnection, at: datetime, limit: int) -> Sequence[sa.Row[Any]]:
    """Who has a digest coming, with what is needed to write to them; who waits longest comes first."""
    query = (
        sa.select(digest_pref, _U.username, _U.email, _U.preferred_locale, _U.is_active)
        .join(auth.user, _U.id == _P.user_id)
        .where(_P.next_at <= at)
        .order_by(_P.next_at, _P.user_id)
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def settle(connection: AsyncConnection, row: sa.Row[Any], values: Mapping[str, Any]) -> bool:
    """Note that one was told; False when somebody else did, or the person chose anew meanwhile."""
    here = sa.and_(_P.user_id == row.user_id, _P.next_at == row.next_at)
    done = await connection.execute(sa.update(digest_pref).where(here).values(**values))
    return bool(done.rowcount)


async def switch_off(connection: AsyncConnection, user_id: int) -> None:
    """No more digests."""
    values = {"frequency": OFF, "next_at": None}
    await connection.execute(sa.update(digest_pref).where(_P.user_id == user_id).values(**values))
