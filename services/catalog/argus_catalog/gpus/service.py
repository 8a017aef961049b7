"""GPUs, as far as the caller's batches told of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope
from argus_catalog.derivations.metrics import gpu_count
from argus_catalog.gpus import forecast as forecasts
from argus_catalog.gpus import lanes as columns
from argus_catalog.gpus import repository, wall
from argus_catalog.gpus.schemas import (
    DiskForecast,
    DiskPoint,
    GpuHistory,
    GpuHolder,
    GpuLane,
    GpuLanes,
    GpuTile,
    HostUser,
    LaneBatch,
    LaneJob,
)
from argus_catalog.hosts import repository as hosts
from argus_catalog.hosts.service import begin_of
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema.statuses import LIVE_JOB

Row = Any

_WALL_SPAN = timedelta(minutes=12)
# A host that was silent for longer is no part of the wall.
_WALL_SILENT = timedelta(hours=24)
_WALL_BUCKET_S = 120
_LANE_BUCKETS = 120
_HISTORY_BUCKETS = 96
_LEAST_BUCKET_S = 30
_MOST_JOBS = 500
_DISK_SPAN = timedelta(days=14)
_DISK_BUCKET_S = 3600
_NAMED_JOBS = 3


async def tiles(connection: AsyncConnection, actor: Actor, scope: Scope) -> list[GpuTile]:
    """All GPUs now, by host and number."""
    moment = now()
    rows = list(await repository.readings(connection, actor, moment - _WALL_SPAN, _WALL_BUCKET_S, scope=scope))
    heard = {row.host for row in rows}
    rows += [row for row in await _silent(connection, actor, scope) if row.host not in heard]
    found = wall.tiles(sorted(rows, key=lambda row: row.at), moment)
    keys = sorted({tile.batch_key for tile in found if tile.batch_key is not None})
    batches = await repository.batches(connection, actor, keys)
    running = await _running(connection, keys)
    return [_tile(tile, batches, running) for tile in found]


async def _silent(connection: AsyncConnection, actor: Actor, scope: Scope) -> list[Row]:
    """The last that was heard of hosts within a day, in the shape of a reading."""
    newest = await hosts.newest(connection, actor, scope=scope, since=now() - _WALL_SILENT)
    return [_Latest(row) for row in newest if isinstance(row.latest, dict)]


class _Latest:
    """A host's newest snapshot as a reading."""

    def __init__(self, row: Row) -> None:
        self.host, self.at, self.batch_key = row.host, row.last_seen, 0
        self._told = row.latest

    def __getattr__(self, name: str) -> Any:
        return self._told.get(name)


