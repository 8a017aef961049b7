"""Routes of single GPUs and of what follows from a host's readings. They stand before those that end in a host."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from argus_catalog.gpus import service
from argus_catalog.gpus.schemas import DiskForecast, GpuHistory, GpuLanes, GpuTile, HostUser
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadHosts
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["hosts"], route_class=ConditionalRoute)

Since = Annotated[str, Query(description="A time, or now-<n>d, now-<n>h, now-<n>m", max_length=64)]


@router.get("/gpus")
async def list_gpus(
    actor: MayReadHosts, connection: Reading, scope: Literal["mine", "shared", "all"] = "all"
) -> list[GpuTile]:
    """Every GPU now: who holds it, and whether it works."""
    return await service.tiles(connection, actor, scope)


@router.get("/gpus/history")
async def get_gpu_history(actor: MayReadHosts, connection: Reading, since: Since = "now-24h") -> GpuHistory:
    """How many GPUs there were, how many were held, and how busy they were, over time."""
    return await service.history(connection, actor, since)


@router.get("/hosts/{host}/gpus")
async def get_host_gpus(host: str, actor: MayReadHosts, connection: Reading, since: Since = "now-24h") -> GpuLanes:
    """A host's GPUs over time: load, memory, heat, and what ran on them."""
    return await service.lanes(connection, actor, host, since)


@router.get("/hosts/{host}/disk")
async def get_host_disk(host: str, actor: MayReadHosts, connection: Reading) -> DiskForecast:
    """A host's disk over time, and when it will be full."""
    return await service.disk(connection, actor, host)


@router.get("/hosts/{host}/users")
async def list_host_users(
    host: str, actor: MayReadHosts, connection: Reading, days: Annotated[int, Query(ge=1, le=365)] = 30
) -> list[HostUser]:
    """Who used a host how much."""
    return await service.users(connection, actor, host, days)
