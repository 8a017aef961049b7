"""Tokens are managed at a browser only: a token can neither make nor end tokens."""

from __future__ import annotations

from collections.abc import Sequence

from argus_auth.dependencies import Core, From, Writing
from argus_auth.fields import RowId
from argus_auth.tokens import leaks, service
from argus_auth.tokens.schemas import LeakedToken, LeakReported, TokenCreate, TokenCreated, TokenOut, TokenRevoked
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC, MayManageTokens
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/tokens", tags=["tokens"])


@router.get("")
async def list_tokens(
    actor: MayManageTokens, connection: Reading, scope: str | None = None, include_revoked: bool = False
) -> Sequence[TokenOut]:
    """The caller's tokens, newest first."""
    return await service.list_tokens(connection, actor, scope=scope, include_revoked=include_revoked)


@router.post("", status_code=201)
async def create_token(body: TokenCreate, core: Core, actor: MayManageTokens, origin: From) -> TokenCreated:
    """Make a token. Its text is shown this once."""
    return await service.create_token(core, actor, body, origin)


@router.post("/leaked", dependencies=[PUBLIC])
async def report_leaked_token(body: LeakedToken, core: Core, origin: From) -> LeakReported:
    """End a token that was found where it does not belong. Open to whoever can show it, such as a secret scanner."""
    await leaks.revoke_leaked(core, body.token.get_secret_value(), origin)
    return LeakReported()


@router.delete("/{id}")
async def revoke_token(id: RowId, actor: MayManageTokens, origin: From, work: Writing) -> TokenRevoked:
    """End a token, everywhere and at once."""
    return await service.revoke_token(work, actor, id, origin.ip)
