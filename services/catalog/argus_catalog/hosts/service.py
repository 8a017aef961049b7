"""Hosts: what the visible batches told of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope
from argus_catalog.derivations.metrics import number
from argus_catalog.derivations.progress import host_warnings
from argus_catalog.hosts import repository
from argus_catalog.hosts.buckets import DEFAULT_MEASURE, MEASURES, Measure, Sample, buckets
from argus_catalog.hosts.repository import Row, names
from argus_catalog.hosts.schemas import (
    HostBatch,
    HostBucket,
    HostCard,
    HostDetail,
    HostJob,
    HostSeries,
    SnapshotOut,
)
from argus_catalog.hosts.snapshots import MEASURES as SHOWN
from argus_catalog.hosts.snapshots import gpus_of, pid_of, snapshot_out
from argus_contracts.errors import ErrorCode
from argus_contracts.timestamps import parse_timestamp
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError

__all__ = ["cards", "detail", "names", "snapshots", "timeseries"]

ACTIVE_S = 300
"""A host that was heard of in this time is active."""
_TOP = 5
_AGO = re.compile(r"now-(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=31)
# Fewer samples than this are divided at once, more beside the event loop.
_MANY = 2000


async def cards(
    connection: AsyncConnection, actor: Actor, *, active_s: int | None = None, scope: Scope = "all"
) -> list[HostCard]:
    """Hosts with their newest snapshot and what runs on them, by name."""
    since = None if active_s is None else now() - timedelta(seconds=active_s)
    rows = await repository.newest(connection, actor, scope=scope, since=since)
    jobs = await repository.running_jobs(connection, actor, [row.host for row in rows])
    return [HostCard(**_card(row, jobs.get(row.host, []))) for row in rows]


def _card(row: Row, jobs: Sequence[Row]) -> dict[str, Any]:
    latest = row.latest if isinstance(row.latest, dict) else {}
    top = [
        HostJob(
            job_id=job.job_id,
            batch_id=job.batch_id,
            model=job.model,
            dataset=job.dataset,
            user=job.owner,
            pid=pid_of(job.latest),
        )
        for job in jobs[:_TOP]
    ]
    return {
        "host": row.host,
        "last_seen": row.last_seen,
        **{name: number(latest.get(name)) for name in SHOWN},
        "gpus": gpus_of(latest.get("gpus")),
        "running_jobs": len(jobs),
        "running_jobs_top5": top,
        "warnings": host_warnings(latest),
    }


async def detail(connection: AsyncConnection, actor: Actor, host: str) -> HostDetail:
    """One host.

    Raises:
        ArgusError: host.not_found.
    """
    rows = await repository.newest(connection, actor, only=host)
    if not rows:
        raise ArgusError(ErrorCode.HOST_NOT_FOUND)
    jobs = await repository.running_jobs(connection, actor, [host])
    batches = await repository.batches_of(connection, actor, host)
    return HostDetail(
        **_card(rows[0], jobs.get(host, [])),
        first_seen=rows[0].first_seen,
        batches=[HostBatch(**row._mapping) for row in batches],  # noqa: SLF001 (SQLAlchemy's public name for it)
    )


async def snapshots(
    connection: AsyncConnection, actor: Actor, host: str | None, since: str | None, limit: int
) -> list[SnapshotOut]:
    """Snapshots, the newest first; none when `since` cannot be read."""
    begin = parse_timestamp(since) if since else None
    if since and begin is None:
        return []
    rows = await repository.snapshots(connection, actor, host, begin, limit)
    return [snapshot_out(row, row.batch_id) for row in rows]


async def timeseries(
    connection: AsyncConnection, actor: Actor, host: str, *, metric: str, since: str, width_s: int
) -> HostSeries:
    """One metric of a host in buckets. A metric that is not known means GPU memory, a bad `since` one hour.

    Raises:
        ArgusError: host.not_found.
    """
    name = metric if metric in MEASURES else DEFAULT_MEASURE
    measure = MEASURES[name]
    newest = await repository.newest(connection, actor, only=host)
    if not newest:
        raise ArgusError(ErrorCode.HOST_NOT_FOUND)
    rows = await repository.samples(connection, actor, host, begin_of(since), (measure.host, measure.process))
    samples = [Sample(*row) for row in rows]
    if len(samples) < _MANY:
        found = buckets(samples, width_s, is_share=measure.is_share)
    else:
        found = await asyncio.to_thread(buckets, samples, width_s, is_share=measure.is_share)
    return HostSeries(
        host=host,
        metric=name,
        buckets=[HostBucket(ts=bucket.at, total=bucket.total, by_batch=bucket.by_batch) for bucket in found],
        host_total_capacity=_capacity(measure, newest[0].latest),
    )


def _capacity(measure: Measure, latest: Any) -> float | None:
    if measure.capacity is None:
        return 100.0
    return number(latest.get(measure.capacity)) if isinstance(latest, dict) else None


def begin_of(since: str) -> datetime:
    """The time that `now-2h` or an ISO text means, at most 31 days back; one hour ago when it cannot be read."""
    ago = _AGO.fullmatch(since.strip().lower())
    if ago is not None:
        begin: datetime | None = now() - min(timedelta(**{_UNITS[ago[2]]: int(ago[1])}), _LONGEST)
    else:
        begin = parse_timestamp(since)
    return max(begin or now() - timedelta(hours=1), now() - _LONGEST)
