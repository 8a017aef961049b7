"""Deleting an account."""

from __future__ import annotations

from fastapi import Request, Response

from argus_auth.departures import service
from argus_auth.departures.schemas import AccountDeleted, Farewell, Runs
from argus_auth.dependencies import Core, From, Writing
from argus_auth.fields import RowId
from argus_auth.sessions.cookies import clear_refresh
from argus_auth.users.schemas import Reason
from argus_auth.users.service import By
from argus_kit.policy import MayAdminSecure, MaySecureAccount
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["auth"])


@router.delete("/auth/me")
async def delete_account(
    *, body: Farewell, core: Core, actor: MaySecureAccount, origin: From, request: Request, response: Response
) -> AccountDeleted:
    """Delete the caller's account: sessions, tokens and agents end, and every service forgets the person."""
    deleted = await service.leave(core, actor, body, origin)
    clear_refresh(response, request)
    return deleted


@router.delete("/admin/users/{id}")
async def delete_user(
    *, id: RowId, runs: Runs, core: Core, actor: MayAdminSecure, origin: From, work: Writing, because: Reason = None
) -> AccountDeleted:
    """Delete a person's account. `runs` says what becomes of the person's batches."""
    return await service.remove(core, work, By(actor.user_id, origin, because), id, runs)
