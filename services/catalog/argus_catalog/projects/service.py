"""Projects: cards, one project, its running batches, what it used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog import flags
from argus_catalog.access.visibility import Scope
from argus_catalog.batches.repository import newest_snapshots, recent_elapsed
from argus_catalog.derivations.metrics import Best, number, trend
from argus_catalog.derivations.progress import (
    batch_eta_s,
    completion_pct,
    elapsed_s,
    failure_rate,
    health_warnings,
    pending_jobs,
)
from argus_catalog.derivations.status import age_s, is_stalled
from argus_catalog.jobs import repository as jobs_repository
from argus_catalog.jobs.service import pace_of
from argus_catalog.projects import repository
from argus_catalog.projects.cards import DAYS, Project, projects
from argus_catalog.projects.cards import volumes as cards_volumes
from argus_catalog.projects.repository import Row
from argus_catalog.projects.schemas import (
    ActiveBatch,
    ActiveJob,
    BestMetric,
    DayHours,
    HostShare,
    ProjectCard,
    ProjectDetail,
    ProjectResources,
    TopModel,
)
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema.statuses import LIVE_JOB

_SPARKLINE = 20


async def cards(connection: AsyncConnection, actor: Actor, scope: Scope, *, starred: bool = False) -> list[ProjectCard]:
    """Projects: starred ones first, then by running batches, then by name."""
    stars = await repository.starred(connection, actor.user_id)
    found = await projects(connection, actor, scope)
    volumes = await cards_volumes(connection, actor, scope)
    shown = [
        _card(name, project, volumes.get(name), is_starred=name in stars)
        for name, project in found.items()
        if not starred or name in stars
    ]
    return sorted(shown, key=lambda card: (not card.is_starred, -card.running_batches, card.project))


def _card(name: str, project: Project, volume: list[int] | None, *, is_starred: bool) -> ProjectCard:
    counts, top = project.counts, project.top
    return ProjectCard(
        project=name,
        running_batches=counts["n_running"],
        jobs_done=counts["n_done"],
        jobs_failed=counts["n_failed"],
        eta_seconds=project.eta_s,
        last_event_at=project.last_event_at,
        is_starred=is_starred,
        is_demo=False,
        failure_rate=failure_rate(counts["n_done"], counts["n_failed"]),
        gpu_hours=_hours(counts["elapsed_s"]),
        top_models=_top_models(top),
        batch_volume_7d=volume or [0] * DAYS,
        n_batches=counts["n_batches"],
        total_batches=counts["n_batches"],
        best_metric=top[0].value if top else None,
        best_metric_key=top[0].metric if top else None,
        owners=sorted(project.owners),
    )


def _top_models(top: Sequence[Best]) -> list[TopModel]:
    return [TopModel(model=b.model, dataset=b.dataset, metric_name=b.metric, metric_value=b.value) for b in top]


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 3)


async def detail(connection: AsyncConnection, actor: Actor, project: str) -> ProjectDetail:
    """One project.

    Raises:
        ArgusError: project.not_found.
    """
    found = (await projects(connection, actor, "all", project)).get(project)
    if found is None:
        raise ArgusError(ErrorCode.PROJECT_NOT_FOUND)
    counts, best = found.counts, found.top
    week_ago = now() - timedelta(days=DAYS)
    first, this_week = await repository.first_and_recent(connection, actor, project, week_ago)
    published = await repository.published(connection, project)
    return ProjectDetail(
        project=project,
        n_batches=counts["n_batches"],
        running_batches=counts["n_running"],
        jobs_done=counts["n_done"],
        jobs_failed=counts["n_failed"],
        failure_rate=failure_rate(counts["n_done"], counts["n_failed"]),
        gpu_hours=_hours(counts["elapsed_s"]),
        best_metric=BestMetric(name=best[0].metric, value=best[0].value) if best else None,
        top_models=_top_models(best),
        first_event_at=first,
        last_event_at=found.last_event_at,
        batches_this_week=this_week,
        is_starred=project in await repository.starred(connection, actor.user_id),
        owners=sorted(found.owners),
        is_public=bool(published and published.is_public) if actor.is_admin else None,
        public_description=published.public_description if published else None,
    )


async def must_see(connection: AsyncConnection, actor: Actor, project: str) -> None:
    """Let pass whoever sees a batch of the project.

    Raises:
        ArgusError: project.not_found.
    """
    if not await repository.is_visible(connection, actor, project):
        raise ArgusError(ErrorCode.PROJECT_NOT_FOUND)


async def active_batches(connection: AsyncConnection, actor: Actor, project: str) -> list[ActiveBatch]:
    """The running batches of a project, the latest start first.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    rows = await repository.running(connection, actor, project)
    keys = [row.batch_key for row in rows]
    jobs = await jobs_repository.of_batches(connection, keys)
    samples = await recent_elapsed(connection, keys)
    snapshots = await newest_snapshots(connection, keys, 1)
    threshold = await flags.stalled_threshold_s(connection)
    return [
        _active(
            row, jobs.get(row.batch_key, []), samples.get(row.batch_key, []), snapshots.get(row.batch_key), threshold
        )
        for row in rows
    ]


