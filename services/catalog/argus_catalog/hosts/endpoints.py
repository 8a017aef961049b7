"""Routes of hosts and snapshots. A caller sees of a host what the batches that they may see sent from it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_catalog.hosts import service
from argus_catalog.hosts.schemas import HostCard, HostDetail, HostSeries, SnapshotOut
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadHosts
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["hosts"], route_class=ConditionalRoute)


@router.get("/resources/hosts")
async def list_host_names(actor: MayReadHosts, connection: Reading) -> list[str]:
    """Names of hosts, sorted."""
    return await service.names(connection, actor)


@router.get("/resources")
async def list_snapshots(
    actor: MayReadHosts,
    connection: Reading,
    host: str | None = None,
    since: Annotated[str | None, Query(description="Only snapshots at or after this time")] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> list[SnapshotOut]:
    """Snapshots, the newest first."""
    return await service.snapshots(connection, actor, host, since, limit)


@router.get("/hosts")
async def list_hosts(
    actor: MayReadHosts,
    connection: Reading,
    active_s: Annotated[int | None, Query(ge=1, description="Only hosts heard of in the last so many seconds")] = None,
) -> list[HostCard]:
    """Hosts with their newest snapshot and what runs on them."""
    return await service.cards(connection, actor, active_s=active_s)


@router.get("/hosts/{host}/timeseries")
async def get_host_timeseries(
    *,
    host: str,
    actor: MayReadHosts,
    connection: Reading,
    metric: str = "gpu_mem_mb",
    since: Annotated[str, Query(description="A time, or now-<n>h, now-<n>m, now-<n>s")] = "now-1h",
    bucket_seconds: Annotated[int, Query(ge=10, le=3600)] = 60,
) -> HostSeries:
    """One metric of a host in buckets of time, and each batch's part in it."""
    return await service.timeseries(connection, actor, host, metric=metric, since=since, width_s=bucket_seconds)


@router.get("/hosts/{host}")
async def get_host(host: str, actor: MayReadHosts, connection: Reading) -> HostDetail:
    """One host."""
    return await service.detail(connection, actor, host)
