"""Public keys for everyone, rotation for administrators."""

from __future__ import annotations

from fastapi import Response

from argus_auth.dependencies import Core, From
from argus_auth.keys import service
from argus_auth.keys.schemas import Jwks, JwtRotated, JwtStatus
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC, MayAdminChange, MayAdminRead
from argus_kit.routing import APIRouter

router = APIRouter(tags=["security"])


@router.get("/api/auth/.well-known/jwks.json", dependencies=[PUBLIC])
async def get_jwks(connection: Reading, response: Response) -> Jwks:
    """The public keys that verify sessions."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return await service.published(connection)


@router.get("/api/admin/security/jwt/status")
@router.get("/api/admin/jwt/status", include_in_schema=False)
async def get_jwt_status(connection: Reading, core: Core, _: MayAdminRead) -> JwtStatus:
    """When the signing key was rotated."""
    return await service.status(connection, core)


@router.post("/api/admin/security/jwt/rotate")
@router.post("/api/admin/jwt/rotate", include_in_schema=False)
async def rotate_jwt_key(core: Core, actor: MayAdminChange, origin: From) -> JwtRotated:
    """Sign with a new key; sessions of the old one stay good for the grace time."""
    return await service.rotate(core, actor, origin.ip)
