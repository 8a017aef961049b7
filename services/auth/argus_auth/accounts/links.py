"""Links that are mailed: a random text, good for one purpose, once, for a while. Only its hash is stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema.auth import one_time_token

VERIFY_EMAIL: Final = "verify_email"
RESET_PASSWORD: Final = "reset_password"
CHANGE_EMAIL: Final = "change_email"
CONTESTED: Final = "contested"
"""No link: a provider has named somebody else than the account's opener for its address."""

_T = one_time_token.c


async def issue(connection: AsyncConnection, user_id: int, purpose: str, ttl: timedelta, **payload: str) -> str:
    """Make a link's token. Earlier ones of the same purpose end. `payload` is kept beside it."""
    at = now()
    earlier = sa.and_(_T.user_id == user_id, _T.purpose == purpose, _T.used_at.is_(None))
    await connection.execute(sa.delete(one_time_token).where(earlier))
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": _hash(token),
        "user_id": user_id,
        "purpose": purpose,
        "payload": payload or None,
        "created_at": at,
        "expires_at": at + ttl,
    }
    await connection.execute(sa.insert(one_time_token).values(row))
    return token


async def end(connection: AsyncConnection, user_id: int, *purposes: str) -> None:
    """End a person's links of these purposes that nobody has used yet."""
    unused = sa.and_(_T.user_id == user_id, _T.purpose.in_(purposes), _T.used_at.is_(None))
    await connection.execute(sa.delete(one_time_token).where(unused))


async def is_pending(connection: AsyncConnection, user_id: int, purpose: str) -> bool:
    """Whether a person has a link of this purpose that is still good."""
    mine = sa.and_(_T.user_id == user_id, _T.purpose == purpose, _T.used_at.is_(None), _T.expires_at > now())
    return (await connection.execute(sa.select(_T.token_hash).where(mine))).first() is not None


async def owner(connection: AsyncConnection, token: str, purpose: str) -> int:
    """Whose token it is that `redeem` would take now.

    Raises:
        ArgusError: auth.link_invalid: unknown, used or expired (400).
    """
    row = (await connection.execute(sa.select(_T.user_id).where(_good(token, purpose)))).first()
    if row is None:
        raise ArgusError(ErrorCode.AUTH_LINK_INVALID)
    found: int = row.user_id
    return found


async def look(connection: AsyncConnection, token: str, purpose: str) -> sa.Row[Any]:
    """The row of a token that `redeem` would take now.

    Raises:
        ArgusError: auth.link_invalid: unknown (400); auth.link_gone: used or expired (410).
    """
    ours = sa.select(one_time_token).where(_T.token_hash == _hash(token), _T.purpose == purpose)
    row = (await connection.execute(ours)).first()
    if row is None:
        raise ArgusError(ErrorCode.AUTH_LINK_INVALID)
    if row.used_at is not None or row.expires_at <= now():
        raise ArgusError(ErrorCode.AUTH_LINK_GONE)
    return row


async def payload_of(connection: AsyncConnection, token: str, purpose: str) -> dict[str, str]:
    """What was kept beside a token, used or not; empty when nothing was."""
    ours = sa.select(_T.payload).where(_T.token_hash == _hash(token), _T.purpose == purpose)
    found: dict[str, str] | None = (await connection.execute(ours)).scalar_one_or_none()
    return found or {}


async def redeem(connection: AsyncConnection, token: str, purpose: str) -> int:
    """Use a token up, and return whose it is.

    Raises:
        ArgusError: auth.link_invalid: unknown, used or expired (400).
    """
    use = sa.update(one_time_token).where(_good(token, purpose)).values(used_at=now()).returning(_T.user_id)
    user_id: int | None = (await connection.execute(use)).scalar_one_or_none()
    if user_id is None:
        raise ArgusError(ErrorCode.AUTH_LINK_INVALID)
    return user_id


async def delete_expired(connection: AsyncConnection, before: datetime) -> int:
    result = await connection.execute(sa.delete(one_time_token).where(_T.expires_at < before))
    return result.rowcount


def _good(token: str, purpose: str) -> sa.ColumnElement[bool]:
    return sa.and_(_T.token_hash == _hash(token), _T.purpose == purpose, _T.used_at.is_(None), _T.expires_at > now())


def _hash(token: str) -> str:
    # The token has 256 random bits, so one fast hash keeps it.
    return hashlib.sha256(token.encode()).hexdigest()
