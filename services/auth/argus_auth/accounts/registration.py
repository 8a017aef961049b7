"""Opening an account. The first one ever becomes the administrator."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth import strength
from argus_auth.accounts import links, mail, repository
from argus_auth.accounts.addresses import is_link_due
from argus_auth.accounts.schemas import Registration
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.invites import service as invites
from argus_auth.locking import FIRST_USER, take_turn
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError

_LOCALE = "en-US"


async def register(core: AuthCore, registration: Registration, origin: Origin) -> int:
    """Open an account, promise the mail that verifies its address, and return its id.

    Raises:
        ArgusError: auth.registration_closed, auth.invite_required, auth.invite_invalid (403), auth.username_taken,
            auth.email_taken (409), auth.password_weak (422), rate.limited (429).
    """
    await core.limit_account("register", origin.ip)
    try:
        async with core.database.read() as connection:
            await invites.require_admission(connection, registration.invite_code)
            await _require_free(connection, registration)
        password = registration.password.get_secret_value()
        about = (registration.username, registration.email)
        await strength.require(password, about, least=core.settings.auth_password_min_score, field="password")
        user_id = await _add(core, registration, await core.passwords.hash(password), origin)
        # Its link is on the way: a login right after would send a second one, which ends the first.
        await is_link_due(core, user_id)
        return user_id
    except ArgusError as error:
        async with core.write() as work:
            work.audit("register_failed", None, ip=origin.ip, reason=str(error.code))
        raise


async def _add(core: AuthCore, registration: Registration, password_hash: str, origin: Origin) -> int:
    try:
        async with core.write() as work:
            return await _add_once(core, work, registration, password_hash, origin)
    except IntegrityError:
        # Someone took the name or the address a moment before us; say which.
        async with core.database.read() as connection:
            await _require_free(connection, registration)
        raise


async def _add_once(core: AuthCore, work: Work, registration: Registration, password_hash: str, origin: Origin) -> int:
    is_first = await _is_first(work.connection)
    invite_id = await invites.use_invite(work.connection, registration.invite_code)
    user_id = await repository.add(
        work.connection,
        username=registration.username,
        email=registration.email,
        password_hash=password_hash,
        is_admin=is_first,
        preferred_locale=_LOCALE,
        created_at=now(),
        password_changed_at=now(),
    )
    hours = core.settings.email_verify_ttl_hours
    token = await links.issue(work.connection, user_id, links.VERIFY_EMAIL, timedelta(hours=hours))
    to = mail.Addressee(registration.email, registration.username, _LOCALE)
    work.mail(mail.verify_email(to, core.platform.settings.public_url, token, hours))
    work.audit("register", user_id, target=("user", user_id), ip=origin.ip, is_admin=is_first, invite_id=invite_id)
    return user_id


async def _is_first(connection: AsyncConnection) -> bool:
    if not await repository.is_empty(connection):
        return False
    await take_turn(connection, FIRST_USER)
    return await repository.is_empty(connection)


async def _require_free(connection: AsyncConnection, registration: Registration) -> None:
    if await repository.is_username_taken(connection, registration.username):
        raise ArgusError(ErrorCode.AUTH_USERNAME_TAKEN)
    if await repository.by_email(connection, registration.email) is not None:
        raise ArgusError(ErrorCode.AUTH_EMAIL_TAKEN)
