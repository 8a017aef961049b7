"""Signing in with GitHub or an OpenID Connect provider, and linking accounts there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from argus_auth.core import AuthCore
from argus_auth.dependencies import Core, From, Origin, Writing
from argus_auth.oauth import links, service, state
from argus_auth.oauth.external import Provider, Visit
from argus_auth.oauth.oidc import Oidc, key_of
from argus_auth.oauth.providers import SignIn
from argus_auth.oauth.schemas import AuthorizeUrl, FirstPassword, LinkedAccount, OAuthConfig, ProviderName
from argus_auth.oauth.service import Departure, Returned
from argus_auth.sessions import cookies
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading, part_of
from argus_kit.policy import PUBLIC, MayReadAccount, MaySecureAccount
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["oauth"])

_LONGEST = 8192
_MOVED: dict[int | str, dict[str, object]] = {302: {"description": "Where the browser goes on"}}

SignInPart = Annotated[SignIn, part_of(SignIn)]
Redirect = Annotated[str | None, Query(max_length=2048, description="A path of this app to end on.")]


# Not by `Reading`: no connection is held while a provider is asked.
async def _github(sign_in: SignInPart, core: Core) -> Provider:
    async with core.database.read() as connection:
        return await sign_in.github(connection)


async def _oidc(slug: str, sign_in: SignInPart, core: Core) -> Oidc:
    async with core.database.read() as connection:
        return await sign_in.oidc(connection, slug)


GitHubNow = Annotated[Provider, Depends(_github)]
OidcNow = Annotated[Oidc, Depends(_oidc)]


class _Wish:
    """What a browser that begins to sign in asks for."""

    def __init__(
        self,
        redirect: Redirect = None,
        session: Annotated[
            Literal["cookie"] | None, Query(description="A session that the browser's cookie keeps.")
        ] = None,
        invite: Annotated[str | None, Query(max_length=256, description="An invite's code, for a new account.")] = None,
    ) -> None:
        self.redirect = redirect
        self.in_cookie = session == "cookie"
        self.invite = invite


Wish = Annotated[_Wish, Depends()]


def _returned(
    code: str | None = None, state: str | None = None, error: str | None = None, iss: str | None = None
) -> Returned:
    values = (code, state, error, iss)
    # The answer is a redirect whatever comes: what is too long to be true counts as not there.
    return Returned(*(value if value is not None and len(value) <= _LONGEST else None for value in values))


FromProvider = Annotated[Returned, Depends(_returned)]


@router.get("/auth/oauth/config", dependencies=[PUBLIC])
async def get_oauth_config(sign_in: SignInPart, connection: Reading) -> OAuthConfig:
    """Which login providers are configured."""
    found = await sign_in.enabled(connection)
    named = [ProviderName(slug=provider.slug, name=provider.name) for provider in found if isinstance(provider, Oidc)]
    return OAuthConfig(github=len(named) < len(found), providers=named)


@router.get("/auth/oauth/linked")
async def list_linked_accounts(
    actor: MayReadAccount, sign_in: SignInPart, connection: Reading
) -> Sequence[LinkedAccount]:
    """The caller's accounts elsewhere."""
    return await links.linked_accounts(sign_in, connection, actor.user_id)


@router.get("/auth/oauth/github/start", status_code=302, responses=_MOVED, dependencies=[PUBLIC])
@router.get("/oauth/github/start", status_code=302, name="start_github", include_in_schema=False, dependencies=[PUBLIC])
async def start_github_login(provider: GitHubNow, wish: Wish, core: Core, request: Request, origin: From) -> Response:
    """Send the browser to GitHub."""
    return await _start(core, provider, wish, request, origin)


@router.get("/auth/oauth/github/callback", status_code=302, responses=_MOVED, dependencies=[PUBLIC])
@router.get(
    "/oauth/github/callback", status_code=302, name="return_github", include_in_schema=False, dependencies=[PUBLIC]
)
async def return_from_github(
    provider: GitHubNow, returned: FromProvider, core: Core, request: Request, origin: From
) -> Response:
    """Take the browser back from GitHub, and sign it in or link."""
    return await _land(core, provider, returned, request, origin)


@router.get("/auth/oauth/github/link/start", status_code=302, responses=_MOVED)
@router.post("/auth/oauth/github/link/start", status_code=302, responses=_MOVED, name="start_github_link_by_post")
async def start_github_link(
    actor: MaySecureAccount, provider: GitHubNow, core: Core, request: Request, redirect: Redirect = None
) -> Response:
    """Send a signed-in browser to GitHub, to link the account there."""
    return _away(core, provider, await service.depart_to_link(core, provider, actor, redirect), request)


