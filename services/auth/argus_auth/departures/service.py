"""Deleting an account. The row stays without a name, so that what others keep of the person still has somebody to point
to; all that says who it was is erased, and the name and the address are free again.

Everything here is one transaction with the messages that tell the other services. Repeating it changes nothing.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import mail, repository
from argus_auth.core import AuthCore
from argus_auth.departures.schemas import AccountDeleted, Farewell, Runs
from argus_auth.dependencies import Origin
from argus_auth.errors import FieldInvalid
from argus_auth.locking import ADMINISTRATORS, take_turn
from argus_auth.users.repository import other_administrators
from argus_auth.users.service import By, refuse_self
from argus_auth.work import Work
from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError, RateLimited
from argus_schema.auth import api_token, invite, login_origin, oauth_identity, one_time_token, session, user

_TRIES_PER_HOUR: Final = 5
# Sessions take their refresh tokens along.
_OF_A_PERSON: Final = (session, api_token, oauth_identity, one_time_token, login_origin)
_TOLD: Final = ("ingest", "catalog", "executor", "notifier")


async def leave(core: AuthCore, actor: Actor, farewell: Farewell, origin: Origin) -> AccountDeleted:
    """Delete the caller's own account.

    Raises:
        ArgusError: rate.limited (429), auth.password_wrong (401), request.invalid for a wrong user name (422),
            user.last_admin (409), in this order.
    """
    try:
        await core.limit("delete-account", actor.user_id, capacity=_TRIES_PER_HOUR, per_hour=_TRIES_PER_HOUR)
        await _require_intent(core, actor, farewell)
        async with core.write() as work:
            return await _depart(core, work, actor.user_id, farewell.runs, By(actor.user_id, origin))
    except RateLimited:
        await _audit(core, actor, "account_delete_rate_limited", origin)
        raise
    except ArgusError as error:
        await _audit(core, actor, "account_delete_failed", origin, reason=str(error.code))
        raise


async def remove(core: AuthCore, work: Work, by: By, user_id: int, runs: Runs) -> AccountDeleted:
    """Delete another person's account; idempotent.

    Raises:
        ArgusError: user.is_self (400), user.not_found (404), user.last_admin (409).
    """
    refuse_self(by, user_id)
    return await _depart(core, work, user_id, runs, by)


async def _require_intent(core: AuthCore, actor: Actor, farewell: Farewell) -> None:
    async with core.database.read() as connection:
        row = await repository.by_id(connection, actor.user_id)
    if row is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    if row.password_hash is not None:
        given = farewell.current_password.get_secret_value() if farewell.current_password else ""
        if not await core.passwords.verify(row.password_hash, given):
            raise ArgusError(ErrorCode.AUTH_PASSWORD_WRONG)
    elif farewell.username != row.username:
        raise FieldInvalid(ErrorCode.REQUEST_INVALID, "username", "type your user name exactly as it is")


async def _depart(core: AuthCore, work: Work, user_id: int, runs: Runs, by: By) -> AccountDeleted:
    row = await repository.by_id(work.connection, user_id, for_update=True)
    if row is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    if row.deleted_at is not None:
        return AccountDeleted(detail="already-deleted", id=user_id)
    if row.is_admin:
        await _leave_an_administrator(work.connection, user_id)
    at = now()
    to = mail.Addressee(row.email, row.username, row.preferred_locale)
    work.mail(mail.account_deleted(to, core.platform.settings.public_url, runs, by_admin=by.user_id != user_id))
    await _forget(work.connection, user_id)
    await repository.change(work.connection, user_id, **_nameless(user_id), deleted_at=at)
    departed = wire.PersonDeparted(user_id=user_id, email=row.email, runs=runs, at=at)
    for service in _TOLD:
        work.tell(wire.departure_subject(service), departed)
    work.revoke_user(user_id)
    by.audit(work, "account_delete", user_id, runs=runs)
    return AccountDeleted(id=user_id)


async def _forget(connection: AsyncConnection, user_id: int) -> None:
    for table in _OF_A_PERSON:
        await connection.execute(sa.delete(table).where(table.c.user_id == user_id))
    # Nobody is let in on the word of somebody who is not here any more.
    open_invites = sa.update(invite).where(invite.c.created_by == user_id, invite.c.revoked_at.is_(None))
    await connection.execute(open_invites.values(revoked_at=now()))


def _nameless(user_id: int) -> dict[str, Any]:
    name = repository.nameless(user_id)
    erased = dict.fromkeys(("password_hash", "last_login", "locked_until", "github_login", "password_changed_at"))
    defaults = {
        column.name: column.default.arg
        for column in user.columns
        if isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar
    }
    address = f"{name}@invalid"
    return {**erased, **defaults, "username": name, "username_lower": name, "email": address, "is_active": False}


async def _leave_an_administrator(connection: AsyncConnection, user_id: int) -> None:
    await take_turn(connection, ADMINISTRATORS)
    if await other_administrators(connection, user_id) == 0:
        raise ArgusError(ErrorCode.USER_LAST_ADMIN)


async def _audit(core: AuthCore, actor: Actor, action: str, origin: Origin, **metadata: Any) -> None:
    async with core.write() as work:
        work.audit(action, actor.user_id, target=("user", actor.user_id), ip=origin.ip, **metadata)
