"""People, for administrators."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Response

from argus_auth.dependencies import Core, From, Writing
from argus_auth.fields import Limit, Offset, RowId
from argus_auth.users import care, repository, service
from argus_auth.users.schemas import (
    AdminUserDetail,
    AdminUserOut,
    PasswordVoided,
    Reason,
    Search,
    SessionsEnded,
    Sort,
    Status,
)
from argus_auth.users.service import By
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminChange, MayAdminRead, MayAdminSecure
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/admin/users", tags=["admin"])


@router.get("")
async def list_users(
    *,
    _: MayAdminRead,
    connection: Reading,
    response: Response,
    q: Search = "",
    status: Status | None = None,
    sort: Sort = "-created",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Sequence[AdminUserOut]:
    """Accounts, newest first; X-Total-Count says how many fit."""
    page = await repository.page(connection, text=q, status=status, sort=sort, limit=limit, offset=offset)
    response.headers["X-Total-Count"] = str(page.total)
    return [service.shown(row) for row in page.rows]


@router.get("/{id}")
async def get_user(id: RowId, _: MayAdminRead, connection: Reading) -> AdminUserDetail:
    """One account with what hangs on it."""
    return await service.detail(connection, id)


@router.post("/{id}/ban")
async def ban_user(
    id: RowId, actor: MayAdminChange, origin: From, work: Writing, because: Reason = None
) -> AdminUserOut:
    """Shut a person out, at once and everywhere."""
    return await service.ban(work, By(actor.user_id, origin, because), id)


@router.post("/{id}/unban")
async def unban_user(
    id: RowId, actor: MayAdminChange, origin: From, work: Writing, because: Reason = None
) -> AdminUserOut:
    """Let a person in again."""
    return await service.unban(work, By(actor.user_id, origin, because), id)


@router.post("/{id}/promote")
async def promote_user(
    id: RowId, actor: MayAdminSecure, origin: From, work: Writing, because: Reason = None
) -> AdminUserOut:
    """Make a person an administrator."""
    return await service.promote(work, By(actor.user_id, origin, because), id)


@router.post("/{id}/demote")
async def demote_user(
    id: RowId, actor: MayAdminSecure, origin: From, work: Writing, because: Reason = None
) -> AdminUserOut:
    """Make an administrator an ordinary person."""
    return await service.demote(work, By(actor.user_id, origin, because), id)


@router.post("/{id}/reset-password")
async def reset_user_password(
    *, id: RowId, core: Core, actor: MayAdminSecure, origin: From, work: Writing, because: Reason = None
) -> PasswordVoided:
    """End a person's password and sessions; a link lets them choose a new one."""
    return await care.void_password(core, work, By(actor.user_id, origin, because), id)


@router.post("/{id}/unlock")
async def unlock_user(
    id: RowId, actor: MayAdminChange, origin: From, work: Writing, because: Reason = None
) -> AdminUserOut:
    """Lift the lock after failed logins."""
    return await care.unlock(work, By(actor.user_id, origin, because), id)


@router.post("/{id}/verify-email")
async def verify_user_email(
    id: RowId, actor: MayAdminChange, origin: From, work: Writing, because: Reason = None
) -> AdminUserOut:
    """Vouch for a person's address."""
    return await care.verify_email(work, By(actor.user_id, origin, because), id)


@router.post("/{id}/end-sessions")
async def end_user_sessions(
    id: RowId, actor: MayAdminChange, origin: From, work: Writing, because: Reason = None
) -> SessionsEnded:
    """Sign a person out everywhere."""
    return await care.end_sessions(work, By(actor.user_id, origin, because), id)
