"""Signing in with GitHub, or a GitHub Enterprise Server: OAuth, then the API says who it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.config import repository as config
from argus_auth.config.catalogue import CATALOGUE, from_environment
from argus_auth.core import AuthCore
from argus_auth.oauth import outgoing
from argus_auth.oauth.external import Answer, External, Refused, Rules, Unavailable
from argus_auth.oauth.outgoing import ClientKeys
from argus_auth.oauth.settings import OAuthSettings
from argus_auth.oauth.state import Flow

if TYPE_CHECKING:
    import httpx

KEY: Final = "github"
_SCOPE: Final = "read:user user:email"
_API: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "Argus"}


@dataclass(frozen=True)
class GitHub:
    """GitHub as it is configured now; see `external.Provider`."""

    http: httpx.AsyncClient
    settings: OAuthSettings
    keys: ClientKeys
    callback_url: str
    slug: str = KEY
    key: str = KEY
    name: str = "GitHub"
    rules: Rules = field(default_factory=Rules)

    async def authorize_url(self, flow: Flow, state: str) -> str:
        """See Provider."""
        return outgoing.authorize_url(
            f"{self.settings.github_url}/login/oauth/authorize",
            self.keys,
            state=state,
            verifier=flow.verifier,
            redirect_uri=self.callback_url,
            scope=_SCOPE,
            allow_signup="true" if flow.intent == "login" else "false",
        )

    async def identify(self, flow: Flow, answer: Answer) -> External:
        """See Provider."""
        try:
            token = await outgoing.exchange(
                self.http,
                f"{self.settings.github_url}/login/oauth/access_token",
                self.keys,
                code=answer.code,
                verifier=flow.verifier,
                redirect_uri=self.callback_url,
            )
        except Unavailable as error:
            raise Refused("exchange_failed", str(error)) from error
        return await self._who({**_API, "Authorization": f"Bearer {token['access_token']}"})

    async def _who(self, headers: Mapping[str, str]) -> External:
        try:
            user = await outgoing.get_object(self.http, f"{self.settings.github_api_url}/user", headers)
            emails = await outgoing.get_json(self.http, f"{self.settings.github_api_url}/user/emails", headers)
        except Unavailable as error:
            raise Refused("user_fetch_failed", str(error)) from error
        number, login = user.get("id"), user.get("login")
        if not isinstance(number, int) or isinstance(number, bool) or not isinstance(login, str):
            raise Refused("user_fetch_failed", "the API names neither id nor login")
        return External(subject=str(number), login=login, email=_verified(emails))


def _verified(emails: Any) -> str | None:
    # The address on the profile page is what its owner wrote there: nobody has verified it.
    entries = [entry for entry in emails if isinstance(entry, Mapping)] if isinstance(emails, list) else []
    for entry in entries:
        if entry.get("primary") is True and entry.get("verified") is True and isinstance(entry.get("email"), str):
            return str(entry["email"])
    return None


async def configured(core: AuthCore, connection: AsyncConnection) -> Mapping[str, Any] | None:
    """GitHub's settings, database before environment; None when it is not set up, or switched off.

    Client id and secret are enough; `github_enabled` counts once somebody has set it.
    """
    stored = await config.of_group(connection, "oauth")

    def value(key: str) -> Any:
        if key not in stored:
            return from_environment(CATALOGUE["oauth"][key])
        row = stored[key]
        if not row.encrypted or not row.value:
            return row.value
        return msgspec.json.decode(core.platform.secret_box.decrypt(str(row.value).encode()))

    found = {key: value(key) for key in CATALOGUE["oauth"]}
    is_whole = bool(found["github_client_id"]) and bool(found["github_client_secret"])
    return found if is_whole and found["github_enabled"] is not False else None


def provider(core: AuthCore, http: httpx.AsyncClient, settings: OAuthSettings, found: Mapping[str, Any]) -> GitHub:
    """GitHub with these settings."""
    default = f"{core.platform.settings.public_url}/api/auth/oauth/github/callback"
    keys = ClientKeys(str(found["github_client_id"]), str(found["github_client_secret"]), "client_secret_post")
    return GitHub(http, settings, keys, str(found["github_callback"] or default))
