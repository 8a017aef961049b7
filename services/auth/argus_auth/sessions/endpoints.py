"""Sessions of the caller."""

from __future__ import annotations

from collections.abc import Sequence

from argus_auth.accounts import service as accounts
from argus_auth.accounts.schemas import TokenResponse
from argus_auth.core import AuthCore
from argus_auth.dependencies import Core, From, Origin, Writing
from argus_auth.sessions import renewal, service
from argus_auth.sessions.callers import Leaving, Renewing
from argus_auth.sessions.cookies import Browser
from argus_auth.sessions.schemas import Done, SessionOut, SessionsRevoked
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeAccount, MayReadAccount, MaySecureAccount
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/auth", tags=["auth"])


@router.post("/refresh")
async def refresh_session(core: Core, actor: Renewing, origin: From, browser: Browser) -> TokenResponse:
    """With a JWT: a new session in place of this one, which ends. With a browser's cookie: a new access token of the
    same session, and the next cookie.
    """
    if actor is not None:
        return await _replace(core, actor, origin)
    renewed = await renewal.renew(core, browser.token, origin) if browser.token is not None else None
    if renewed is None:
        raise ArgusError(ErrorCode.AUTH_SESSION_INVALID, headers=browser.clearing)
    if renewed.refresh_token is not None:
        browser.put(renewed.refresh_token)
    async with core.database.read() as connection:
        return await accounts.token_response(connection, renewed.user_id, renewed.access_token, renewed.expires_in)


async def _replace(core: AuthCore, actor: Actor, origin: Origin) -> TokenResponse:
    async with core.write() as work:
        credential = await service.refresh(core, work, actor, origin)
        return await accounts.token_response(work.connection, actor.user_id, credential, core.settings.jwt_ttl_seconds)


@router.post("/logout")
async def logout(actor: Leaving, origin: From, work: Writing, browser: Browser) -> Done:
    """End this session everywhere. A browser may do so by its cookie alone."""
    if browser.wanted.in_cookie:
        browser.clear()
    if browser.token is not None:
        await service.end_by_refresh_token(work, browser.token, origin.ip)
    return Done(detail=await service.logout(work, actor, origin.ip) if actor is not None else "logged-out")


@router.get("/sessions")
async def list_sessions(actor: MayReadAccount, connection: Reading) -> Sequence[SessionOut]:
    """Where the caller is logged in, newest first."""
    return await service.list_sessions(connection, actor)


@router.post("/sessions/revoke-others")
async def revoke_other_sessions(actor: MaySecureAccount, origin: From, work: Writing) -> SessionsRevoked:
    """End all sessions but this one."""
    return SessionsRevoked(revoked=await service.revoke_others(work, actor, origin.ip))


@router.post("/sessions/{jti}/revoke")
async def revoke_session(jti: str, actor: MayChangeAccount, origin: From, work: Writing) -> Done:
    """End one session."""
    await service.revoke(work, actor, jti, origin.ip)
    return Done(detail="revoked")
