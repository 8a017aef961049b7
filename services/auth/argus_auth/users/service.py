"""Listing people, shutting one out and letting one in again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import repository as accounts
from argus_auth.dependencies import Origin
from argus_auth.users.schemas import AdminUserOut
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_schema.auth import user

_FIELDS = [user.c[name] for name in AdminUserOut.model_fields]


async def list_users(connection: AsyncConnection, *, limit: int, offset: int) -> Sequence[AdminUserOut]:
    """Accounts, newest first."""
    page = sa.select(*_FIELDS).order_by(user.c.id.desc()).limit(limit).offset(offset)
    return [_shown(row) for row in await connection.execute(page)]


async def ban(work: Work, actor: Actor, user_id: int, origin: Origin) -> AdminUserOut:
    """Shut a person out: sessions, tokens and agents stop at once, everywhere.

    Raises:
        ArgusError: user.is_self (400), user.not_found (404).
    """
    if user_id == actor.user_id:
        raise ArgusError(ErrorCode.USER_IS_SELF)
    row = await _require(work.connection, user_id)
    if row.is_active:
        await accounts.change(work.connection, user_id, is_active=False)
        work.audit("user_ban", actor.user_id, target=("user", user_id), ip=origin.ip)
    # Announced again for one who is banned already: an administrator who repeats it has a reason.
    work.revoke_user(user_id)
    return _shown(await _require(work.connection, user_id))


async def unban(work: Work, actor: Actor, user_id: int, origin: Origin) -> AdminUserOut:
    """Let a person in again, and lift a lock.

    Raises:
        ArgusError: user.not_found (404).
    """
    await _require(work.connection, user_id)
    await accounts.change(work.connection, user_id, is_active=True, failed_login_count=0, locked_until=None)
    work.audit("user_unban", actor.user_id, target=("user", user_id), ip=origin.ip)
    return _shown(await _require(work.connection, user_id))


async def _require(connection: AsyncConnection, user_id: int) -> sa.Row[Any]:
    row = (await connection.execute(sa.select(*_FIELDS).where(user.c.id == user_id))).first()
    if row is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    return row


def _shown(row: sa.Row[Any]) -> AdminUserOut:
    return AdminUserOut.model_validate(row, from_attributes=True)
