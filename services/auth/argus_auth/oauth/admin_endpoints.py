"""OpenID Connect providers, for administrators."""

from __future__ import annotations

from collections.abc import Sequence

from argus_auth.dependencies import Core, From, Writing
from argus_auth.oauth import admin_service as service
from argus_auth.oauth.admin_schemas import OidcProviderOut, OidcProviderUpdate, OidcTest
from argus_auth.oauth.endpoints import SignInPart
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminChange, MayAdminRead, MayAdminSecure
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/admin/security/oidc-providers", tags=["admin"])


@router.get("")
async def list_oidc_providers(_: MayAdminRead, sign_in: SignInPart, connection: Reading) -> Sequence[OidcProviderOut]:
    """All providers; secrets are masked."""
    return await service.list_providers(sign_in, connection)


@router.put("/{slug}")
async def set_oidc_provider(
    *,
    slug: str,
    body: OidcProviderUpdate,
    core: Core,
    sign_in: SignInPart,
    actor: MayAdminSecure,
    origin: From,
    work: Writing,
) -> OidcProviderOut:
    """Set a provider up, or change it; it is used from now on."""
    return await service.put(core, sign_in, work, actor=actor, slug=slug, update=body, origin=origin)


@router.delete("/{slug}", status_code=204)
async def delete_oidc_provider(
    slug: str, sign_in: SignInPart, actor: MayAdminSecure, origin: From, work: Writing
) -> None:
    """Forget a provider, and take away what its groups gave."""
    await service.delete(sign_in, work, actor, slug, origin)


@router.post("/{slug}/test")
async def test_oidc_provider(
    slug: str, core: Core, sign_in: SignInPart, actor: MayAdminChange, origin: From
) -> OidcTest:
    """Look whether the provider can be used."""
    return await service.test(core, sign_in, actor, slug, origin)
