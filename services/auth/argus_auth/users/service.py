"""Finding people, shutting one out and letting one in again, and who is an administrator.

There is no way to become somebody else: no function here opens a session.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import repository as accounts
from argus_auth.dependencies import Origin
from argus_auth.locking import ADMINISTRATORS, take_turn
from argus_auth.sessions import service as sessions
from argus_auth.users import repository
from argus_auth.users.schemas import AdminUserDetail, AdminUserOut, Because
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError


class By(NamedTuple):
    """Who does it (None: the command line), from where, and why."""

    user_id: int | None
    origin: Origin
    because: Because | None = None

    def audit(self, work: Work, action: str, user_id: int, **metadata: Any) -> None:
        """Write it down."""
        reason = self.because.reason if self.because else None
        metadata |= {"reason": reason} if reason else {}
        work.audit(action, self.user_id, target=("user", user_id), ip=self.origin.ip, **metadata)


async def detail(connection: AsyncConnection, user_id: int) -> AdminUserDetail:
    """One account with what hangs on it.

    Raises:
        ArgusError: user.not_found (404).
    """
    row = await _find(connection, user_id)
    return AdminUserDetail(**shown(row).model_dump(), **await repository.facts(connection, user_id))


async def ban(work: Work, by: By, user_id: int) -> AdminUserOut:
    """Shut a person out: sessions end; tokens and agents stop at once, everywhere, until `unban`.

    Raises:
        ArgusError: user.is_self (400), user.not_found (404), user.deleted, user.last_admin (409).
    """
    refuse_self(by, user_id)
    row = await require(work.connection, user_id)
    if row.is_active:
        if row.is_admin:
            await _leave_an_administrator(work.connection, user_id)
        await accounts.change(work.connection, user_id, is_active=False)
        ended = await sessions.revoke_all(work, user_id)
        by.audit(work, "user_ban", user_id, sessions_ended=ended)
    # Announced again for one who is banned already: an administrator who repeats it has a reason.
    work.revoke_user(user_id)
    return shown(await require(work.connection, user_id))


async def unban(work: Work, by: By, user_id: int) -> AdminUserOut:
    """Let a person in again, and lift a lock.

    Raises:
        ArgusError: user.not_found (404), user.deleted (409).
    """
    await require(work.connection, user_id)
    await accounts.change(work.connection, user_id, is_active=True, failed_login_count=0, locked_until=None)
    by.audit(work, "user_unban", user_id)
    return shown(await require(work.connection, user_id))


async def promote(work: Work, by: By, user_id: int) -> AdminUserOut:
    """Make a person an administrator; idempotent.

    Raises:
        ArgusError: user.not_found (404), user.deleted (409), user.inactive (400).
    """
    row = await require(work.connection, user_id)
    if not row.is_active:
        raise ArgusError(ErrorCode.USER_INACTIVE, "This account is banned. Lift the ban first.")
    if not row.is_admin:
        await _set_admin(work, user_id, is_admin=True)
        by.audit(work, "user_promote", user_id)
    return shown(await require(work.connection, user_id))


async def demote(work: Work, by: By, user_id: int) -> AdminUserOut:
    """Make an administrator an ordinary person; idempotent. Nobody demotes oneself: another administrator must agree.

    Raises:
        ArgusError: user.is_self (400), user.not_found (404), user.deleted, user.last_admin (409).
    """
    refuse_self(by, user_id)
    row = await require(work.connection, user_id)
    if row.is_admin:
        await _leave_an_administrator(work.connection, user_id)
        await _set_admin(work, user_id, is_admin=False)
        by.audit(work, "user_demote", user_id)
    return shown(await require(work.connection, user_id))


def refuse_self(by: By, user_id: int) -> None:
    """Nobody shuts oneself out.

    Raises:
        ArgusError: user.is_self (400).
    """
    if user_id == by.user_id:
        raise ArgusError(ErrorCode.USER_IS_SELF)


async def require(connection: AsyncConnection, user_id: int) -> sa.Row[Any]:
    """An account with which something can be done.

    Raises:
        ArgusError: user.not_found (404), user.deleted (409).
    """
    row = await _find(connection, user_id)
    if row.deleted_at is not None:
        raise ArgusError(ErrorCode.USER_DELETED)
    return row


def shown(row: sa.Row[Any]) -> AdminUserOut:
    """A row as it is answered."""
    return AdminUserOut.model_validate(row, from_attributes=True)


async def _find(connection: AsyncConnection, user_id: int) -> sa.Row[Any]:
    row = await repository.find(connection, user_id)
    if row is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    return row


async def _set_admin(work: Work, user_id: int, *, is_admin: bool) -> None:
    await accounts.change(work.connection, user_id, is_admin=is_admin)
    # Every service remembers who is an administrator: it shall look again.
    work.revoke_user(user_id)


async def _leave_an_administrator(connection: AsyncConnection, user_id: int) -> None:
    # In turns: two administrators who demote each other at the same moment must not both succeed. The account comes
    # first, as wherever else both are held: whoever leaves or logs in holds it already.
    await accounts.by_id(connection, user_id, for_update=True)
    await take_turn(connection, ADMINISTRATORS)
    if await repository.other_administrators(connection, user_id) == 0:
        raise ArgusError(ErrorCode.USER_LAST_ADMIN)
