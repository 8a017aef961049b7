"""Rows of `session`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.auth import session

_S = session.c


def _alive() -> sa.ColumnElement[bool]:
    return sa.and_(_S.revoked_at.is_(None), _S.expires_at > now())


async def add(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(sa.insert(session).values(values))


async def list_alive(connection: AsyncConnection, user_id: int) -> Sequence[sa.Row[Any]]:
    """Unrevoked and unexpired sessions, newest first."""
    mine = sa.select(session).where(_S.user_id == user_id, _alive()).order_by(_S.issued_at.desc(), _S.jti)
    return (await connection.execute(mine)).all()


async def touch(connection: AsyncConnection, jti: str, *, seen_at: datetime, expires_at: datetime) -> None:
    """A browser came back: its session lives on until `expires_at`."""
    values = {"last_seen_at": seen_at, "expires_at": expires_at}
    await connection.execute(sa.update(session).where(_S.jti == jti).values(values))


async def stamp_seen(connection: AsyncConnection, seen: Mapping[str, datetime]) -> None:
    """Note when sessions were last used; never backwards."""
    bound = sa.bindparam("seen_jti", type_=_S.jti.type)
    at = sa.bindparam("seen_at", type_=_S.last_seen_at.type)
    later = sa.or_(_S.last_seen_at.is_(None), _S.last_seen_at < at)
    statement = sa.update(session).where(_S.jti == bound, later).values(last_seen_at=at)
    # In one order, so that two replicas cannot wait for each other's rows.
    await connection.execute(statement, [{"seen_jti": jti, "seen_at": seen[jti]} for jti in sorted(seen)])


async def belongs_to(connection: AsyncConnection, jti: str, user_id: int) -> bool:
    row = await connection.execute(sa.select(_S.jti).where(_S.jti == jti, _S.user_id == user_id))
    return row.first() is not None


async def revoke(connection: AsyncConnection, jti: str) -> sa.Row[Any] | None:
    """End a session. Returns it, or None when it had ended before."""
    statement = sa.update(session).where(_S.jti == jti, _S.revoked_at.is_(None)).values(revoked_at=now())
    ended: sa.Row[Any] | None = (await connection.execute(statement.returning(session))).first()
    return ended


async def revoke_all(connection: AsyncConnection, user_id: int, *, but: str | None = None) -> Sequence[str]:
    """End all sessions of a person but one. Returns the ended ones."""
    mine = sa.update(session).where(_S.user_id == user_id, _alive(), _S.jti != (but or "")).values(revoked_at=now())
    ended: Sequence[str] = (await connection.execute(mine.returning(_S.jti))).scalars().all()
    return ended


async def delete_expired(connection: AsyncConnection, before: datetime) -> int:
    result = await connection.execute(sa.delete(session).where(_S.expires_at < before))
    return result.rowcount
