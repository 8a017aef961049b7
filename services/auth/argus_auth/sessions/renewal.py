"""Renewing a browser's session: each refresh token works once, and one that comes a second time ends the session.

A used token is not always a thief's. Two tabs may send the same one in the same moment; and an answer that was lost
leaves the browser with the old one. Both are told from theft by what became of the token's successor.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.sessions import refresh_tokens, repository
from argus_auth.sessions.service import access_token, end_of_browser_session
from argus_auth.work import Work
from argus_kit.clock import now

# Two tabs that wake up together send the same token; this is longer than any request of theirs takes.
SAME_MOMENT = timedelta(seconds=30)


class Renewed(NamedTuple):
    """A new access token; `refresh_token` is None where the browser has its next one already."""

    user_id: int
    access_token: str
    expires_in: int
    refresh_token: str | None


async def renew(core: AuthCore, presented: str, origin: Origin) -> Renewed | None:
    """Take a refresh token. None means that the session is over: unknown, ended, or now ended because of reuse."""
    token_hash = refresh_tokens.digest(presented)
    async with core.database.read() as connection:
        jti = await refresh_tokens.session_of(connection, token_hash)
    if jti is None:
        # Guesses must not hold up those who write.
        return None
    async with core.write() as work:
        session = await refresh_tokens.lock_session(work.connection, jti)
        if session is None or not _is_alive(session):
            return None
        # Read only now: who waited for the session must see what the one before has done.
        token = await refresh_tokens.by_hash(work.connection, token_hash)
        if token.used_at is None:
            return await _turn_over(core, work, session, token)
        if now() - token.used_at <= SAME_MOMENT:
            return _renewed(core, session, None)
        lost = await refresh_tokens.unused_child(work.connection, token_hash)
        if lost is not None:
            # Stamped with the past: it is no second tab's if somebody sends it after all.
            await refresh_tokens.mark_used(work.connection, lost.token_hash, lost.created_at - SAME_MOMENT)
            return await _turn_over(core, work, session, token)
        await _end_for_reuse(work, session, origin)
        return None


def _is_alive(session: sa.Row[Any]) -> bool:
    return session.revoked_at is None and session.expires_at > now() and bool(session.is_active)


async def _turn_over(core: AuthCore, work: Work, session: sa.Row[Any], token: sa.Row[Any]) -> Renewed:
    at = now()
    if token.used_at is None:
        await refresh_tokens.mark_used(work.connection, token.token_hash, at)
    successor = await refresh_tokens.issue(work.connection, session.jti, parent_hash=token.token_hash)
    expires = end_of_browser_session(core, session.issued_at, at)
    await repository.touch(work.connection, session.jti, seen_at=at, expires_at=expires)
    return _renewed(core, session, successor)


def _renewed(core: AuthCore, session: sa.Row[Any], successor: str | None) -> Renewed:
    seconds = core.settings.browser_access_seconds
    credential = access_token(core, session.user_id, session.jti, seconds)
    return Renewed(session.user_id, credential, seconds, successor)


async def _end_for_reuse(work: Work, session: sa.Row[Any], origin: Origin) -> None:
    await repository.revoke(work.connection, session.jti)
    work.revoke_session(session.jti)
    work.audit("session_refresh_reused", session.user_id, target=("session", session.jti), ip=origin.ip)
