"""To the provider, and back again: what becomes of a browser that signs in or links."""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple
from urllib.parse import urlencode

import sqlalchemy as sa
import structlog
from fastapi import Request
from sqlalchemy.exc import IntegrityError

from argus_auth.accounts import recovery
from argus_auth.accounts import repository as accounts
from argus_auth.core import AuthCore
from argus_auth.oauth import grants, links, people, repository, state
from argus_auth.oauth.external import Answer, External, Provider, Refused, Unavailable, Visit
from argus_auth.oauth.state import Flow
from argus_auth.sessions import cookies
from argus_auth.sessions.service import Opened, Wanted, open_wanted
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError, RateLimited

log = structlog.get_logger(__name__)


class Departure(NamedTuple):
    """Where a browser goes, and what it takes along."""

    url: str
    flow: Flow


class Landing(NamedTuple):
    """The page of this app where a browser ends up, and the session that it was given, if any."""

    url: str
    opened: Opened | None = None


class Returned(NamedTuple):
    """The query of the provider's redirect."""

    code: str | None
    state: str | None
    error: str | None
    issuer: str | None


async def depart(
    core: AuthCore, provider: Provider, *, redirect: str | None, in_cookie: bool = False, invite: str | None = None
) -> Departure:
    """Begin to sign in.

    Raises:
        ArgusError: oauth.provider_unavailable (502).
    """
    return await _depart(
        core, provider, state.begin(provider.key, redirect=redirect, in_cookie=in_cookie, invite=invite)
    )


async def depart_to_link(core: AuthCore, provider: Provider, actor: Actor, redirect: str | None) -> Departure:
    """Begin to link the caller's account.

    Raises:
        ArgusError: oauth.provider_unavailable (502).
    """
    assert actor.jti is not None
    async with core.database.read() as connection:
        family = await repository.family_of(connection, actor.jti)
    flow = state.begin(provider.key, redirect=redirect, link=(actor.user_id, family))
    return await _depart(core, provider, flow)


async def _depart(core: AuthCore, provider: Provider, flow: Flow) -> Departure:
    try:
        url = await provider.authorize_url(flow, state.text(flow, core.platform.secret_box))
    except Unavailable as error:
        log.warning("oauth.unavailable", provider=provider.key, cause=str(error))
        raise ArgusError(ErrorCode.OAUTH_PROVIDER_UNAVAILABLE) from error
    return Departure(url, flow)


async def land(visit: Visit, returned: Returned, request: Request) -> Landing:
    """Carry out what a browser was sent away for. Never raises for what the browser or the provider brings."""
    core, provider, origin = visit
    flow = state.take(request, provider.key, returned.state, core.platform.secret_box)
    try:
        await core.limit_login(origin.ip)
        external, flow = await _identified(visit, returned, flow)
        if flow.intent == "link":
            await links.link(visit, external, flow)
            return Landing(_page(core, "/login/oauth/complete", {"bind_ok": "1", "redirect": flow.redirect}))
        return await _sign_in(visit, external, flow, request)
    except RateLimited:
        return _refused(core, provider, flow, "rate_limited")
    except Refused as refused:
        await _note(visit, flow, refused)
        return _refused(core, provider, flow, refused.reason)


async def _identified(visit: Visit, returned: Returned, flow: Flow | None) -> tuple[External, Flow]:
    if not returned.code and not returned.error:
        raise Refused("code_missing")
    if flow is None or not await _use(visit.core, flow):
        raise Refused("state_invalid")
    if returned.error or not returned.code:
        # The text is the provider's, or anybody's who makes up such an address: only one word of it counts.
        raise Refused("access_denied" if returned.error == "access_denied" else "exchange_failed", "at the provider")
    try:
        external = await visit.provider.identify(flow, Answer(returned.code, returned.issuer))
    except Unavailable as error:
        raise Refused("provider_unavailable", str(error)) from error
    return people.admit(visit.provider, external), flow


async def _use(core: AuthCore, flow: Flow) -> bool:
    async with core.write() as work:
        return await repository.use_state(work.connection, state.digest(flow), flow.expires_at)


async def _sign_in(visit: Visit, external: External, flow: Flow, request: Request) -> Landing:
    core = visit.core
    wanted = Wanted(in_cookie=flow.in_cookie, replaces=cookies.presented(request) if flow.in_cookie else None)
    try:
        user, opened = await _open(visit, external, flow, wanted)
    except IntegrityError:
        # Somebody took the name or the address, or the same person came twice, a moment before: look again.
        user, opened = await _open(visit, external, flow, wanted)
    if flow.in_cookie:
        return Landing(_page(core, "/login/oauth/complete", {"redirect": flow.redirect}), opened)
    facts = {"token": opened.access_token, "email": user.email, "login": external.login, "redirect": flow.redirect}
    fragment = urlencode({key: value for key, value in facts.items() if value is not None})
    return Landing(f"{_page(core, '/login/oauth/complete', {})}#{fragment}", opened)


async def _open(visit: Visit, external: External, flow: Flow, wanted: Wanted) -> tuple[sa.Row[Any], Opened]:
    core, provider, origin = visit
    async with core.write() as work:
        identity = await people.find_or_open(visit, work, external, flow.invite)
        await grants.apply(visit, work, external, identity)
        await accounts.change(work.connection, identity.user_id, last_login=now())
        target = ("user", identity.user_id)
        work.audit("login_success", identity.user_id, target=target, ip=origin.ip, method=provider.key)
        opened = await open_wanted(core, work, identity.user_id, origin, wanted, method=provider.slug)
        user = await accounts.by_id(work.connection, identity.user_id)
        assert user is not None
        return user, opened


async def _note(visit: Visit, flow: Flow | None, refused: Refused) -> None:
    """Leave a trace of a refusal, and help whoever the provider vouches for but who never proved the address here."""
    core, provider, origin = visit
    is_link = flow is not None and flow.intent == "link"
    log.warning("oauth.refused", provider=provider.key, reason=refused.reason, cause=refused.cause)
    async with core.write() as work:
        work.audit(
            "oauth_link_failed" if is_link else "login_failed",
            refused.user_id if refused.user_id is not None or flow is None else flow.user_id,
            ip=origin.ip,
            reason=refused.reason,
            method=provider.key,
        )
        user = await accounts.by_id(work.connection, refused.user_id) if refused.user_id is not None else None
    if refused.reason == "email_not_proven" and user is not None:
        # Too many from this address: there is a link in the mail box already. The page says the same.
        with contextlib.suppress(RateLimited):
            await recovery.request_reset(core, user.email, origin, anew=True)


def _refused(core: AuthCore, provider: Provider, flow: Flow | None, reason: str) -> Landing:
    if flow is not None and flow.intent == "link":
        return Landing(_page(core, "/login/oauth/complete", {"bind_error": reason, "redirect": flow.redirect}))
    # Our own page takes the reader on after another try; the older address has these two alone.
    redirect = flow.redirect if flow is not None and flow.in_cookie else None
    facts = {"error": f"oauth_{provider.slug}_failed", "reason": reason, "redirect": redirect}
    return Landing(_page(core, "/login", facts))


def unavailable(core: AuthCore, provider: Provider) -> Landing:
    """Where a browser goes whose way to the provider cannot even begin."""
    return _refused(core, provider, None, "provider_unavailable")


def _page(core: AuthCore, path: str, facts: dict[str, str | None]) -> str:
    query = urlencode({key: value for key, value in facts.items() if value is not None})
    return f"{core.platform.settings.public_url}{path}{'?' if query else ''}{query}"
