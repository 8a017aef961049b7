"""Gathers what may need a person: runs that died or stand still, then what is wasted, then machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog import flags
from argus_catalog.access.visibility import Scope
from argus_catalog.attention import repository
from argus_catalog.attention.schemas import Concern
from argus_catalog.crash.classifier import Evidence, classify
from argus_catalog.crash.ending import ending_of
from argus_catalog.gpus import service as gpus
from argus_catalog.gpus.schemas import DiskForecast, GpuTile
from argus_catalog.gpus.wall import SILENT_FOR
from argus_catalog.hosts import repository as hosts
from argus_catalog.project_settings.repository import stall_minutes
from argus_kit.actor import Actor
from argus_kit.clock import now

Row = Any

_RECENT = timedelta(hours=24)
_FORGOTTEN = timedelta(days=14)
_FULL_SOON = timedelta(days=3)
_LITTLE_DISK_MB = 10_000.0
_HOT_C = 85.0
_MOST_FAILURES = 500
_LONGEST_TEXT = 300


async def concerns(connection: AsyncConnection, actor: Actor, scope: Scope) -> list[Concern]:
    """Everything within a scope that may need the caller."""
    moment = now()
    live = await repository.live_batches(connection, actor, scope, moment - _FORGOTTEN)
    tiles = await gpus.tiles(connection, actor, scope)
    failures = await repository.failed_jobs(connection, actor, scope, moment - _RECENT, _MOST_FAILURES)
    return [
        *_failed(failures),
        *await _stalled(connection, live, moment),
        *_divergent(live),
        *_idle(tiles, {row.id: row for row in live}),
        *_full(await gpus.disks(connection, actor), moment),
        *_hot(tiles),
        *await _silent(connection, actor, scope, moment),
    ]


def _failed(rows: Sequence[Row]) -> Iterable[Concern]:
    by_batch: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_batch[row.batch_id].append(row)
    for batch_id, failed in by_batch.items():
        last = failed[0]
        extra = last.extra if isinstance(last.extra, dict) else None
        verdict = classify(Evidence(reason=last.reason, ending=ending_of(extra)))
        yield Concern(
            key=f"failed {batch_id} {last.job_id}",
            trouble="failed",
            at=last.end_time,
            project=last.project,
            batch_id=batch_id,
            job_id=last.job_id,
            owner=last.owner,
            count=len(failed),
            cause=verdict.kind.value,
            text=(last.reason or "").strip()[:_LONGEST_TEXT] or None,
        )


async def _stalled(connection: AsyncConnection, live: Sequence[Row], moment: datetime) -> list[Concern]:
    usual = await flags.stalled_threshold_s(connection)
    own = await stall_minutes(connection, sorted({row.project for row in live}))
    found = []
    for row in live:
        silent_s = int((moment - row.heard_at).total_seconds())
        bound = own[row.project] * 60 if row.project in own else usual
        if row.status == "stalled" or (row.status in {"running", "stopping"} and silent_s > bound):
            found.append(_of_batch("stalled", row, row.heard_at, seconds=silent_s))
    return found


def _divergent(live: Sequence[Row]) -> Iterable[Concern]:
    return (_of_batch("divergent", row, row.heard_at) for row in live if row.is_divergent)


def _of_batch(trouble: Any, row: Row, at: datetime, **more: Any) -> Concern:
    return Concern(
        key=f"{trouble} {row.id}",
        trouble=trouble,
        at=at,
        project=row.project,
        batch_id=row.id,
        owner=row.owner,
        may_stop=bool(row.may_stop),
        **more,
    )


def _idle(tiles: Sequence[GpuTile], live: dict[str, Row]) -> Iterable[Concern]:
    by_batch: dict[str, list[GpuTile]] = defaultdict(list)
    for tile in tiles:
        if tile.state == "idle" and tile.holder is not None:
            by_batch[tile.holder.batch_id].append(tile)
    for batch_id, idle in by_batch.items():
        row = live.get(batch_id)
        if row is not None:
            longest = max(tile.idle_s or 0 for tile in idle)
            yield _of_batch("idle_gpus", row, idle[0].seen_at, host=idle[0].host, count=len(idle), seconds=longest)


def _full(disks: dict[str, DiskForecast], moment: datetime) -> Iterable[Concern]:
    for host, disk in sorted(disks.items()):
        is_low = disk.free_mb is not None and disk.free_mb < _LITTLE_DISK_MB
        is_soon = disk.full_at is not None and disk.full_at < moment + _FULL_SOON
        if disk.points and moment - disk.points[-1].ts < _RECENT and (is_low or is_soon):
            left_s = None if disk.full_at is None else max(0, int((disk.full_at - moment).total_seconds()))
            yield Concern(key=f"disk {host}", trouble="disk", at=disk.points[-1].ts, host=host, seconds=left_s)


def _hot(tiles: Sequence[GpuTile]) -> Iterable[Concern]:
    for tile in tiles:
        if tile.state != "silent" and (tile.slowed_by or (tile.temp_c or 0.0) > _HOT_C):
            yield Concern(
                key=f"hot {tile.host} {tile.index}",
                trouble="hot",
                at=tile.seen_at,
                host=tile.host,
                gpu=tile.index,
                batch_id=tile.holder.batch_id if tile.holder else None,
                cause=", ".join(tile.slowed_by) or None,
                text=None if tile.temp_c is None else f"{tile.temp_c:.0f} °C",
            )


async def _silent(connection: AsyncConnection, actor: Actor, scope: Scope, moment: datetime) -> list[Concern]:
    """Hosts that fell silent although something should run there."""
    newest = await hosts.newest(connection, actor, scope=scope, since=moment - _RECENT)
    quiet = {row.host: row.last_seen for row in newest if moment - row.last_seen > SILENT_FOR}
    jobs = await hosts.running_jobs(connection, actor, list(quiet))
    return [
        Concern(
            key=f"silent {host}",
            trouble="silent_host",
            at=quiet[host],
            host=host,
            count=len(running),
            seconds=int((moment - quiet[host]).total_seconds()),
        )
        for host, running in jobs.items()
    ]
