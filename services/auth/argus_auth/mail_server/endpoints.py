"""Routes of the mail server. They are auth's because the configuration is; notifier reads it when it sends."""

from __future__ import annotations

from argus_auth.dependencies import Core, From, Writing
from argus_auth.mail_server import service
from argus_auth.mail_server.schemas import MailServerIn, MailServerOut
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminRead, MayAdminSecure
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/admin/email/smtp", tags=["admin"])


@router.get("")
async def read_mail_server(_: MayAdminRead, connection: Reading) -> MailServerOut:
    """The mail server that is used now; its password is masked."""
    return await service.read(connection)


@router.put("")
async def replace_mail_server(
    body: MailServerIn, core: Core, actor: MayAdminSecure, origin: From, work: Writing
) -> MailServerOut:
    """Use this mail server from now on. A new host forgets the password of the old one."""
    return await service.replace(core, work, actor, body, origin)