@router.post("/auth/oauth/github/link/init", response_model=AuthorizeUrl)
async def init_github_link(
    actor: MaySecureAccount, provider: GitHubNow, core: Core, request: Request, redirect: Redirect = None
) -> Response:
    """The same for a page's script, which cannot follow a redirect there."""
    return await _init(core, provider, actor, redirect, request)


@router.post("/auth/oauth/github/unlink", status_code=204)
async def unlink_github(actor: MaySecureAccount, sign_in: SignInPart, origin: From, work: Writing) -> None:
    """End the link with GitHub."""
    await links.unlink(sign_in, work, actor, "github", origin)


@router.post("/auth/oauth/github/set-password", status_code=204)
async def set_first_password(body: FirstPassword, actor: MaySecureAccount, core: Core, origin: From) -> None:
    """Give a password to an account that was opened by signing in elsewhere."""
    await links.set_first_password(core, actor, body.new_password.get_secret_value(), origin)


@router.get("/auth/oauth/oidc/{slug}/start", status_code=302, responses=_MOVED, dependencies=[PUBLIC])
async def start_oidc_login(provider: OidcNow, wish: Wish, core: Core, request: Request, origin: From) -> Response:
    """Send the browser to a provider."""
    return await _start(core, provider, wish, request, origin)


@router.get("/auth/oauth/oidc/{slug}/callback", status_code=302, responses=_MOVED, dependencies=[PUBLIC])
async def return_from_oidc(
    provider: OidcNow, returned: FromProvider, core: Core, request: Request, origin: From
) -> Response:
    """Take the browser back from a provider, and sign it in or link."""
    return await _land(core, provider, returned, request, origin)


@router.post("/auth/oauth/oidc/{slug}/link/init", response_model=AuthorizeUrl)
async def init_oidc_link(
    actor: MaySecureAccount, provider: OidcNow, core: Core, request: Request, redirect: Redirect = None
) -> Response:
    """Where the browser goes to link an account of this provider."""
    return await _init(core, provider, actor, redirect, request)


@router.post("/auth/oauth/oidc/{slug}/unlink", status_code=204)
async def unlink_oidc(slug: str, actor: MaySecureAccount, sign_in: SignInPart, origin: From, work: Writing) -> None:
    """End the link with a provider, also with one that is gone."""
    await links.unlink(sign_in, work, actor, key_of(slug), origin)


async def _start(core: AuthCore, provider: Provider, wish: _Wish, request: Request, origin: Origin) -> Response:
    await core.limit_login(origin.ip)
    try:
        departure = await service.depart(
            core, provider, redirect=wish.redirect, in_cookie=wish.in_cookie, invite=wish.invite
        )
    except ArgusError as error:
        if error.code != ErrorCode.OAUTH_PROVIDER_UNAVAILABLE:
            raise
        # A reader who follows a link sees a page that says it, not an error for programs.
        return _redirect(service.unavailable(core, provider).url)
    return _away(core, provider, departure, request)


async def _init(core: AuthCore, provider: Provider, actor: Actor, redirect: str | None, request: Request) -> Response:
    departure = await service.depart_to_link(core, provider, actor, redirect)
    response = JSONResponse({"authorize_url": departure.url}, headers={"Cache-Control": "no-store"})
    state.put(response, departure.flow, core.platform.secret_box, request, provider.callback_url)
    return response


async def _land(core: AuthCore, provider: Provider, returned: Returned, request: Request, origin: Origin) -> Response:
    landing = await service.land(Visit(core, provider, origin), returned, request)
    response = _redirect(landing.url)
    state.clear(response, request, provider.callback_url)
    if landing.opened is not None and landing.opened.refresh_token is not None:
        cookies.set_refresh(response, landing.opened.refresh_token, request, core)
    return response


def _away(core: AuthCore, provider: Provider, departure: Departure, request: Request) -> Response:
    response = _redirect(departure.url)
    state.put(response, departure.flow, core.platform.secret_box, request, provider.callback_url)
    return response


def _redirect(url: str) -> RedirectResponse:
    # The addresses carry secrets: a state, a code, for other clients than ours a token.
    return RedirectResponse(url, 302, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
