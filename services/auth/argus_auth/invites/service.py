"""Who may register, and the invites that let somebody in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import repository as accounts
from argus_auth.config import flags
from argus_auth.dependencies import Origin
from argus_auth.invites import repository
from argus_auth.invites.schemas import InviteCreate, InviteCreated, InviteOut, InviteRevoked, Mode, RegistrationMode
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError

# Told apart from a password or a token at a glance, by people and by scanners for leaked secrets.
_PREFIX: Final = "ag_inv_"


async def registration_mode(connection: AsyncConnection) -> RegistrationMode:
    """Who may register now. The first account can always be opened, else a fresh server could lock everybody out."""
    if await accounts.is_empty(connection):
        return RegistrationMode(mode="open", is_first=True)
    mode: Mode = "closed"
    if await flags.is_on(connection, "registration_open"):
        mode = "invite" if await flags.is_on(connection, "registration_by_invite") else "open"
    return RegistrationMode(mode=mode, is_first=False)


async def require_admission(connection: AsyncConnection, code: str | None) -> None:
    """Look whether a registration with this code would be let in.

    Raises:
        ArgusError: auth.registration_closed, auth.invite_required, auth.invite_invalid (403).
    """
    found = await registration_mode(connection)
    if found.mode == "closed":
        raise ArgusError(ErrorCode.AUTH_REGISTRATION_CLOSED)
    if found.mode == "invite":
        if not code:
            raise ArgusError(ErrorCode.AUTH_INVITE_REQUIRED)
        if not await repository.is_good(connection, _hash(code)):
            raise ArgusError(ErrorCode.AUTH_INVITE_INVALID)


async def use_invite(connection: AsyncConnection, code: str | None) -> int | None:
    """Use the invite up where one is needed; returns its id.

    Raises:
        ArgusError: auth.invite_invalid (403), when somebody took the last use meanwhile.
    """
    if (await registration_mode(connection)).mode != "invite":
        return None
    invite_id = await repository.use(connection, _hash(code or ""))
    if invite_id is None:
        raise ArgusError(ErrorCode.AUTH_INVITE_INVALID)
    return invite_id


async def create(work: Work, actor: Actor, request: InviteCreate, base_url: str, origin: Origin) -> InviteCreated:
    """Make an invite; its code is in the answer and nowhere else."""
    code = f"{_PREFIX}{secrets.token_hex(16)}"
    at = now()
    row = await repository.add(
        work.connection,
        code_hash=_hash(code),
        display_hint=code[-4:],
        note=request.note,
        created_at=at,
        created_by=actor.user_id,
        expires_at=at + timedelta(days=request.expires_in_days),
        max_uses=request.max_uses,
        uses=0,
    )
    work.audit("invite_create", actor.user_id, target=("invite", row.id), ip=origin.ip, max_uses=row.max_uses)
    return InviteCreated(**_shown(row), code=code, url=f"{base_url}/register?invite={code}")


async def list_invites(connection: AsyncConnection, *, limit: int, offset: int) -> Sequence[InviteOut]:
    """All invites, newest first."""
    return [InviteOut(**_shown(row)) for row in await repository.page(connection, limit=limit, offset=offset)]


async def revoke(work: Work, actor: Actor, invite_id: int, origin: Origin) -> InviteRevoked:
    """End an invite; ending it twice is no error.

    Raises:
        ArgusError: invite.not_found (404).
    """
    if not await repository.exists(work.connection, invite_id):
        raise ArgusError(ErrorCode.INVITE_NOT_FOUND)
    if not await repository.revoke(work.connection, invite_id):
        return InviteRevoked(detail="already-revoked", id=invite_id)
    work.audit("invite_revoke", actor.user_id, target=("invite", invite_id), ip=origin.ip)
    return InviteRevoked(detail="revoked", id=invite_id)


def _hash(code: str) -> str:
    # The code has 128 random bits, so one fast hash keeps it.
    return hashlib.sha256(code.strip().encode()).hexdigest()


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    names = ("id", "display_hint", "note", "created_at", "created_by", "expires_at", "max_uses", "uses")
    return {**{name: getattr(row, name) for name in names}, "revoked": row.revoked_at is not None}
