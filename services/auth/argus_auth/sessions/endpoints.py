"""Sessions of the caller."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from argus_auth.accounts import service as accounts
from argus_auth.accounts.schemas import TokenResponse
from argus_auth.dependencies import Core, CurrentSession, From, Writing
from argus_auth.sessions import service
from argus_auth.sessions.schemas import Done, SessionOut, SessionsRevoked
from argus_kit.identity import Interactive, Person, Writer
from argus_kit.platform import Reading

router = APIRouter(prefix="/api/auth", tags=["auth"])


@router.post("/refresh")
async def refresh_session(core: Core, actor: CurrentSession, origin: From, work: Writing) -> TokenResponse:
    """A new session in place of this one, which ends."""
    credential = await service.refresh(core, work, actor, origin)
    return await accounts.token_response(core, work.connection, actor.user_id, credential)


@router.post("/logout")
async def logout(actor: Person, origin: From, work: Writing) -> Done:
    """End this session everywhere."""
    return Done(detail=await service.logout(work, actor, origin.ip))


@router.get("/sessions")
async def list_sessions(actor: Person, connection: Reading) -> Sequence[SessionOut]:
    """Where the caller is logged in, newest first."""
    return await service.list_sessions(connection, actor)


@router.post("/sessions/revoke-others")
async def revoke_other_sessions(actor: Interactive, origin: From, work: Writing) -> SessionsRevoked:
    """End all sessions but this one."""
    return SessionsRevoked(revoked=await service.revoke_others(work, actor, origin.ip))


@router.post("/sessions/{jti}/revoke")
async def revoke_session(jti: str, actor: Writer, origin: From, work: Writing) -> Done:
    """End one session."""
    await service.revoke(work, actor, jti, origin.ip)
    return Done(detail="revoked")
