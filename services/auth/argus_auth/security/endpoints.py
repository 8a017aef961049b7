"""The state of security, for administrators."""

from __future__ import annotations

from argus_auth.dependencies import Core
from argus_auth.security import service
from argus_auth.security.schemas import SecurityStatus
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminRead
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/admin/security", tags=["admin"])


@router.get("/status")
async def get_security_status(_: MayAdminRead, core: Core, connection: Reading) -> SecurityStatus:
    """Counts of accounts and credentials, the signing key, the audit log, and what there is to act on."""
    return await service.status(connection, core)
