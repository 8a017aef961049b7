"""Runtime configuration and feature flags, for administrators; which login providers there are, for everyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter

from argus_auth.config import service
from argus_auth.config.schemas import ConfigItem, ConfigUpdate, FlagOut, FlagUpdate, OAuthConfig
from argus_auth.dependencies import AdminWriter, Core, From, Writing
from argus_kit.identity import Admin
from argus_kit.platform import Reading

router = APIRouter(prefix="/api", tags=["config"])


@router.get("/auth/oauth/config")
async def get_oauth_config(connection: Reading) -> OAuthConfig:
    """Which login providers are configured."""
    return await service.oauth_config(connection)


@router.get("/admin/feature-flags")
async def list_feature_flags(_: Admin, connection: Reading) -> Sequence[FlagOut]:
    """All flags by key."""
    return await service.list_flags(connection)


@router.put("/admin/feature-flags/{key}")
async def set_feature_flag(key: str, body: FlagUpdate, actor: AdminWriter, origin: From, work: Writing) -> FlagOut:
    """Set a flag."""
    return await service.set_flag(work, actor, key, body.value, origin)


@router.get("/admin/system-config")
async def list_system_config(_: Admin, connection: Reading) -> Mapping[str, Sequence[ConfigItem]]:
    """All groups of settings; secrets are masked."""
    return await service.list_groups(connection)


@router.get("/admin/system-config/{group}")
async def list_system_config_group(group: str, _: Admin, connection: Reading) -> Sequence[ConfigItem]:
    """The settings of one group; secrets are masked."""
    return await service.list_group(connection, group)


@router.put("/admin/system-config/{group}/{key}")
async def set_system_config(
    *, group: str, key: str, body: ConfigUpdate, core: Core, actor: AdminWriter, origin: From, work: Writing
) -> ConfigItem:
    """Set a setting; it is used from now on."""
    return await service.put(core, work, actor, group=group, key=key, update=body, origin=origin)


@router.delete("/admin/system-config/{group}/{key}", status_code=204)
async def delete_system_config(group: str, key: str, actor: AdminWriter, origin: From, work: Writing) -> None:
    """Go back to the environment's value, or to the default."""
    await service.delete(work, actor, group, key, origin)
