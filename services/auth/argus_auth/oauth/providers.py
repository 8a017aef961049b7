"""The login providers that there are: GitHub, those in the database, and the one in the environment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.oauth import github, outgoing, repository, roles
from argus_auth.oauth.discovery import Directory
from argus_auth.oauth.external import Provider, Rules
from argus_auth.oauth.oidc import Oidc
from argus_auth.oauth.settings import ENVIRONMENT_SLUG, OAuthSettings
from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.parts import Part
from argus_kit.secretbox import SecretBoxError

log = structlog.get_logger(__name__)


class SignIn(Part):
    """One per process: knows the providers, and remembers what they said of themselves."""

    name = "sign-in"

    def __init__(self, core: AuthCore, settings: OAuthSettings) -> None:
        self._core = core
        self.settings = settings
        trusted = (settings.github_url, settings.github_api_url, settings.oidc_issuer)
        # Administrators of Argus name the providers in the database, whoever runs the machine those of the environment:
        # only the latter may lead into the network that Argus stands in.
        self._by_operator = Directory(partial(outgoing.open_client, core.platform.settings, trusted))
        self._by_admins = Directory(partial(outgoing.open_client, core.platform.settings))

    async def stop(self) -> None:
        """See Part."""
        await self._by_operator.close()
        await self._by_admins.close()

    async def github(self, connection: AsyncConnection) -> Provider:
        """GitHub.

        Raises:
            ArgusError: oauth.not_configured (404).
        """
        found = await self._github(connection)
        if found is None:
            raise ArgusError(ErrorCode.OAUTH_NOT_CONFIGURED)
        return found

    async def oidc(self, connection: AsyncConnection, slug: str) -> Oidc:
        """An enabled OpenID Connect provider.

        Raises:
            ArgusError: oauth.not_configured (404).
        """
        found = self._from_environment() if slug == ENVIRONMENT_SLUG else None
        if found is None and slug.isprintable():
            row = await repository.find_provider(connection, slug)
            found = self.from_row(row) if row is not None and row.is_enabled else None
        if found is None:
            raise ArgusError(ErrorCode.OAUTH_NOT_CONFIGURED)
        return found

    async def enabled(self, connection: AsyncConnection) -> Sequence[Provider]:
        """All that people may sign in with."""
        hub = await self._github(connection)
        return [*([hub] if hub is not None else []), *await self.all_oidc(connection)]

    async def all_oidc(self, connection: AsyncConnection) -> Sequence[Oidc]:
        """The enabled OpenID Connect providers; the environment's comes first and hides a stored one of its slug."""
        first = self._from_environment()
        rows = await repository.providers(connection)
        hidden = {first.slug} if first else set()
        stored = [self.from_row(row) for row in rows if row.is_enabled and row.slug not in hidden]
        return [*([first] if first else []), *stored]

    def from_row(self, row: sa.Row[Any]) -> Oidc:
        """A stored provider."""
        rules = Rules(
            allowed_domains=tuple(row.allowed_domains or ()),
            groups_claim=row.groups_claim,
            group_roles=roles.read(row.group_roles),
            required_group=row.required_group,
        )
        return self._oidc(
            self._by_admins,
            slug=row.slug,
            name=row.name,
            issuer=row.issuer,
            client_id=row.client_id,
            client_secret=self._opened(row),
            scopes=row.scopes,
            rules=rules,
        )

    @property
    def environment(self) -> Oidc | None:
        """The environment's provider, if it names one."""
        return self._from_environment()

    def callback_url(self, slug: str) -> str:
        """What has to be registered at the provider."""
        return f"{self._core.platform.settings.public_url}/api/auth/oauth/oidc/{slug}/callback"

    def _from_environment(self) -> Oidc | None:
        settings = self.settings
        if not settings.oidc_issuer:
            return None
        domains = [entry.strip() for entry in settings.oidc_allowed_domains.split(",")]
        rules = Rules(
            allowed_domains=tuple(entry for entry in domains if entry),
            groups_claim=settings.oidc_groups_claim or None,
            group_roles=roles.read_json(settings.oidc_group_roles),
            required_group=settings.oidc_required_group or None,
        )
        return self._oidc(
            self._by_operator,
            slug=ENVIRONMENT_SLUG,
            name=settings.oidc_name,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            scopes=settings.oidc_scopes,
            rules=rules,
        )

    def _oidc(self, directory: Directory, *, slug: str, **values: Any) -> Oidc:
        return Oidc(directory=directory, slug=slug, callback_url=self.callback_url(slug), **values)

    def _opened(self, row: sa.Row[Any]) -> str:
        if row.client_secret_encrypted is None:
            return ""
        try:
            return self._core.platform.secret_box.decrypt(row.client_secret_encrypted).decode()
        except SecretBoxError as error:
            # The button stays; the provider will refuse us, and the test in the administration says why.
            log.warning("oidc.secret_unreadable", provider=row.slug, error=str(error))
            return ""

    async def _github(self, connection: AsyncConnection) -> Provider | None:
        found = await github.configured(self._core, connection)
        return github.provider(self._core, self._by_operator.http, self.settings, found) if found else None
