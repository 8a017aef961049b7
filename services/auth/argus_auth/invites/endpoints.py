"""Who may register, for everyone; invites, for administrators."""

from __future__ import annotations

from collections.abc import Sequence

from argus_auth.dependencies import Core, From, Writing
from argus_auth.fields import Limit, Offset, RowId
from argus_auth.invites import service
from argus_auth.invites.schemas import InviteCreate, InviteCreated, InviteOut, InviteRevoked, RegistrationMode
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC, MayAdminChange, MayAdminRead
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["auth"])


@router.get("/auth/registration", dependencies=[PUBLIC])
async def get_registration_mode(connection: Reading) -> RegistrationMode:
    """Who may register: everybody, whoever has an invite, or nobody."""
    return await service.registration_mode(connection)


@router.get("/admin/users/invites")
async def list_invites(
    _: MayAdminRead, connection: Reading, limit: Limit = 100, offset: Offset = 0
) -> Sequence[InviteOut]:
    """Invites, newest first."""
    return await service.list_invites(connection, limit=limit, offset=offset)


@router.post("/admin/users/invites", status_code=201)
async def create_invite(
    body: InviteCreate, core: Core, actor: MayAdminChange, origin: From, work: Writing
) -> InviteCreated:
    """Make an invite. Its code is shown this once."""
    return await service.create(work, actor, body, core.platform.settings.public_url, origin)


@router.delete("/admin/users/invites/{id}")
async def revoke_invite(id: RowId, actor: MayAdminChange, origin: From, work: Writing) -> InviteRevoked:
    """End an invite at once."""
    return await service.revoke(work, actor, id, origin)