def _active(
    row: Row, jobs: Sequence[Row], samples: Sequence[int], snapshots: Sequence[Row] | None, threshold_s: float
) -> ActiveBatch:
    silent_s = age_s(row.last_event_at, now())
    stalled = is_stalled(row.status, silent_s, threshold_s)
    live = [job for job in jobs if job.status in LIVE_JOB]
    eta = batch_eta_s(pending_jobs(row.n_total, row.n_done, row.n_failed), samples) if row.n_total else None
    snapshot = snapshots[-1] if snapshots else None
    measures = ("gpu_util_pct", "gpu_mem_mb", "gpu_mem_total_mb", "disk_free_mb")
    traces = max((job.val_loss_trace or [] for job in live or jobs), key=len, default=[])
    done = completion_pct(row.n_total, row.n_done, row.n_failed)
    copied = ("project", "owner_id", "host", "status", "n_total", "n_done", "n_failed", "start_time", "last_event_at")
    return ActiveBatch(
        batch_id=row.id,
        **{name: getattr(row, name) for name in copied},
        completion_pct=done,
        eta_seconds=eta,
        is_stalled=stalled,
        running_jobs=[_active_job(job, row) for job in live],
        warnings=health_warnings(is_stalled=stalled, age_s=silent_s, threshold_s=threshold_s, failures=row.n_failed),
        user=row.user,
        elapsed_s=elapsed_s(
            row.start_time, None, None, is_live=True, now=row.paused_at or now(), paused_s=row.paused_s
        ),
        eta_s=eta,
        **{name: getattr(snapshot, name, None) for name in measures},
        last_event_age_s=None if silent_s is None else int(silent_s),
        sparkline=[number(value) for value in traces][-_SPARKLINE:],
        best_so_far_pct=done,
    )


def _active_job(job: Row, batch: Row) -> ActiveJob:
    latest: dict[str, Any] = job.latest or {}
    trace = [number(value) for value in job.val_loss_trace or ()]
    return ActiveJob(
        job_id=job.job_id,
        model=job.model,
        dataset=job.dataset,
        status=job.status,
        start_time=job.start_time,
        metrics=job.metrics,
        epoch=job.last_epoch,
        total_epochs=pace_of(job, batch.status, batch.end_time).epochs_total,
        val_loss=number(latest.get("val_loss")),
        trend=trend(trace),
        loss_trace=trace[-_SPARKLINE:],
    )


async def resources(connection: AsyncConnection, actor: Actor, project: str) -> ProjectResources:
    """What a project used: GPU-hours by host and day, and when its jobs end.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    by_host: dict[str, float] = defaultdict(float)
    by_day: dict[str, float] = defaultdict(float)
    heat = [[0] * 24 for _ in range(7)]
    done_s: list[int] = []
    for row in await repository.usage(connection, actor, project):
        heat[row.end_time.weekday()][row.end_time.hour] += 1
        if row.elapsed_s is not None:
            by_host[row.host or "unknown"] += row.elapsed_s
            by_day[row.end_time.date().isoformat()] += row.elapsed_s
            if row.status == "done":
                done_s.append(row.elapsed_s)
    return ProjectResources(
        project=project,
        gpu_hours=_hours(sum(done_s)),
        total_gpu_hours=_hours(sum(by_host.values())),
        jobs_completed=len(done_s),
        avg_job_minutes=round(sum(done_s) / len(done_s) / 60, 2) if done_s else None,
        hourly_heatmap=heat,
        host_distribution=await repository.batches_by_host(connection, actor, project),
        by_host=[HostShare(host=host, gpu_hours=_hours(s)) for host, s in sorted(by_host.items(), key=lambda i: -i[1])],
        timeseries=[DayHours(date=day, gpu_hours=_hours(s)) for day, s in sorted(by_day.items())],
    )
