"""Routes of mail servers."""

from __future__ import annotations

from fastapi import Request

from argus_kit.platform import platform_of
from argus_kit.policy import MayAdminChange
from argus_kit.routing import APIRouter
from argus_notifier.mail.schemas import TrialOut, TrialRequest
from argus_notifier.mail.trial import try_server

router = APIRouter(prefix="/api/admin/email", tags=["admin"])


@router.post("/smtp/test")
async def test_mail_server(body: TrialRequest, actor: MayAdminChange, request: Request) -> TrialOut:
    """Try a mail server: one mail to the caller's own address. It must be a public one, or be allowed."""
    return await try_server(platform_of(request), actor, body)
