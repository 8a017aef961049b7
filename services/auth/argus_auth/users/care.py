"""Helping people in again: a lost password, a lock, an address that cannot be proven, sessions that must end."""

from __future__ import annotations

from datetime import timedelta

from argus_auth.accounts import links, mail
from argus_auth.accounts import repository as accounts
from argus_auth.config import values
from argus_auth.core import AuthCore
from argus_auth.sessions import service as sessions
from argus_auth.users.schemas import AdminUserOut, PasswordVoided, SessionsEnded
from argus_auth.users.service import By, refuse_self, require, shown
from argus_auth.work import Work
from argus_kit.clock import now

# Longer than a link that somebody asked for a moment ago: this one is handed over, or waits in a mail box.
HANDED_OVER = timedelta(hours=24)


async def void_password(core: AuthCore, work: Work, by: By, user_id: int) -> PasswordVoided:
    """End a person's password and sessions, and let them choose a new password by a link that works once.

    It is mailed where there is a mail server, else it is in the answer, to be handed over.

    Raises:
        ArgusError: user.is_self (400), user.not_found (404), user.deleted (409).
    """
    refuse_self(by, user_id)
    row = await require(work.connection, user_id)
    changes = {"password_hash": None, "failed_login_count": 0, "locked_until": None}
    await accounts.change(work.connection, user_id, **changes)
    ended = await sessions.revoke_all(work, user_id)
    await links.end(work.connection, user_id, links.CHANGE_EMAIL)
    base_url = core.platform.settings.public_url
    by_mail = await values.sends_mail(work.connection)
    how = {} if by_mail else {"handed": "yes"}
    token = await links.issue(work.connection, user_id, links.RESET_PASSWORD, HANDED_OVER, **how)
    if by_mail:
        user = await accounts.by_id(work.connection, user_id)
        assert user is not None
        to = mail.Addressee(row.email, row.username, user.preferred_locale)
        work.mail(mail.password_voided(to, base_url, token, HANDED_OVER))
    by.audit(work, "user_password_reset", user_id, sessions_ended=ended, handed_over="mail" if by_mail else "link")
    return PasswordVoided(
        detail="mailed" if by_mail else "link",
        link=None if by_mail else f"{base_url}/reset-password?token={token}",
        expires_at=now() + HANDED_OVER,
        sessions_ended=ended,
    )


async def unlock(work: Work, by: By, user_id: int) -> AdminUserOut:
    """Lift the lock after too many failed logins.

    Raises:
        ArgusError: user.not_found (404), user.deleted (409).
    """
    await require(work.connection, user_id)
    await accounts.change(work.connection, user_id, failed_login_count=0, locked_until=None)
    by.audit(work, "user_unlock", user_id)
    return shown(await require(work.connection, user_id))


async def verify_email(work: Work, by: By, user_id: int) -> AdminUserOut:
    """Vouch for a person's address, where no mail reaches it; idempotent.

    Raises:
        ArgusError: user.not_found (404), user.deleted (409).
    """
    row = await require(work.connection, user_id)
    if not row.email_verified:
        await accounts.change(work.connection, user_id, email_verified=True)
        by.audit(work, "user_verify_email", user_id)
    return shown(await require(work.connection, user_id))


async def end_sessions(work: Work, by: By, user_id: int) -> SessionsEnded:
    """Sign a person out everywhere; tokens stay. One's own sessions end too, this one included.

    Raises:
        ArgusError: user.not_found (404), user.deleted (409).
    """
    await require(work.connection, user_id)
    ended = await sessions.revoke_all(work, user_id)
    by.audit(work, "user_sessions_end", user_id, sessions_ended=ended)
    return SessionsEnded(sessions_ended=ended)