async def _running(connection: AsyncConnection, keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for row in await repository.jobs(connection, keys, now(), _MOST_JOBS):
        if row.status in LIVE_JOB:
            found[row.batch_key].append(row.job_id)
    return found


def _tile(tile: wall.Tile, batches: dict[int, Row], running: dict[int, list[str]]) -> GpuTile:
    held = batches.get(tile.batch_key or 0)
    card = asdict(tile.card)
    return GpuTile(
        host=tile.host,
        state=tile.state,
        idle_s=tile.idle_s if tile.state == "idle" else None,
        seen_at=tile.seen_at,
        holder=held
        and GpuHolder(
            batch_id=held.id,
            project=held.project,
            status=held.status,
            owner=held.owner,
            user=held.user,
            jobs=running.get(held.batch_key, [])[:_NAMED_JOBS],
        ),
        slowed_by=list(card.pop("slowed_by")),
        **{name: value for name, value in card.items() if name not in {"own_mb", "held_mb"}},
    )


async def history(connection: AsyncConnection, actor: Actor, since: str) -> GpuHistory:
    """All GPUs since a time."""
    begin, width_s, n = _buckets(since, _HISTORY_BUCKETS)
    rows = await repository.readings(connection, actor, begin, width_s, per_batch=False)
    found = columns.capacity(rows, begin, width_s, n)
    busy = [round(value, 2) for value in found.busy]
    return GpuHistory(begin=begin, bucket_s=width_s, known=found.known, held=found.held, busy=busy)


async def lanes(connection: AsyncConnection, actor: Actor, host: str, since: str) -> GpuLanes:
    """A host's GPUs since a time.

    Raises:
        ArgusError: host.not_found.
    """
    await _must_see(connection, actor, host)
    begin, width_s, n = _buckets(since, _LANE_BUCKETS)
    rows = await repository.readings(connection, actor, begin, width_s, only=host)
    found = columns.lanes(rows, begin, width_s, n)
    held = sorted({key for lane in found for key in lane.holder if key is not None})
    batches = await repository.batches(connection, actor, held)
    place = {key: number for number, key in enumerate(batches)}
    jobs = await repository.jobs(connection, list(batches), begin, _MOST_JOBS)
    return GpuLanes(
        host=host,
        begin=begin,
        bucket_s=width_s,
        n_buckets=n,
        gpus=[_lane(lane, place) for lane in found],
        batches=[
            LaneBatch(batch_id=row.id, project=row.project, status=row.status, owner=row.owner)
            for row in batches.values()
        ],
        jobs=[LaneJob(batch=place[row.batch_key], **_of_job(row)) for row in jobs],
    )


def _lane(lane: columns.Lane, place: dict[int, int]) -> GpuLane:
    told = asdict(lane)
    told["holder"] = [None if key is None else place.get(key) for key in lane.holder]
    return GpuLane(**told)


def _of_job(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("job_id", "model", "dataset", "status", "start_time", "end_time")}


async def disk(connection: AsyncConnection, actor: Actor, host: str) -> DiskForecast:
    """A host's disk over the last days, and when it will be full.

    Raises:
        ArgusError: host.not_found.
    """
    await _must_see(connection, actor, host)
    return (await disks(connection, actor, host)).get(host) or _no_forecast(host)


async def disks(connection: AsyncConnection, actor: Actor, only: str | None = None) -> dict[str, DiskForecast]:
    """The disks of all hosts, by host."""
    rows = await repository.disk_readings(connection, actor, now() - _DISK_SPAN, _DISK_BUCKET_S, only)
    by_host: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_host[row.host].append(row)
    return {host: _forecast(host, told) for host, told in by_host.items()}


def _forecast(host: str, rows: Sequence[Row]) -> DiskForecast:
    newest = rows[-1]
    readings = [(row.at, row.disk_free_mb) for row in rows]
    found = forecasts.forecast(readings, newest.disk_total_mb)
    told = found._asdict() if found else dict.fromkeys(forecasts.Forecast._fields)
    points = [DiskPoint(ts=at, free_mb=free) for at, free in readings]
    return DiskForecast(host=host, free_mb=newest.disk_free_mb, total_mb=newest.disk_total_mb, points=points, **told)


def _no_forecast(host: str) -> DiskForecast:
    nothing = dict.fromkeys(forecasts.Forecast._fields)
    return DiskForecast(host=host, free_mb=None, total_mb=None, points=[], **nothing)


async def users(connection: AsyncConnection, actor: Actor, host: str, days: int) -> list[HostUser]:
    """Who used a host how much, most first.

    Raises:
        ArgusError: host.not_found.
    """
    await _must_see(connection, actor, host)
    seconds: dict[str | None, float] = defaultdict(float)
    counts: dict[str | None, int] = defaultdict(int)
    for row in await repository.use_by_person(connection, actor, host, now() - timedelta(days=days)):
        seconds[row.owner] += float(row.seconds or 0) * gpu_count([row.gpus])
        counts[row.owner] += row.jobs
    found = [HostUser(owner=owner, gpu_hours=round(s / 3600, 3), jobs=counts[owner]) for owner, s in seconds.items()]
    return sorted(found, key=lambda user: (-user.gpu_hours, user.owner or ""))


async def _must_see(connection: AsyncConnection, actor: Actor, host: str) -> None:
    if not await hosts.newest(connection, actor, only=host):
        raise ArgusError(ErrorCode.HOST_NOT_FOUND)


def _buckets(since: str, at_most: int) -> tuple[datetime, int, int]:
    """Where buckets begin, how wide they are, and how many. They begin at whole multiples of their width, as those do
    by which the readings were chosen: else two readings could meet in one bucket and leave the next one empty.
    """
    asked, moment = begin_of(since), now()
    width_s = max(_LEAST_BUCKET_S, int((moment - asked).total_seconds() / at_most))
    first = int(asked.timestamp()) // width_s
    return datetime.fromtimestamp(first * width_s, UTC), width_s, int(moment.timestamp()) // width_s - first + 1
