"""Whose account it is that a provider speaks of: linked already, linked now by a proven address, or opened now."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import mail
from argus_auth.accounts import repository as accounts
from argus_auth.dependencies import Origin
from argus_auth.fields import Email
from argus_auth.invites import service as invites
from argus_auth.locking import FIRST_USER, take_turn
from argus_auth.oauth import repository
from argus_auth.oauth.addresses import is_allowed_domain
from argus_auth.oauth.external import External, Provider, Refused, Visit
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 28
_LOCALE = "en-US"
_REASONS = {
    ErrorCode.AUTH_REGISTRATION_CLOSED: "registration_closed",
    ErrorCode.AUTH_INVITE_REQUIRED: "invite_required",
    ErrorCode.AUTH_INVITE_INVALID: "invite_invalid",
}


def admit(provider: Provider, external: External) -> External:
    """Look whether the provider's rules let this person in. Returns them with the address as we write addresses.

    Raises:
        Refused: no_verified_email, domain_not_allowed, group_required.
    """
    email = _readable(external.email)
    rules = provider.rules
    if rules.allowed_domains:
        if email is None:
            raise Refused("no_verified_email")
        if not is_allowed_domain(email, rules.allowed_domains):
            raise Refused("domain_not_allowed", email.rpartition("@")[2])
    if rules.required_group and rules.required_group not in (external.groups or ()):
        raise Refused("group_required")
    return external._replace(email=email)


async def find_or_open(visit: Visit, work: Work, external: External, invite: str | None) -> sa.Row[Any]:
    """The link of the account that this person may use. A new account is opened where registration allows it.

    Raises:
        Refused: account_inactive, no_verified_email, email_not_proven, another_linked, registration_closed,
            invite_required, invite_invalid.
    """
    provider = visit.provider
    known = await repository.by_subject(work.connection, provider.key, external.subject)
    if known is not None:
        user = await accounts.by_id(work.connection, known.user_id, for_update=True)
        if user is not None and user.deleted_at is None:
            _require_active(user)
            return await _renewed(work, known, external)
        # The account is gone: whoever comes back may open another.
        await repository.delete(work.connection, known.id)
    if external.email is None:
        raise Refused("no_verified_email")
    user = await accounts.by_email(work.connection, external.email)
    if user is not None:
        await _require_same_person(work.connection, provider, user)
        return await link(visit, work, external, user, by="email")
    user_id = await _open(work, provider, external, invite, visit.origin)
    return await _add(work, provider, external, user_id)


async def link(visit: Visit, work: Work, external: External, user: sa.Row[Any], *, by: str) -> sa.Row[Any]:
    """Tie an account to a provider's, and tell its owner by mail. `by` says what allowed it: `email` or `session`."""
    core, provider, origin = visit
    identity = await _add(work, provider, external, user.id)
    about = {"provider": provider.key, "login": external.login, "by": by}
    work.audit("oauth_link", user.id, target=("user", user.id), ip=origin.ip, **about)
    to = mail.Addressee(user.email, user.username, user.preferred_locale)
    work.mail(mail.account_linked(to, core.platform.settings.public_url, provider.name, external.login))
    return identity


def _require_active(user: sa.Row[Any]) -> None:
    if not user.is_active:
        raise Refused("account_inactive", user_id=user.id)


async def _require_same_person(connection: AsyncConnection, provider: Provider, user: sa.Row[Any]) -> None:
    """Whether the account with this address belongs to whoever the provider vouches for."""
    _require_active(user)
    if not user.email_verified:
        # Anybody can register somebody else's address, set a password, and wait.
        raise Refused("email_not_proven", user_id=user.id)
    if any(row.provider == provider.key for row in await repository.of_user(connection, user.id)):
        # Another account there with the same address: addresses are given to other people, subjects are not.
        raise Refused("another_linked", user_id=user.id)


async def _open(work: Work, provider: Provider, external: External, invite: str | None, origin: Origin) -> int:
    assert external.email is not None
    try:
        is_first = await _is_first(work.connection)
        await invites.require_admission(work.connection, invite)
        invite_id = await invites.use_invite(work.connection, invite)
    except ArgusError as error:
        raise Refused(_REASONS.get(error.code, "registration_closed")) from error
    user_id = await accounts.add(
        work.connection,
        username=await _free_name(work.connection, external.login),
        email=external.email,
        email_verified=True,
        is_admin=is_first,
        preferred_locale=_LOCALE,
        created_at=now(),
    )
    about = {"is_admin": is_first, "invite_id": invite_id, "provider": provider.key}
    work.audit("register", user_id, target=("user", user_id), ip=origin.ip, **about)
    return user_id


async def _is_first(connection: AsyncConnection) -> bool:
    if not await accounts.is_empty(connection):
        return False
    await take_turn(connection, FIRST_USER)
    return await accounts.is_empty(connection)


async def _free_name(connection: AsyncConnection, login: str) -> str:
    plain = _NOT_IN_NAMES.sub("", login.partition("@")[0])[:_LONGEST_NAME]
    base = plain if len(plain) >= 3 else f"user{plain}"
    name, number = base, 0
    while await accounts.is_username_taken(connection, name):
        number += 1
        name = f"{base}-{number}"
    return name


async def _add(work: Work, provider: Provider, external: External, user_id: int) -> sa.Row[Any]:
    identity = await repository.add(
        work.connection,
        user_id=user_id,
        provider=provider.key,
        subject=external.subject,
        login=external.login,
        email=external.email,
    )
    if provider.key == "github":
        await accounts.change(work.connection, user_id, github_login=external.login)
    return identity


async def _renewed(work: Work, known: sa.Row[Any], external: External) -> sa.Row[Any]:
    """People rename themselves."""
    if (known.login, known.email) != (external.login, external.email):
        await repository.change(work.connection, known.id, login=external.login, email=external.email)
        if known.provider == "github":
            await accounts.change(work.connection, known.user_id, github_login=external.login)
    return known


def _readable(email: str | None) -> str | None:
    try:
        return _EMAIL.validate_python(email) if email is not None else None
    except ValidationError:
        return None
