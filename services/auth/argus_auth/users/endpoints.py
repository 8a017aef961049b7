"""People, for administrators."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from argus_auth.dependencies import AdminWriter, From, Writing
from argus_auth.fields import Limit, Offset, RowId
from argus_auth.users import service
from argus_auth.users.schemas import AdminUserOut
from argus_kit.identity import Admin
from argus_kit.platform import Reading

router = APIRouter(prefix="/api/admin/users", tags=["admin"])


@router.get("")
async def list_users(_: Admin, connection: Reading, limit: Limit = 100, offset: Offset = 0) -> Sequence[AdminUserOut]:
    """Accounts, newest first."""
    return await service.list_users(connection, limit=limit, offset=offset)


@router.post("/{id}/ban")
async def ban_user(id: RowId, actor: AdminWriter, origin: From, work: Writing) -> AdminUserOut:
    """Shut a person out, at once and everywhere."""
    return await service.ban(work, actor, id, origin)


@router.post("/{id}/unban")
async def unban_user(id: RowId, actor: AdminWriter, origin: From, work: Writing) -> AdminUserOut:
    """Let a person in again."""
    return await service.unban(work, actor, id, origin)
