"""Setting up OpenID Connect providers, and looking whether one can be used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.errors import FieldInvalid
from argus_auth.oauth import grants, repository, roles
from argus_auth.oauth.admin_schemas import OidcCheck, OidcProviderOut, OidcProviderUpdate, OidcTest
from argus_auth.oauth.discovery import Metadata
from argus_auth.oauth.external import Unavailable
from argus_auth.oauth.oidc import Oidc, key_of
from argus_auth.oauth.providers import SignIn
from argus_auth.oauth.settings import ENVIRONMENT_SLUG
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.secretbox import SecretBoxError

MASK: Final = "***"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_TESTS_PER_HOUR = 60


async def list_providers(sign_in: SignIn, connection: AsyncConnection) -> Sequence[OidcProviderOut]:
    """All providers, the environment's first."""
    counts = await repository.count_links(connection)
    first = sign_in.environment
    rows = await repository.providers(connection)
    return [
        *([_from_environment(first, counts)] if first else []),
        *(_shown(sign_in, row, counts) for row in rows if first is None or row.slug != first.slug),
    ]


async def put(
    core: AuthCore, sign_in: SignIn, work: Work, *, actor: Actor, slug: str, update: OidcProviderUpdate, origin: Origin
) -> OidcProviderOut:
    """Set a provider up, or change it.

    Raises:
        ArgusError: oidc_provider.invalid (422), oidc_provider.read_only (409).
    """
    if _SLUG.fullmatch(slug) is None:
        raise FieldInvalid(
            ErrorCode.OIDC_PROVIDER_INVALID, "slug", "The short name is made of a-z, 0-9 and -, at most 32 characters."
        )
    _refuse_environment(sign_in, slug)
    before = await repository.find_provider(work.connection, slug)
    values = update.model_dump(exclude={"client_secret", "group_roles"})
    values |= {"group_roles": roles.written(update.group_roles), "updated_by": actor.user_id}
    if update.client_secret != MASK:
        sealed = core.platform.secret_box.encrypt(update.client_secret.encode()) if update.client_secret else None
        values["client_secret_encrypted"] = sealed
    elif before is None or before.client_secret_encrypted is None:
        raise FieldInvalid(ErrorCode.OIDC_PROVIDER_INVALID, "client_secret", "There is no stored secret to keep.")
    elif before.issuer != update.issuer:
        # Else a new issuer would be told the secret that another provider gave.
        raise FieldInvalid(
            ErrorCode.OIDC_PROVIDER_INVALID, "client_secret", "With another issuer the secret has to be given again."
        )
    is_new = await repository.put_provider(work.connection, slug, **values)
    work.audit(
        "oidc_provider_set",
        actor.user_id,
        target=("oidc_provider", slug),
        ip=origin.ip,
        is_new=is_new,
        changed=sorted(key for key in values if is_new or values[key] != getattr(before, key, None)),
    )
    row = await repository.find_provider(work.connection, slug)
    assert row is not None
    return _shown(sign_in, row, await repository.count_links(work.connection))


async def delete(sign_in: SignIn, work: Work, actor: Actor, slug: str, origin: Origin) -> None:
    """Forget a provider, and take away what its groups gave. The links stay: set up again, it opens the same accounts.

    Raises:
        ArgusError: oidc_provider.not_found (404), oidc_provider.read_only (409).
    """
    _refuse_environment(sign_in, slug)
    if not slug.isprintable() or not await repository.delete_provider(work.connection, slug):
        raise ArgusError(ErrorCode.OIDC_PROVIDER_NOT_FOUND)
    for identity in await repository.with_grants(work.connection, key_of(slug)):
        await grants.withdraw(work, identity, origin)
    work.audit("oidc_provider_delete", actor.user_id, target=("oidc_provider", slug), ip=origin.ip)


