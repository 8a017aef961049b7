"""Runtime configuration and feature flags, for administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argus_auth.config import service
from argus_auth.config.schemas import ConfigItem, ConfigUpdate, FlagOut, FlagUpdate
from argus_auth.dependencies import Core, From, Writing
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminChange, MayAdminRead
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["config"])


@router.get("/admin/feature-flags")
async def list_feature_flags(_: MayAdminRead, connection: Reading) -> Sequence[FlagOut]:
    """All flags by key."""
    return await service.list_flags(connection)


@router.put("/admin/feature-flags/{key}")
async def set_feature_flag(key: str, body: FlagUpdate, actor: MayAdminChange, origin: From, work: Writing) -> FlagOut:
    """Set a flag."""
    return await service.set_flag(work, actor, key, body.value, origin)


@router.get("/admin/system-config")
async def list_system_config(_: MayAdminRead, connection: Reading) -> Mapping[str, Sequence[ConfigItem]]:
    """All groups of settings; secrets are masked."""
    return await service.list_groups(connection)


@router.get("/admin/system-config/{group}")
async def list_system_config_group(group: str, _: MayAdminRead, connection: Reading) -> Sequence[ConfigItem]:
    """The settings of one group; secrets are masked."""
    return await service.list_group(connection, group)


@router.put("/admin/system-config/{group}/{key}")
async def set_system_config(
    *, group: str, key: str, body: ConfigUpdate, core: Core, actor: MayAdminChange, origin: From, work: Writing
) -> ConfigItem:
    """Set a setting; it is used from now on."""
    return await service.put(core, work, actor, group=group, key=key, update=body, origin=origin)


@router.delete("/admin/system-config/{group}/{key}", status_code=204)
async def delete_system_config(group: str, key: str, actor: MayAdminChange, origin: From, work: Writing) -> None:
    """Go back to the environment's value, or to the default."""
    await service.delete(work, actor, group, key, origin)
