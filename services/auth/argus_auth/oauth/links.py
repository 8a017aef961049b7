"""Links between accounts here and elsewhere: made while signed in, shown, ended; and a first password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth import strength
from argus_auth.accounts import mail
from argus_auth.accounts import repository as accounts
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.oauth import grants, people, repository
from argus_auth.oauth.external import External, Provider, Refused, Visit
from argus_auth.oauth.providers import SignIn
from argus_auth.oauth.schemas import LinkedAccount
from argus_auth.oauth.state import Flow
from argus_auth.sessions import service as sessions
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError


async def link(visit: Visit, external: External, flow: Flow) -> None:
    """Tie the account of whoever began this to the one that the provider speaks of; a second time changes nothing.

    Raises:
        Refused: signed_out: the login ended meanwhile; github_already_linked, already_linked: to somebody else's;
            another_linked: the person has one of this provider already.
    """
    assert flow.user_id is not None
    assert flow.family is not None
    try:
        async with visit.core.write() as work:
            if not await repository.is_signed_in(work.connection, flow.user_id, flow.family):
                raise Refused("signed_out", user_id=flow.user_id)
            identity = await _linked(visit, work, external, flow.user_id)
            await grants.apply(visit, work, external, identity)
    except IntegrityError as error:
        raise Refused(_linked_elsewhere(visit.provider), user_id=flow.user_id) from error


async def linked_accounts(sign_in: SignIn, connection: AsyncConnection, user_id: int) -> Sequence[LinkedAccount]:
    """The caller's links, oldest first."""
    usable = {provider.key: provider for provider in await sign_in.enabled(connection)}
    return [
        LinkedAccount(
            provider=row.provider,
            slug=row.provider.removeprefix("oidc:"),
            name=usable[row.provider].name if row.provider in usable else row.provider.removeprefix("oidc:"),
            login=row.login,
            email=row.email,
            linked_at=row.created_at,
            is_usable=row.provider in usable,
        )
        for row in await repository.of_user(connection, user_id)
    ]


async def unlink(sign_in: SignIn, work: Work, actor: Actor, key: str, origin: Origin) -> None:
    """End a link, and take away what the provider's groups gave.

    Raises:
        ArgusError: oauth.not_linked, oauth.password_required: there would be no way to log in (409).
    """
    user = await accounts.by_id(work.connection, actor.user_id, for_update=True)
    links = await repository.of_user(work.connection, actor.user_id)
    ended = [row for row in links if row.provider == key]
    if not ended or user is None:
        raise ArgusError(ErrorCode.OAUTH_NOT_LINKED)
    usable = {provider.key for provider in await sign_in.enabled(work.connection)} - {key}
    if user.password_hash is None and not any(row.provider in usable for row in links):
        raise ArgusError(ErrorCode.OAUTH_PASSWORD_REQUIRED)
    for row in ended:
        await grants.withdraw(work, row, origin)
        await repository.delete(work.connection, row.id)
        work.audit("oauth_unlink", user.id, target=("user", user.id), ip=origin.ip, provider=key, login=row.login)
    if key == "github":
        await accounts.change(work.connection, user.id, github_login=None)


async def set_first_password(core: AuthCore, actor: Actor, password: str, origin: Origin) -> None:
    """Give a password to an account that has none, end all other sessions, and tell its owner by mail.

    Raises:
        ArgusError: oauth.password_already_set (409), auth.password_weak (422).
    """
    async with core.database.read() as connection:
        await _require_no_password(connection, actor.user_id)
    least = core.settings.auth_password_min_score
    await strength.require(password, (actor.username,), least=least, field="new_password")
    password_hash = await core.passwords.hash(password)
    async with core.write() as work:
        user = await _require_no_password(work.connection, actor.user_id, for_update=True)
        await accounts.change(work.connection, actor.user_id, password_hash=password_hash, password_changed_at=now())
        # A stolen session could make itself a way in that lasts: the owner shall hear of it, as of any new password.
        await sessions.revoke_all(work, user.id, but=actor.jti)
        to = mail.Addressee(user.email, user.username, user.preferred_locale)
        work.mail(mail.password_changed(to, core.platform.settings.public_url))
        work.audit("password_set_for_oauth_user", actor.user_id, target=("user", actor.user_id), ip=origin.ip)


async def _linked(visit: Visit, work: Work, external: External, user_id: int) -> sa.Row[Any]:
    provider = visit.provider
    user = await accounts.by_id(work.connection, user_id, for_update=True)
    assert user is not None
    known = await repository.by_subject(work.connection, provider.key, external.subject)
    if known is not None:
        if known.user_id != user_id:
            raise Refused(_linked_elsewhere(provider), user_id=user_id)
        return known
    if any(row.provider == provider.key for row in await repository.of_user(work.connection, user_id)):
        raise Refused("another_linked", user_id=user_id)
    return await people.link(visit, work, external, user, by="session")


def _linked_elsewhere(provider: Provider) -> str:
    return "github_already_linked" if provider.slug == "github" else "already_linked"


async def _require_no_password(connection: AsyncConnection, user_id: int, *, for_update: bool = False) -> sa.Row[Any]:
    user = await accounts.by_id(connection, user_id, for_update=for_update)
    if user is None or user.password_hash is not None:
        raise ArgusError(ErrorCode.OAUTH_PASSWORD_ALREADY_SET)
    return user
