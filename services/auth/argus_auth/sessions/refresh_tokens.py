"""Rows of `refresh_token`: of each token only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.auth import refresh_token, session, user

_T = refresh_token.c
_S = session.c


def digest(token: str) -> str:
    """What stands for a token in the table."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


async def issue(connection: AsyncConnection, jti: str, *, parent_hash: str | None = None) -> str:
    """A new token of a session; returns its text, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    row = {"token_hash": digest(token), "jti": jti, "parent_hash": parent_hash, "created_at": now()}
    await connection.execute(sa.insert(refresh_token).values(row))
    return token


async def session_of(connection: AsyncConnection, token_hash: str) -> str | None:
    """The jti of the session that a token belongs to, used or not."""
    found = await connection.execute(sa.select(_T.jti).where(_T.token_hash == token_hash))
    jti: str | None = found.scalar_one_or_none()
    return jti


async def lock_session(connection: AsyncConnection, jti: str) -> sa.Row[Any] | None:
    """A session with its owner's state; other renewals of it wait until the commit. On SQLite a writer is alone."""
    statement = (
        sa.select(session, user.c.is_active)
        .join_from(session, user, user.c.id == _S.user_id)
        .where(_S.jti == jti)
        .with_for_update(of=session)
    )
    return (await connection.execute(statement)).one_or_none()


async def by_hash(connection: AsyncConnection, token_hash: str) -> sa.Row[Any]:
    """One row; read it after the session was locked."""
    return (await connection.execute(sa.select(refresh_token).where(_T.token_hash == token_hash))).one()


async def unused_child(connection: AsyncConnection, token_hash: str) -> sa.Row[Any] | None:
    """The token that was given for this one and that nobody has used."""
    mine = sa.select(refresh_token).where(_T.parent_hash == token_hash, _T.used_at.is_(None))
    return (await connection.execute(mine)).one_or_none()


async def mark_used(connection: AsyncConnection, token_hash: str, at: datetime) -> None:
    await connection.execute(sa.update(refresh_token).where(_T.token_hash == token_hash).values(used_at=at))


async def is_browser_session(connection: AsyncConnection, jti: str) -> bool:
    """Whether a session is renewed by a cookie."""
    found = await connection.execute(sa.select(_T.jti).where(_T.jti == jti).limit(1))
    return found.first() is not None


async def delete_of_ended_sessions(connection: AsyncConnection, before: datetime) -> int:
    """Delete the tokens of sessions that were revoked before then; those of expired ones go with their session."""
    ended = sa.select(_S.jti).where(_S.revoked_at < before)
    return (await connection.execute(sa.delete(refresh_token).where(_T.jti.in_(ended)))).rowcount
