"""Rows of `api_token`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.auth import api_token, user

_T = api_token.c
_PERSONAL = _T.scope.in_(("reporter", "viewer"))


async def list_personal(
    connection: AsyncConnection, user_id: int, *, scope: str | None, include_revoked: bool
) -> Sequence[sa.Row[Any]]:
    """A person's own tokens (not those of agents), newest first."""
    statement = sa.select(api_token).where(_T.user_id == user_id, _PERSONAL).order_by(_T.id.desc())
    if scope is not None:
        statement = statement.where(_T.scope == scope)
    if not include_revoked:
        statement = statement.where(_T.revoked_at.is_(None))
    return (await connection.execute(statement)).all()


async def personal(connection: AsyncConnection, token_id: int, user_id: int) -> sa.Row[Any] | None:
    statement = sa.select(api_token).where(_T.id == token_id, _T.user_id == user_id, _PERSONAL)
    return (await connection.execute(statement)).first()


async def by_key(connection: AsyncConnection, key_id: str) -> sa.Row[Any] | None:
    """Any token, also an agent's, by the public part of its text."""
    return (await connection.execute(sa.select(api_token).where(_T.key_id == key_id))).first()


async def count_active(connection: AsyncConnection, user_id: int) -> int:
    """Tokens that work now. Holds the person's row, so that two requests cannot both take the last place."""
    await connection.execute(sa.select(user.c.id).where(user.c.id == user_id).with_for_update())
    works = sa.and_(_T.revoked_at.is_(None), sa.or_(_T.expires_at.is_(None), _T.expires_at > now()))
    counted = sa.select(sa.func.count()).select_from(api_token).where(_T.user_id == user_id, _PERSONAL, works)
    found: int = (await connection.execute(counted)).scalar_one()
    return found


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> sa.Row[Any]:
    added = sa.insert(api_token).values(values).returning(api_token)
    row: sa.Row[Any] = (await connection.execute(added)).one()
    return row


async def revoke(connection: AsyncConnection, token_id: int) -> bool:
    """Whether it was good until now."""
    statement = sa.update(api_token).where(_T.id == token_id, _T.revoked_at.is_(None)).values(revoked_at=now())
    return (await connection.execute(statement.returning(_T.id))).first() is not None


async def revoke_of_agent(connection: AsyncConnection, agent_id: str) -> Sequence[str]:
    """End the tokens of an agent. Returns their key ids."""
    statement = sa.update(api_token).where(_T.agent_id == agent_id, _T.revoked_at.is_(None)).values(revoked_at=now())
    ended: Sequence[str] = (await connection.execute(statement.returning(_T.key_id))).scalars().all()
    return ended


async def revoke_of_user(connection: AsyncConnection, user_id: int) -> Sequence[str]:
    """End all tokens of a person, those of agents too. Returns the key ids of those that ended."""
    mine = sa.update(api_token).where(_T.user_id == user_id, _T.revoked_at.is_(None)).values(revoked_at=now())
    ended: Sequence[str] = (await connection.execute(mine.returning(_T.key_id))).scalars().all()
    return ended


async def stamp_use(connection: AsyncConnection, used: Mapping[int, datetime]) -> None:
    """Note when tokens were last used; never backwards."""
    bound = sa.bindparam("token_id", type_=_T.id.type)
    at = sa.bindparam("used_at", type_=_T.last_used.type)
    later = sa.or_(_T.last_used.is_(None), _T.last_used < at)
    statement = sa.update(api_token).where(_T.id == bound, later).values(last_used=at)
    # In the order of the ids, so that two replicas cannot wait for each other's rows.
    await connection.execute(statement, [{"token_id": key, "used_at": used[key]} for key in sorted(used)])
