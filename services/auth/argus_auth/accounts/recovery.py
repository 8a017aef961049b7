"""Passwords that change, and the links that prove an address."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from argus_auth import strength
from argus_auth.accounts import links, mail, repository
from argus_auth.accounts.schemas import PasswordChange, PasswordReset
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.oauth import strangers
from argus_auth.sessions import service as sessions
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError, RateLimited

_CHANGES_PER_HOUR = 5
_RESETS_PER_HOUR = 5
# How long it counts that a provider has vouched for the address of an account that never proved it.
_CONTESTED = timedelta(days=30)


async def change_password(core: AuthCore, actor: Actor, change: PasswordChange, origin: Origin) -> None:
    """Set a new password, end all other sessions, and tell the owner by mail.

    Raises:
        ArgusError: rate.limited (429), auth.password_wrong (401), auth.password_unchanged (400), auth.password_weak
            (422), in this order.
    """
    try:
        await core.limit("change-password", actor.user_id, capacity=_CHANGES_PER_HOUR, per_hour=_CHANGES_PER_HOUR)
        before, password_hash = await _checked_hash(core, actor, change)
    except RateLimited:
        await _audit(core, actor, "password_change_rate_limited", origin)
        raise
    except ArgusError as error:
        await _audit(core, actor, "password_change_failed", origin, reason=str(error.code))
        raise
    async with core.write() as work:
        user = await _require(await repository.by_id(work.connection, actor.user_id, for_update=True))
        if user.password_hash != before:
            # A reset came between: what was shown is the current password no more.
            raise ArgusError(ErrorCode.AUTH_PASSWORD_WRONG)
        await repository.change(work.connection, user.id, password_hash=password_hash, password_changed_at=now())
        # Whoever had the old password may have asked for a new address with it.
        await links.end(work.connection, user.id, links.CHANGE_EMAIL, links.RESET_PASSWORD)
        ended = await sessions.revoke_all(work, user.id, but=actor.jti)
        work.mail(mail.password_changed(_addressee(user), core.platform.settings.public_url))
        work.audit("password_changed", user.id, target=("user", user.id), ip=origin.ip, sessions_ended=ended)


async def request_reset(core: AuthCore, email: str, origin: Origin, *, anew: bool = False) -> None:
    """Promise a mail with a link, if the address belongs to an active account; say nothing either way.

    `anew`: whoever proves the address need not be who opened the account, so nothing of before stays usable then. This
    holds for every link of the next weeks: else whoever opened it would ask for another one.

    Raises:
        ArgusError: rate.limited, per caller's address (429).
    """
    await core.limit_account("request-reset", origin.ip)
    digest = hashlib.sha256(email.encode()).hexdigest()
    wait = await core.limits.take(f"reset:{digest}", capacity=_RESETS_PER_HOUR, per_hour=_RESETS_PER_HOUR)
    async with core.write() as work:
        user = await repository.by_email(work.connection, email)
        if anew and user is not None:
            await links.issue(work.connection, user.id, links.CONTESTED, _CONTESTED)
        if wait > 0 or user is None or not user.is_active:
            # Something is written in every case, else the time that the answer takes would tell who has an account.
            known = None if user is None else user.id
            reason = "rate_limited" if wait > 0 else "unknown" if user is None else "inactive"
            work.audit("password_reset_refused", known, ip=origin.ip, reason=reason)
            return
        minutes = core.settings.password_reset_ttl_minutes
        token = await links.issue(work.connection, user.id, links.RESET_PASSWORD, timedelta(minutes=minutes))
        work.mail(mail.reset_password(_addressee(user), core.platform.settings.public_url, token, minutes))
        work.audit("password_reset_requested", user.id, target=("user", user.id), ip=origin.ip)


async def reset_password(core: AuthCore, reset: PasswordReset, origin: Origin) -> None:
    """Set a new password by a mailed link. Ends the lock and all sessions; the address is proven by the way.

    Raises:
        ArgusError: auth.link_invalid (400), auth.password_weak (422; the link stays good), rate.limited (429).
    """
    await core.limit_account("reset", origin.ip)
    token = reset.token.get_secret_value()
    async with core.database.read() as connection:
        # Hashing is costly: not for a link that is no good anyway.
        owner = await links.owner(connection, token, links.RESET_PASSWORD)
        user = await _require(await repository.by_id(connection, owner))
    new = reset.new_password.get_secret_value()
    await _require_strong(core, user, new)
    password_hash = await core.passwords.hash(new)
    async with core.write() as work:
        user_id = await links.redeem(work.connection, token, links.RESET_PASSWORD)
        user = await _require(await repository.by_id(work.connection, user_id))
        is_handed = "handed" in await links.payload_of(work.connection, token, links.RESET_PASSWORD)
        await repository.change(
            work.connection,
            user_id,
            password_hash=password_hash,
            password_changed_at=now(),
            failed_login_count=0,
            locked_until=None,
            # A link that somebody handed over says nothing about the mail box.
            email_verified=user.email_verified or not is_handed,
        )
        await links.end(work.connection, user_id, links.CHANGE_EMAIL)
        ended = await sessions.revoke_all(work, user_id)
        if not is_handed and await links.is_pending(work.connection, user_id, links.CONTESTED):
            await links.end(work.connection, user_id, links.CONTESTED)
            await strangers.put_out(work, user_id, origin)
        work.mail(mail.password_changed(_addressee(user), core.platform.settings.public_url))
        work.audit("password_reset", user_id, target=("user", user_id), ip=origin.ip, sessions_ended=ended)


async def verify_email(core: AuthCore, token: str, origin: Origin) -> None:
    """Prove an address by a mailed link.

    Raises:
        ArgusError: auth.link_invalid (400), also where only a new password can tell whose account it is; rate.limited
            (429).
    """
    await core.limit_account("verify", origin.ip)
    async with core.write() as work:
        user_id = await links.redeem(work.connection, token, links.VERIFY_EMAIL)
        if await links.is_pending(work.connection, user_id, links.CONTESTED):
            raise ArgusError(ErrorCode.AUTH_LINK_INVALID)
        await repository.change(work.connection, user_id, email_verified=True)
        work.audit("email_verified", user_id, target=("user", user_id), ip=origin.ip)


async def _checked_hash(core: AuthCore, actor: Actor, change: PasswordChange) -> tuple[str, str]:
    """The hash that is stored, which the password shown fits, and that of the new password."""
    async with core.database.read() as connection:
        user = await _require(await repository.by_id(connection, actor.user_id))
    current, new = change.current_password.get_secret_value(), change.new_password.get_secret_value()
    if not await core.passwords.verify(user.password_hash, current):
        raise ArgusError(ErrorCode.AUTH_PASSWORD_WRONG)
    if current == new:
        raise ArgusError(ErrorCode.AUTH_PASSWORD_UNCHANGED)
    await _require_strong(core, user, new)
    return user.password_hash, await core.passwords.hash(new)


async def _require_strong(core: AuthCore, user: sa.Row[Any], password: str) -> None:
    least = core.settings.auth_password_min_score
    await strength.require(password, (user.username, user.email), least=least, field="new_password")


async def _audit(core: AuthCore, actor: Actor, action: str, origin: Origin, **metadata: Any) -> None:
    async with core.write() as work:
        work.audit(action, actor.user_id, target=("user", actor.user_id), ip=origin.ip, **metadata)


async def _require(user: sa.Row[Any] | None) -> sa.Row[Any]:
    if user is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    return user


def _addressee(user: sa.Row[Any]) -> mail.Addressee:
    return mail.Addressee(user.email, user.username, user.preferred_locale)
