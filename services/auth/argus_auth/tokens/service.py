"""A person's own tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.errors import FieldInvalid
from argus_auth.tokens import networks, repository
from argus_auth.tokens.minting import mint
from argus_auth.tokens.schemas import TokenCreate, TokenCreated, TokenOut, TokenRevoked
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_contracts.timestamps import parse_timestamp
from argus_contracts.tokens import REPORTER_PREFIX, VIEWER_PREFIX
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError

_PREFIXES: Final = {"reporter": REPORTER_PREFIX, "viewer": VIEWER_PREFIX}


async def list_tokens(
    connection: AsyncConnection, actor: Actor, *, scope: str | None, include_revoked: bool
) -> Sequence[TokenOut]:
    """The caller's tokens, newest first.

    Raises:
        ArgusError: token.scope_invalid (400).
    """
    if scope is not None and scope not in _PREFIXES:
        raise ArgusError(ErrorCode.TOKEN_SCOPE_INVALID)
    rows = await repository.list_personal(connection, actor.user_id, scope=scope, include_revoked=include_revoked)
    return [TokenOut(**_shown(row)) for row in rows]


async def create_token(core: AuthCore, actor: Actor, request: TokenCreate, origin: Origin) -> TokenCreated:
    """Make a token; its text is in the answer and nowhere else.

    Raises:
        ArgusError: token.expiry_invalid, token.network_invalid (422), token.limit_reached (409).
    """
    bounds = {
        "expires_at": _expiry(request.expires_at),
        "project": request.project,
        "networks": _networks(request.networks),
    }
    minted = await mint(_PREFIXES[request.scope], scope=request.scope, user_id=actor.user_id, name=request.name)
    async with core.write() as work:
        if await repository.count_active(work.connection, actor.user_id) >= core.settings.auth_max_tokens:
            raise ArgusError(ErrorCode.TOKEN_LIMIT_REACHED)
        row = await repository.add(work.connection, {**minted.row, **bounds})
        facts = {"scope": row.scope, "name": row.name, "project": row.project, "networks": row.networks}
        work.audit("token_create", actor.user_id, target=("api_token", row.id), ip=origin.ip, **facts)
    return TokenCreated(**_shown(row), token=minted.text)


async def revoke_token(work: Work, actor: Actor, token_id: int, ip: str | None) -> TokenRevoked:
    """End a token; ending it twice is no error.

    Raises:
        ArgusError: token.not_found (404).
    """
    row = await repository.personal(work.connection, token_id, actor.user_id)
    if row is None:
        raise ArgusError(ErrorCode.TOKEN_NOT_FOUND)
    if not await repository.revoke(work.connection, token_id):
        return TokenRevoked(detail="already-revoked", id=token_id)
    work.revoke_token(row.key_id)
    work.audit("token_revoke", actor.user_id, target=("api_token", token_id), ip=ip)
    return TokenRevoked(detail="revoked", id=token_id)


def _expiry(text: str | None) -> datetime | None:
    if text is None or not text.strip():
        return None
    at = parse_timestamp(text)
    if at is None or at <= now():
        code = ErrorCode.TOKEN_EXPIRY_INVALID
        raise FieldInvalid(code, "expires_at", code.message)
    return at


def _networks(texts: Sequence[str] | None) -> list[str] | None:
    try:
        return networks.normalised(texts or ()) or None
    except ValueError as error:
        raise FieldInvalid(ErrorCode.TOKEN_NETWORK_INVALID, "networks", str(error)) from None


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "prefix": f"{row.prefix.removesuffix('_')}_",
        "display_hint": row.display_hint,
        "scope": row.scope,
        "created_at": row.created_at,
        "last_used": row.last_used,
        "expires_at": row.expires_at,
        "revoked": row.revoked_at is not None,
        "project": row.project,
        "networks": None if row.networks is None else [networks.shown(network) for network in row.networks],
    }
