"""Calls to providers: bounded in time and size, only to where Argus may call, and read as JSON objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from argus_auth.oauth.external import Refused, Unavailable
from argus_kit.errors import ArgusError
from argus_kit.later import later
from argus_kit.settings import Settings

if TYPE_CHECKING:
    import httpx
else:
    httpx = later("httpx")

_TOTAL_S = 10.0
_MAX_BYTES = 512 * 1024


class ClientKeys(NamedTuple):
    """What Argus is to a provider, and how it says so: an authentication method of the token endpoint."""

    client_id: str
    client_secret: str
    method: str


def open_client(settings: Settings, trusted: Sequence[str] = ()) -> httpx.AsyncClient:
    """An HTTP client that calls public addresses, those that ARGUS_OUTBOUND_ALLOW names, and the hosts of `trusted`.

    `trusted` are addresses from the environment: whoever runs Argus has named them.
    """
    # httpx is loaded with the first client.
    from argus_kit.guarded_http import guarded_client

    hosts = [urlsplit(url).hostname or "" for url in trusted if url]
    allow = ",".join([settings.outbound_allow, *hosts]).strip(",")
    return guarded_client(settings.model_copy(update={"outbound_allow": allow}), max_bytes=_MAX_BYTES, total_s=_TOTAL_S)


def authorize_url(endpoint: str, keys: ClientKeys, *, state: str, verifier: str, **params: str) -> str:
    """Where to send the browser, with a PKCE challenge (S256)."""
    # Authlib is loaded with the first sign-in.
    from argus_auth.oauth.code_client import CodeClient

    client = CodeClient(None, keys.client_id, code_challenge_method="S256")
    url, _ = client.create_authorization_url(endpoint, state=state, code_verifier=verifier, **params)
    return str(url)


async def exchange(
    http: httpx.AsyncClient, endpoint: str, keys: ClientKeys, *, code: str, verifier: str, redirect_uri: str
) -> Mapping[str, Any]:
    """Change a code for tokens.

    Raises:
        Refused: exchange_failed: the provider does not take the code.
        Unavailable: it does not answer as it should.
    """
    from authlib.oauth2 import OAuth2Error

    from argus_auth.oauth.code_client import CodeClient

    client = CodeClient(http, keys.client_id, keys.client_secret or None, keys.method if keys.client_secret else "none")
    try:
        token: Mapping[str, Any] = await client.fetch_token(
            endpoint, code=code, code_verifier=verifier, redirect_uri=redirect_uri, grant_type="authorization_code"
        )
    except OAuth2Error as error:
        raise Refused("exchange_failed", f"the provider says {error.error}") from error
    except (httpx.HTTPError, ArgusError, ValueError) as error:
        raise Unavailable(f"{endpoint}: {_said(error)}") from error
    if not isinstance(token.get("access_token"), str):
        raise Refused("exchange_failed", "the answer holds no access token")
    return token


async def get_object(http: httpx.AsyncClient, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Unavailable: it cannot be had.
    """
    found = await get_json(http, url, headers)
    if not isinstance(found, dict):
        raise Unavailable(f"{url} does not answer with a JSON object")
    return found


async def get_json(http: httpx.AsyncClient, url: str, headers: Mapping[str, str] | None = None) -> Any:
    """Any JSON; see `get_object`."""
    try:
        response = await http.get(url, headers={"Accept": "application/json", **(headers or {})})
        if response.status_code != 200:
            raise Unavailable(f"{url} answers {response.status_code}")
        return response.json()
    except (httpx.HTTPError, ArgusError, ValueError, RecursionError) as error:
        raise Unavailable(f"{url}: {_said(error)}") from error


def _said(error: Exception) -> str:
    if isinstance(error, ArgusError):
        return error.message
    if isinstance(error, httpx.ConnectError):
        return "nobody answers there"
    if isinstance(error, httpx.TimeoutException):
        return "it takes too long"
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    return f"it does not answer as it should ({type(error).__name__})"
