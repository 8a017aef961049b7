"""How the work of a project goes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.crash.classifier import Evidence, classify
from argus_catalog.crash.ending import ending_of
from argus_catalog.derivations.metrics import gpu_count
from argus_catalog.overview import repository
from argus_catalog.overview.schemas import FailureCause, HoursByOutcome, ProjectDay, ProjectOverview
from argus_catalog.projects.service import must_see
from argus_kit.actor import Actor
from argus_kit.clock import now

Row = Any

_DAYS = 28
_MOST_FAILURES = 2000
_LONGEST_REASON = 300
WASTED = frozenset({"failed", "lost", "cancelled", "killed"})


async def overview(connection: AsyncConnection, actor: Actor, project: str) -> ProjectOverview:
    """Sums over a project's jobs, its failures by kind, and the last four weeks day by day. Five statements.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    ended = _outcomes(await repository.outcomes(connection, actor, project))
    failed = await repository.failures(connection, actor, project, _MOST_FAILURES)
    first = now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_DAYS - 1)
    begun = await repository.batches_by_day(connection, actor, project, first)
    by_day = await repository.jobs_by_day(connection, actor, project, first)
    return ProjectOverview(
        project=project,
        gpu_hours_used=round(sum(one.gpu_hours for one in ended), 3),
        gpu_hours_wasted=round(sum(one.gpu_hours for one in ended if one.status in WASTED), 3),
        outcomes=ended,
        failures=await asyncio.to_thread(causes, failed),
        failures_read=len(failed),
        days=_days(first, begun, by_day),
    )


def _hours(row: Row, seconds: float | None) -> float:
    return float(seconds or 0) * gpu_count([row.gpus]) / 3600


def _outcomes(rows: Sequence[Row]) -> list[HoursByOutcome]:
    hours: dict[str, float] = defaultdict(float)
    jobs: dict[str, int] = defaultdict(int)
    for row in rows:
        status = row.status or "unknown"
        hours[status] += _hours(row, row.seconds)
        jobs[status] += row.jobs
    found = [HoursByOutcome(status=name, jobs=jobs[name], gpu_hours=round(h, 3)) for name, h in hours.items()]
    return sorted(found, key=lambda one: (-one.gpu_hours, one.status))


def causes(failed: Sequence[Row]) -> list[FailureCause]:
    """Failures by kind, the most frequent first; of each kind the first row, which is the last to have happened."""
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in failed:
        extra = row.extra if isinstance(row.extra, dict) else None
        by_kind[classify(Evidence(reason=row.reason, ending=ending_of(extra))).kind.value].append(row)
    found = [
        FailureCause(
            kind=kind,
            jobs=len(rows),
            gpu_hours=round(sum(_hours(row, row.elapsed_s) for row in rows), 3),
            batch_id=rows[0].batch_id,
            job_id=rows[0].job_id,
            reason=(rows[0].reason or "").strip()[:_LONGEST_REASON] or None,
        )
        for kind, rows in by_kind.items()
    ]
    return sorted(found, key=lambda cause: (-cause.jobs, cause.kind))


def _days(first: datetime, begun: dict[str, int], rows: Sequence[Row]) -> list[ProjectDay]:
    done: dict[str, int] = defaultdict(int)
    failed: dict[str, int] = defaultdict(int)
    hours: dict[str, float] = defaultdict(float)
    for row in rows:
        hours[row.day] += _hours(row, row.seconds)
        if row.status == "failed":
            failed[row.day] += row.jobs
        elif row.status == "done":
            done[row.day] += row.jobs
    dates = [(first + timedelta(days=n)).date().isoformat() for n in range(_DAYS)]
    return [
        ProjectDay(
            date=date,
            batches=begun.get(date, 0),
            jobs_done=done[date],
            jobs_failed=failed[date],
            gpu_hours=round(hours[date], 3),
        )
        for date in dates
    ]