async def test(core: AuthCore, sign_in: SignIn, actor: Actor, slug: str, origin: Origin) -> OidcTest:
    """Ask the provider who it is, and for its keys.

    Raises:
        ArgusError: oidc_provider.not_found (404), rate.limited (429).
    """
    await core.limit("oidc-test", actor.user_id, capacity=_TESTS_PER_HOUR, per_hour=_TESTS_PER_HOUR)
    async with core.database.read() as connection:
        row = await repository.find_provider(connection, slug) if slug.isprintable() else None
    found = sign_in.environment if slug == ENVIRONMENT_SLUG and sign_in.environment else None
    if found is None and row is not None:
        found = sign_in.from_row(row)
    if found is None:
        raise ArgusError(ErrorCode.OIDC_PROVIDER_NOT_FOUND)
    checks = [*_secret_check(core, row), *await _asked(found)]
    outcome = OidcTest(ok=all(check.ok for check in checks), checks=checks)
    async with core.write() as work:
        work.audit("oidc_provider_test", actor.user_id, target=("oidc_provider", slug), ip=origin.ip, ok=outcome.ok)
    return outcome


def _refuse_environment(sign_in: SignIn, slug: str) -> None:
    if slug == ENVIRONMENT_SLUG and sign_in.environment is not None:
        raise ArgusError(ErrorCode.OIDC_PROVIDER_READ_ONLY)


async def _asked(provider: Oidc) -> Sequence[OidcCheck]:
    try:
        metadata = await provider.directory.metadata(provider.issuer, fresh=True)
    except Unavailable as error:
        return [OidcCheck(name="discovery", ok=False, message=str(error))]
    checks = [OidcCheck(name="discovery", ok=True)]
    try:
        await provider.directory.keys(metadata.jwks_uri)
        checks.append(OidcCheck(name="keys", ok=True))
    except Unavailable as error:
        checks.append(OidcCheck(name="keys", ok=False, message=str(error)))
    return [*checks, _pkce_check(metadata), _scopes_check(provider)]


def _pkce_check(metadata: Metadata) -> OidcCheck:
    methods = metadata.challenge_methods
    # One that says nothing may well take it; one that names others does not.
    is_well = methods is None or "S256" in methods
    return OidcCheck(name="pkce", ok=is_well, message="" if is_well else "the provider does not take PKCE with S256")


def _scopes_check(provider: Oidc) -> OidcCheck:
    is_well = "email" in provider.scopes.split()
    message = "" if is_well else "without the scope `email` most providers send no address, and nobody new gets in"
    return OidcCheck(name="scopes", ok=is_well, message=message)


def _secret_check(core: AuthCore, row: sa.Row[Any] | None) -> Sequence[OidcCheck]:
    if row is None or row.client_secret_encrypted is None:
        return []
    try:
        core.platform.secret_box.decrypt(row.client_secret_encrypted)
    except SecretBoxError as error:
        return [OidcCheck(name="secret", ok=False, message=str(error))]
    return []


def _shown(sign_in: SignIn, row: sa.Row[Any], counts: dict[str, int]) -> OidcProviderOut:
    names = (
        "slug", "name", "issuer", "client_id", "scopes", "groups_claim", "required_group", "is_enabled", "created_at",
        "updated_at", "updated_by",
    )  # fmt: skip
    return OidcProviderOut(
        **{name: getattr(row, name) for name in names},
        client_secret=MASK if row.client_secret_encrypted is not None else "",
        allowed_domains=row.allowed_domains or [],
        group_roles=row.group_roles or {},
        source="db",
        callback_url=sign_in.callback_url(row.slug),
        linked_people=counts.get(key_of(row.slug), 0),
    )


def _from_environment(provider: Oidc, counts: dict[str, int]) -> OidcProviderOut:
    return OidcProviderOut(
        slug=provider.slug,
        name=provider.name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=MASK if provider.client_secret else "",
        scopes=provider.scopes,
        allowed_domains=provider.rules.allowed_domains,
        groups_claim=provider.rules.groups_claim,
        group_roles=roles.written(provider.rules.group_roles),
        required_group=provider.rules.required_group,
        is_enabled=True,
        source="env",
        callback_url=provider.callback_url,
        linked_people=counts.get(provider.key, 0),
        created_at=None,
        updated_at=None,
        updated_by=None,
    )
