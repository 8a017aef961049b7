"""Opening and ending sessions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.sessions import refresh_tokens, repository
from argus_auth.sessions.schemas import SessionOut
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.credentials import ISSUER
from argus_kit.errors import ArgusError


class Wanted(NamedTuple):
    """What kind of session a client asks for: a browser's, which may replace the one it has, or a bearer's."""

    in_cookie: bool = False
    replaces: str | None = None


class Opened(NamedTuple):
    """A session that was opened. `expires_in` is in seconds; only a browser gets a refresh token."""

    access_token: str
    expires_in: int
    refresh_token: str | None = None


class BrowserSession(NamedTuple):
    """A session whose access token is short-lived, and the refresh token that its browser keeps in the cookie."""

    access_token: str
    expires_in: int
    refresh_token: str
    jti: str


async def open_wanted(
    core: AuthCore, work: Work, user_id: int, origin: Origin, wanted: Wanted, *, method: str
) -> Opened:
    """Open the kind of session that the client asked for."""
    if wanted.in_cookie:
        made = await open_browser_session(core, work, user_id, origin, method=method, replaces=wanted.replaces)
        return Opened(made.access_token, made.expires_in, made.refresh_token)
    credential = await open_session(core, work, user_id, origin, method=method)
    return Opened(credential, core.settings.jwt_ttl_seconds)


async def open_session(
    core: AuthCore, work: Work, user_id: int, origin: Origin, *, family: str | None = None, method: str | None = None
) -> str:
    """Write a session and return its JWT, which lives as long. `family` names the login that it continues, `method`
    how the person proved who they are.
    """
    seconds = core.settings.jwt_ttl_seconds
    jti = await _add(work, user_id, origin, now() + timedelta(seconds=seconds), family=family, method=method)
    return access_token(core, user_id, jti, seconds)


async def open_browser_session(
    core: AuthCore, work: Work, user_id: int, origin: Origin, *, method: str, replaces: str | None = None
) -> BrowserSession:
    """Write a session that a browser renews by its cookie.

    Args:
        core: the process's core.
        work: the open transaction.
        user_id: whose session it is.
        origin: where the browser is.
        method: how the person proved who they are: `password`, `github`, or the name of a provider.
        replaces: the refresh token that the browser had; its session ends, so that a browser has one.
    """
    if replaces is not None:
        await end_by_refresh_token(work, replaces, origin.ip)
    at = now()
    jti = await _add(work, user_id, origin, end_of_browser_session(core, at, at), method=method)
    token = await refresh_tokens.issue(work.connection, jti)
    seconds = core.settings.browser_access_seconds
    return BrowserSession(access_token(core, user_id, jti, seconds), seconds, token, jti)


def access_token(core: AuthCore, user_id: int, jti: str, seconds: int) -> str:
    """A JWT of a session."""
    issued = int(now().timestamp())
    return core.keys.sign({"user_id": user_id, "iat": issued, "exp": issued + seconds, "iss": ISSUER, "jti": jti})


def end_of_browser_session(core: AuthCore, opened: datetime, seen: datetime) -> datetime:
    """When a browser's session ends: so long after it was opened, or sooner when nobody comes."""
    settings = core.settings
    return min(
        opened + timedelta(days=settings.browser_session_days), seen + timedelta(days=settings.browser_idle_days)
    )


async def _add(
    work: Work,
    user_id: int,
    origin: Origin,
    expires: datetime,
    *,
    family: str | None = None,
    method: str | None = None,
) -> str:
    jti, issued = secrets.token_urlsafe(12), now()
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
        method=method,
    )
    return jti


async def refresh(core: AuthCore, work: Work, actor: Actor, origin: Origin) -> str:
    """Replace the caller's session by a new one and return its JWT.

    Raises:
        ArgusError: auth.session_invalid, when it was replaced or ended meanwhile, or is a browser's (401).
    """
    assert actor.jti is not None
    if await refresh_tokens.is_browser_session(work.connection, actor.jti):
        # Else a script that gets hold of a short-lived access token could make a long-lived one of it.
        raise ArgusError(ErrorCode.AUTH_SESSION_INVALID, "This session is renewed by its browser's cookie.")
    old = await repository.revoke(work.connection, actor.jti)
    if old is None:
        raise ArgusError(ErrorCode.AUTH_SESSION_INVALID)
    work.revoke_session(actor.jti)
    return await open_session(core, work, actor.user_id, origin, family=old.family, method=old.method)


async def logout(work: Work, actor: Actor, ip: str | None) -> str:
    """End the caller's session. Returns what became of it; a token has none."""
    if actor.jti is None:
        return "already-invalid"
    await _end(work, actor.jti, ip)
    return "logged-out"


async def end_by_refresh_token(work: Work, token: str, ip: str | None) -> None:
    """End the session of a browser's refresh token, used or not. One that nobody knows ends nothing."""
    jti = await refresh_tokens.session_of(work.connection, refresh_tokens.digest(token))
    if jti is not None:
        await _end(work, jti, ip)


async def _end(work: Work, jti: str, ip: str | None) -> None:
    ended = await repository.revoke(work.connection, jti)
    if ended is not None:
        work.audit("logout", ended.user_id, target=("session", jti), ip=ip)
        work.revoke_session(jti)


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
            method=row.method,
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
