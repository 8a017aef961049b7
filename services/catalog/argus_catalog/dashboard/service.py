"""The front page in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope
from argus_catalog.dashboard import repository
from argus_catalog.dashboard.repository import Row
from argus_catalog.dashboard.schemas import Activity, Alert, Counters, Dashboard
from argus_catalog.hosts import service as hosts
from argus_catalog.hosts.schemas import HostCard
from argus_catalog.projects import service as projects
from argus_kit.actor import Actor
from argus_kit.clock import now

_ACTIVITIES = 20
_ALERTS = 5
_DAY = timedelta(hours=24)


async def dashboard(connection: AsyncConnection, actor: Actor, scope: Scope) -> Dashboard:
    """Tiles, projects, hosts and the latest happenings within a scope."""
    active = await hosts.cards(connection, actor, active_s=hosts.ACTIVE_S, scope=scope)
    failed = await repository.failed_jobs(connection, actor, scope, _ACTIVITIES)
    begun, ended = await repository.batch_happenings(connection, actor, scope, _ACTIVITIES)
    happenings = [*_begun(begun), *_ended(ended), *_failed(failed)]
    happenings.sort(key=lambda activity: activity.timestamp, reverse=True)
    return Dashboard(
        scope=scope,
        counters=await _counters(connection, actor, scope, active),
        projects=await projects.cards(connection, actor, scope),
        activity=happenings[:_ACTIVITIES],
        hosts=active,
        notifications=[_alert(a) for a in happenings if a.event_type in {"job_failed", "batch_failed"}][:_ALERTS],
        generated_at=now(),
    )


async def _counters(connection: AsyncConnection, actor: Actor, scope: Scope, active: Sequence[HostCard]) -> Counters:
    running, mine = await repository.live(connection, actor, scope)
    jobs = await repository.job_counts(connection, actor, scope, now() - _DAY)
    utils = [host.gpu_util_pct for host in active if host.gpu_util_pct is not None]
    return Counters(
        running_batches=running,
        jobs_running=jobs.get("running", 0),
        jobs_done_24h=jobs.get("done", 0),
        jobs_failed_24h=jobs.get("failed", 0),
        active_hosts=len(active),
        my_running=mine,
        avg_gpu_util=round(sum(utils) / len(utils), 2) if utils else None,
    )


def _begun(rows: Sequence[Row]) -> list[Activity]:
    return [_activity("batch_start", row, row.start_time, f"Batch {row.id} started") for row in rows]


def _ended(rows: Sequence[Row]) -> list[Activity]:
    found = []
    for row in rows:
        if row.status == "failed":
            text = f"Batch {row.id} failed" + (f": {_first_line(row.error)}" if row.error else "")
            found.append(_activity("batch_failed", row, row.end_time, text))
        else:
            word = "was stopped" if row.status == "stopped" else "finished"
            text = f"Batch {row.id} {word}: {row.n_done} done, {row.n_failed} failed"
            found.append(_activity("batch_done", row, row.end_time, text))
    return found


def _failed(rows: Sequence[Row]) -> list[Activity]:
    return [
        Activity(
            event_type="job_failed",
            batch_id=row.batch_id,
            job_id=row.job_id,
            project=row.project,
            timestamp=row.end_time,
            **dict.fromkeys(
                ("summary", "message"),
                f"Job {row.job_id} failed" + (f": {_first_line(row.reason)}" if row.reason else ""),
            ),
        )
        for row in rows
    ]


def _activity(event_type: str, row: Row, at: datetime, text: str) -> Activity:
    return Activity(
        event_type=event_type,
        batch_id=row.id,
        job_id=None,
        project=row.project,
        timestamp=at,
        summary=text,
        message=text,
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:300] if text.strip() else ""


def _alert(activity: Activity) -> Alert:
    is_job = activity.event_type == "job_failed"
    target = f"{activity.batch_id}/{activity.job_id}" if is_job else activity.batch_id
    title, _, body = activity.summary.partition(": ")
    return Alert(
        id=f"{activity.event_type}:{target}",
        kind=activity.event_type,
        level="error",
        title=title,
        body=body,
        message=activity.summary,
        timestamp=activity.timestamp,
        target_type="job" if is_job else "batch",
        target_id=target,
    )
