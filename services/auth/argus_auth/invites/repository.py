"""Rows of `invite`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.auth import invite

_I = invite.c


async def add(connection: AsyncConnection, **values: Any) -> sa.Row[Any]:
    row: sa.Row[Any] = (await connection.execute(sa.insert(invite).values(values).returning(invite))).one()
    return row


async def page(connection: AsyncConnection, *, limit: int, offset: int) -> Sequence[sa.Row[Any]]:
    """Newest first."""
    return (await connection.execute(sa.select(invite).order_by(_I.id.desc()).limit(limit).offset(offset))).all()


async def exists(connection: AsyncConnection, invite_id: int) -> bool:
    return (await connection.execute(sa.select(_I.id).where(_I.id == invite_id))).first() is not None


async def revoke(connection: AsyncConnection, invite_id: int) -> bool:
    """Whether it was good until now."""
    ended = sa.update(invite).where(_I.id == invite_id, _I.revoked_at.is_(None)).values(revoked_at=now())
    return (await connection.execute(ended.returning(_I.id))).first() is not None


async def is_good(connection: AsyncConnection, code_hash: str) -> bool:
    """Whether `use` would take it now."""
    return (await connection.execute(sa.select(_I.id).where(_good(code_hash)))).first() is not None


async def use(connection: AsyncConnection, code_hash: str) -> int | None:
    """Use an invite once and return its id; None when it is no good. One statement: the last use is given once."""
    used = sa.update(invite).where(_good(code_hash)).values(uses=_I.uses + 1).returning(_I.id)
    found: int | None = (await connection.execute(used)).scalar_one_or_none()
    return found


def _good(code_hash: str) -> sa.ColumnElement[bool]:
    return sa.and_(_I.code_hash == code_hash, _I.revoked_at.is_(None), _I.expires_at > now(), _I.uses < _I.max_uses)
