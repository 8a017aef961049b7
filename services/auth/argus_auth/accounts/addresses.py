"""Email addresses: a new one is proven by a link that is mailed to it, and only then takes the place of the old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import links, mail, repository
from argus_auth.accounts.schemas import EmailChange
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError, RateLimited

_CHANGES_PER_HOUR = 3
_RESENDS_PER_HOUR = 60


async def request_change(core: AuthCore, actor: Actor, change: EmailChange, origin: Origin) -> None:
    """Mail a link to the new address, and a notice to the old one.

    Raises:
        ArgusError: rate.limited (429), auth.password_wrong (401), auth.email_unchanged (400), auth.email_in_use (400),
            in this order.
    """
    try:
        await core.limit("change-email", actor.user_id, capacity=_CHANGES_PER_HOUR, per_hour=_CHANGES_PER_HOUR)
        user = await _checked(core, actor, change)
    except RateLimited:
        await _audit(core, actor, "email_change_rate_limited", origin)
        raise
    except ArgusError as error:
        await _audit(core, actor, "email_change_failed", origin, reason=str(error.code))
        raise
    hours = core.settings.email_change_ttl_hours
    async with core.write() as work:
        token = await links.issue(
            work.connection, user.id, links.CHANGE_EMAIL, timedelta(hours=hours), email=change.new_email
        )
        base = core.platform.settings.public_url
        to = mail.Addressee(change.new_email, user.username, user.preferred_locale)
        work.mail(mail.verify_new_email(to, base, token, hours))
        old = mail.Addressee(user.email, user.username, user.preferred_locale)
        work.mail(mail.email_change_requested(old, base, change.new_email))
        work.audit("email_change_requested", user.id, target=("user", user.id), ip=origin.ip)


async def pending_change(core: AuthCore, token: str, origin: Origin) -> str:
    """The address that a link would set. Changes nothing: mail scanners follow links.

    Raises:
        ArgusError: auth.link_invalid (400), auth.link_gone (410), auth.email_in_use (400), rate.limited (429).
    """
    await core.limit_account("verify", origin.ip)
    async with core.database.read() as connection:
        found = await links.look(connection, token, links.CHANGE_EMAIL)
        email: str = found.payload["email"]
        await _require_free(connection, email)
    return email


async def confirm_change(core: AuthCore, token: str, origin: Origin) -> None:
    """Put the new address in the place of the old; it is proven.

    Raises:
        ArgusError: as `pending_change`.
    """
    email = await pending_change(core, token, origin)
    try:
        async with core.write() as work:
            user_id = await links.redeem(work.connection, token, links.CHANGE_EMAIL)
            await repository.change(work.connection, user_id, email=email, email_verified=True)
            # What lies in the old mail box opens this account no more, and its address is nobody else's.
            await links.end(work.connection, user_id, links.RESET_PASSWORD, links.VERIFY_EMAIL, links.CONTESTED)
            work.audit("email_changed", user_id, target=("user", user_id), ip=origin.ip)
    except IntegrityError as error:  # somebody took the address a moment before
        raise ArgusError(ErrorCode.AUTH_EMAIL_IN_USE) from error


async def is_link_due(core: AuthCore, user_id: int) -> bool:
    """Count one link that nobody asked for: that of a registration, or of a login that needs it. One a minute is
    enough, since each ends the one before.
    """
    return await core.limits.take(f"verification:{user_id}", capacity=1, per_hour=_RESENDS_PER_HOUR) == 0


async def resend_verification(core: AuthCore, actor: Actor, origin: Origin) -> None:
    """Mail the link that verifies the caller's address once more.

    Raises:
        ArgusError: auth.email_already_verified (409), rate.limited: once a minute (429).
    """
    async with core.database.read() as connection:
        user = await _require(await repository.by_id(connection, actor.user_id))
    if user.email_verified:
        await _audit(core, actor, "resend_verification_noop", origin)
        raise ArgusError(ErrorCode.AUTH_EMAIL_ALREADY_VERIFIED)
    try:
        await core.limit("resend-verification", user.id, capacity=1, per_hour=_RESENDS_PER_HOUR)
    except RateLimited:
        await _audit(core, actor, "resend_verification_rate_limited", origin)
        raise
    hours = core.settings.email_verify_ttl_hours
    async with core.write() as work:
        token = await links.issue(work.connection, user.id, links.VERIFY_EMAIL, timedelta(hours=hours))
        to = mail.Addressee(user.email, user.username, user.preferred_locale)
        work.mail(mail.verify_email(to, core.platform.settings.public_url, token, hours))
        work.audit("resend_verification_sent", user.id, target=("user", user.id), ip=origin.ip)


async def _checked(core: AuthCore, actor: Actor, change: EmailChange) -> sa.Row[Any]:
    async with core.database.read() as connection:
        user = await _require(await repository.by_id(connection, actor.user_id))
    if not await core.passwords.verify(user.password_hash, change.current_password.get_secret_value()):
        raise ArgusError(ErrorCode.AUTH_PASSWORD_WRONG)
    if change.new_email == user.email:
        raise ArgusError(ErrorCode.AUTH_EMAIL_UNCHANGED)
    async with core.database.read() as connection:
        await _require_free(connection, change.new_email)
    return user


async def _require_free(connection: AsyncConnection, email: str) -> None:
    if await repository.by_email(connection, email) is not None:
        raise ArgusError(ErrorCode.AUTH_EMAIL_IN_USE)


async def _require(user: sa.Row[Any] | None) -> sa.Row[Any]:
    if user is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    return user


async def _audit(core: AuthCore, actor: Actor, action: str, origin: Origin, **metadata: Any) -> None:
    async with core.write() as work:
        work.audit(action, actor.user_id, target=("user", actor.user_id), ip=origin.ip, **metadata)
