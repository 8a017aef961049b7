"""A person's day in numbers. What happened is of interest to its owner: administrators hear of what is theirs alone."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import gpu_count, number
from argus_catalog.digest import repository
from argus_catalog.matrix.choice import decided, headline, primary
from argus_catalog.overview.service import WASTED, causes
from argus_contracts import bus as wire
from argus_kit.actor import Actor

Row = Any

_MOST_CAUSES: Final = 6
_MOST_PROJECTS: Final = 5
_MOST_BATCHES: Final = 8


async def digest(connection: AsyncConnection, ask: wire.DigestAsk) -> wire.DigestReply:
    """What happened in what a person may see: at most ten statements, however much it was."""
    actor = Actor(user_id=ask.user_id, username="", is_admin=False, kind="session", scope="full")
    ran = await repository.ran(connection, actor, ask.since, ask.until)
    failed = await repository.failed(connection, actor, ask.since, ask.until)
    done = await repository.done(connection, actor, ask.since, ask.until)
    results = await _results(connection, actor, done)
    why = await asyncio.to_thread(causes, failed)
    told = await asyncio.to_thread(_counted, ran, ask.since, ask.until)
    told.gpu_hours_idle = await _idle_hours(connection, ran, ask)
    told.results = results
    told.causes = [
        wire.DigestCause(kind=one.kind, jobs=one.jobs, batch_id=one.batch_id, job_id=one.job_id)
        for one in why[:_MOST_CAUSES]
    ]
    return told


def _counted(rows: Sequence[Row], since: datetime, until: datetime) -> wire.DigestReply:
    ended = Counter(row.status for row in rows if row.status != "running")
    used, wasted = 0.0, 0.0
    batches: dict[str, wire.DigestBatch] = {}
    for row in rows:
        hours = _hours(row, since, until)
        used += hours
        wasted += hours if row.status in WASTED else 0.0
        one = batches.setdefault(
            row.id,
            wire.DigestBatch(id=row.id, project=row.project, status=row.batch_status, n_done=0, n_failed=0),
        )
        one.n_done += row.status == "done"
        one.n_failed += row.status == "failed"
    shown = sorted(batches.values(), key=lambda one: (-one.n_failed, one.status != "running", -one.n_done, one.id))
    return wire.DigestReply(
        n_done=ended["done"],
        n_failed=ended["failed"],
        running=sum(one.status == "running" for one in batches.values()),
        idle_jobs=sum(row.status == "running" and row.is_idle_flagged for row in rows),
        gpu_hours_used=round(used, 2),
        gpu_hours_wasted=round(wasted, 2),
        batches=shown[:_MOST_BATCHES],
        more_batches=max(len(shown) - _MOST_BATCHES, 0),
    )


async def _idle_hours(connection: AsyncConnection, rows: Sequence[Row], ask: wire.DigestAsk) -> float:
    """GPU-hours that passed idle in jobs that are not wasted as a whole, by the idle readings of their batch."""
    hours: dict[int, float] = defaultdict(float)
    for row in rows:
        if row.status not in WASTED:
            hours[row.batch_key] += _hours(row, ask.since, ask.until)
    longest = sorted((key for key, spent in hours.items() if spent > 0), key=lambda key: (-hours[key], key))
    most = longest[: repository.MOST_BATCHES]
    shares = await repository.idle_shares(connection, most, ask.since, ask.until) if most else {}
    return round(sum(hours[key] * share for key, share in shares.items()), 2)


def _hours(row: Row, since: datetime, until: datetime) -> float:
    """GPU-hours of a job within that time; never more than it says it worked, so pauses do not count."""
    if row.start_time is None:
        return 0.0
    end = min(row.end_time or until, until)
    seconds: float = max((end - max(row.start_time, since)).total_seconds(), 0.0)
    if row.elapsed_s is not None and row.status != "running":
        seconds = min(seconds, float(row.elapsed_s))
    return seconds * gpu_count([row.gpus]) / 3600


async def _results(connection: AsyncConnection, actor: Actor, rows: Sequence[Row]) -> list[wire.DigestResult]:
    by_project: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_project[row.project].append(row)
    # Those with most to tell.
    projects = sorted(by_project, key=lambda project: (-len(by_project[project]), project))[:_MOST_PROJECTS]
    said = await repository.settings_of(connection, projects)
    found = []
    for project in projects:
        result = await _result(connection, actor, project, by_project[project], said.get(project, {}))
        found += [result] if result else []
    return found


async def _result(
    connection: AsyncConnection, actor: Actor, project: str, rows: Sequence[Row], said: dict[str, Any]
) -> wire.DigestResult | None:
    counts = Counter(name for row in rows for name, value in (row.metrics or {}).items() if number(value) is not None)
    name = primary(said) or headline(counts)
    if name is None or name not in counts:
        return None
    choice = decided(name, said)
    sign = -1.0 if choice.direction == "max" else 1.0
    valued = [(value, row) for row in rows if (value := number((row.metrics or {}).get(name))) is not None]
    value, best = min(valued, key=lambda pair: sign * pair[0])
    record, jobs = await repository.record(connection, actor, project, choice)
    return wire.DigestResult(
        project=project,
        batch_id=best.id,
        job_id=best.job_id,
        model=best.model,
        dataset=best.dataset,
        metric=name,
        value=float(value),
        # The first of all is no record.
        is_record=record is not None and jobs > len(valued) and sign * value <= sign * record,
    )
