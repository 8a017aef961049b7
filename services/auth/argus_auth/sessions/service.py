"""Opening and ending sessions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.sessions import repository
from argus_auth.sessions.schemas import SessionOut
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.credentials import ISSUER
from argus_kit.errors import ArgusError


async def open_session(core: AuthCore, work: Work, user_id: int, origin: Origin, *, family: str | None = None) -> str:
    """Write a session and return its JWT. `family` names the login that it continues."""
    jti, issued = secrets.token_urlsafe(12), now()
    expires = issued + timedelta(seconds=core.settings.jwt_ttl_seconds)
    claims = {
        "user_id": user_id,
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
        "iss": ISSUER,
        "jti": jti,
    }
    credential = core.keys.sign(claims)
    await repository.add(
        work.connection,
        jti=jti,
        user_id=user_id,
        issued_at=issued,
        expires_at=expires,
        last_seen_at=issued,
        user_agent=origin.user_agent,
        ip=origin.ip,
        family=family or jti,
    )
    return credential


async def refresh(core: AuthCore, work: Work, actor: Actor, origin: Origin) -> str:
    """Replace the caller's session by a new one and return its JWT.

    Raises:
        ArgusError: auth.session_invalid, when it was replaced or ended meanwhile (401).
    """
    assert actor.jti is not None
    old = await repository.revoke(work.connection, actor.jti)
    if old is None:
        raise ArgusError(ErrorCode.AUTH_SESSION_INVALID)
    work.revoke_session(actor.jti)
    return await open_session(core, work, actor.user_id, origin, family=old.family)


async def logout(work: Work, actor: Actor, ip: str | None) -> str:
    """End the caller's session. Returns what became of it; a token has none."""
    if actor.jti is None:
        return "already-invalid"
    if await repository.revoke(work.connection, actor.jti) is not None:
        work.audit("logout", actor.user_id, ip=ip)
        work.revoke_session(actor.jti)
    return "logged-out"


async def list_sessions(connection: AsyncConnection, actor: Actor) -> Sequence[SessionOut]:
    """The caller's sessions, newest first."""
    rows = await repository.list_alive(connection, actor.user_id)
    return [
        SessionOut(
            jti=row.jti,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            ip=row.ip,
            last_seen_at=row.last_seen_at,
            is_current=row.jti == actor.jti,
        )
        for row in rows
    ]


async def revoke(work: Work, actor: Actor, jti: str, ip: str | None) -> None:
    """End one of the caller's sessions; ending it twice is no error.

    Raises:
        ArgusError: session.not_found (404).
    """
    if not await repository.belongs_to(work.connection, jti.replace("\x00", ""), actor.user_id):
        raise ArgusError(ErrorCode.SESSION_NOT_FOUND)
    if await repository.revoke(work.connection, jti) is not None:
        work.audit("session_revoke", actor.user_id, target=("session", jti), ip=ip)
        work.revoke_session(jti)


async def revoke_others(work: Work, actor: Actor, ip: str | None) -> int:
    """End the caller's other sessions. Returns how many there were."""
    ended = await revoke_all(work, actor.user_id, but=actor.jti)
    if ended:
        work.audit("session_revoke_others", actor.user_id, target=("user", actor.user_id), ip=ip, sessions_ended=ended)
    return ended


async def revoke_all(work: Work, user_id: int, *, but: str | None = None) -> int:
    """End a person's sessions, but for one. Returns how many ended."""
    ended = await repository.revoke_all(work.connection, user_id, but=but)
    for jti in ended:
        work.revoke_session(jti)
    return len(ended)
