"""Curves for charts and for the epochs list. Numbers are computed beside the event loop where there are many."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef, JobRef, named_batches
from argus_catalog.curves import groups, loading, repository, system
from argus_catalog.curves.loading import Found, Wish, computed
from argus_catalog.curves.reading import Window
from argus_catalog.curves.repository import JobHead
from argus_catalog.curves.schemas import MetricsQuery, WantedJob
from argus_catalog.curves.shaping import resumes_of, series
from argus_catalog.derivations.metrics import curve_order, direction
from argus_catalog.derivations.status import shown_job_status
from argus_contracts.curves.rows import Rows
from argus_contracts.errors import ErrorCode
from argus_contracts.points import EPOCHS, STEPS
from argus_kit.actor import Actor
from argus_kit.clock import iso_exact, now
from argus_kit.errors import ArgusError

KINDS: Final = {"epoch": EPOCHS, "step": STEPS}
# Points that one answer may hold: some 40 MB as they travel, before compression.
MOST_POINTS: Final = 1_000_000


async def job_metrics(connection: AsyncConnection, job: JobRef, wish: Wish) -> dict[str, Any]:
    """The curves of one job: see `schemas.JobMetrics`.

    Raises:
        ArgusError: job.not_found.
    """
    _ = job.known
    key = (job.batch.batch_key, job.job_id)
    head = (await repository.heads(connection, [key])).get(key)
    if head is None:
        raise ArgusError(ErrorCode.JOB_NOT_FOUND)
    found = (await loading.curves(connection, [head], wish))[head.key]
    names = await loading.names(connection, head) if wish.names is not None else {name for _, name in found}
    shown = await _shaped(found, wish.points)
    return {
        "batch_id": job.batch.id,
        "job_id": job.job_id,
        "names": sorted(names, key=curve_order),
        "last_step": max((one["steps"][-1] for one in shown if one["steps"]), default=None),
        "resumes": resumes_of(head),
        "series": shown,
    }


async def job_system(connection: AsyncConnection, job: JobRef, points: int) -> dict[str, Any]:
    """What a job's machines did in its time: see `schemas.JobSystem`.

    Raises:
        ArgusError: job.not_found.
    """
    span = await repository.span(connection, (job.batch.batch_key, job.known))
    if span is None:
        raise ArgusError(ErrorCode.JOB_NOT_FOUND)
    named = {"batch_id": job.batch.id, "job_id": job.job_id}
    begin, end = span[0], span[1] or now()
    if begin is None:
        return {**named, "begin": None, "end": None, "hosts": []}
    rows = await repository.readings(connection, job.batch.batch_key, begin, end, system.MEASURES)
    hosts = await computed(len(rows), lambda: system.by_host(rows, begin, end, points))
    return {**named, "begin": begin.timestamp(), "end": end.timestamp(), "hosts": hosts}


async def batch_curves(connection: AsyncConnection, batch: BatchRef, metric: str, points: int) -> dict[str, Any]:
    """One metric of every job of a batch: see `schemas.BatchCurves`."""
    jobs = await repository.heads_of_batch(connection, batch.batch_key)
    found = await loading.curves(connection, jobs, Wish((metric,), points))
    curves = []
    for head in jobs:
        # EPOCHS is the lower kind: curves over epochs come first.
        shown = await _shaped(found[head.key], points)
        curves += [{**_named(head, batch), **one} for one in shown[:1] if one["steps"]]
    return {"batch_id": batch.id, "metric": metric, "direction": direction(metric), "curves": curves}


async def query(connection: AsyncConnection, actor: Actor, asked: MetricsQuery) -> dict[str, Any]:
    """Curves of many jobs, and of groups: see `schemas.QueryAnswer`.

    Raises:
        ArgusError: request.invalid, when the answer could hold more than a million points, or needs too many.
    """
    batches = await named_batches(connection, actor, sorted(groups.batches_of(asked)))
    keys = {(batches[one.batch_id].batch_key, one.job_id) for one in asked.series if one.batch_id in batches}
    heads = await repository.heads(connection, keys)
    wish = _wish(asked)
    found = await loading.curves(connection, list(heads.values()), wish)
    results = []
    for one in asked.series:
        batch = batches.get(one.batch_id)
        head = heads.get((batch.batch_key, one.job_id)) if batch else None
        if head is None:
            results.append(_refused(one, ErrorCode.BATCH_NOT_FOUND if batch is None else ErrorCode.JOB_NOT_FOUND))
        else:
            results.append(await _answered(one, head, found[head.key], wish.points))
    limits = groups.Limits(asked.points, wish.window, wish.kind)
    return {"results": results, "groups": await groups.bands(connection, batches, asked, limits)}


def _wish(asked: MetricsQuery) -> Wish:
    names: set[str] | None = set()
    for one in asked.series:
        names = None if names is None or one.metrics is None else names | set(one.metrics)
    window = Window(asked.from_step, asked.to_step, asked.from_time, asked.to_time)
    kind = None if asked.kind is None else KINDS[asked.kind]
    return Wish(None if names is None else tuple(sorted(names)), asked.points, window, kind, MOST_POINTS)


async def _answered(one: WantedJob, head: JobHead, found: Found, points: int) -> dict[str, Any]:
    chosen = {key: drawn for key, drawn in found.items() if one.metrics is None or key[1] in one.metrics}
    there = {name for _, name in chosen}
    return {
        "batch_id": one.batch_id,
        "job_id": one.job_id,
        "error": None,
        "missing": [name for name in one.metrics or () if name not in there],
        "resumes": resumes_of(head),
        "series": await _shaped(chosen, points),
    }


def _refused(one: WantedJob, code: ErrorCode) -> dict[str, Any]:
    return {
        "batch_id": one.batch_id,
        "job_id": one.job_id,
        "error": {"code": code, "message": code.message},
        "missing": list(one.metrics or ()),
        "resumes": [],
        "series": [],
    }


async def _shaped(found: Found, points: int) -> list[dict[str, Any]]:
    ordered = sorted(found.items(), key=lambda item: (curve_order(item[0][1]), item[0][0]))
    n_points = sum(len(drawn.curve.steps) for _, drawn in ordered)
    return await computed(n_points, lambda: [series(name, kind, drawn, points) for (kind, name), drawn in ordered])


def _named(head: JobHead, batch: BatchRef) -> dict[str, Any]:
    status = shown_job_status(head.status, head.start_time, head.last_epoch_at, batch.status, batch.end_time)
    about = {"job_id": head.job_id, "model": head.model, "dataset": head.dataset, "status": status}
    return {**about, "resumes": resumes_of(head)}


async def epoch_rows(connection: AsyncConnection, batch_key: int, job_no: int) -> list[dict[str, Any]]:
    """Every epoch of a job as one object, in the order of time. What is no number is null."""
    rows = await loading.all_epochs(connection, batch_key, job_no)
    return await computed(len(rows.steps), lambda: _epochs(rows))


def _epochs(rows: Rows) -> list[dict[str, Any]]:
    steps, times = rows.steps.tolist(), rows.times.tolist()
    told_at = dict(zip(steps, times, strict=True))
    found: dict[int, dict[str, Any]] = {}
    for step, at in sorted(told_at.items(), key=lambda item: (item[1], item[0])):
        when = iso_exact(datetime.fromtimestamp(at, UTC))
        found[step] = {"timestamp": when, "epoch": step, "train_loss": None, "val_loss": None, "lr": None}
    for name, (places, values) in rows.columns.items():
        for place, value in zip(places.tolist(), values.tolist(), strict=True):
            found[steps[place]][name] = value if isfinite(value) else None
    return list(found.values())
