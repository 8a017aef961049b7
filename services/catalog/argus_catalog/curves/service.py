"""Curves for charts and for the epochs list. Long ones are computed beside the event loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef, JobRef
from argus_catalog.curves import repository
from argus_catalog.curves.decoding import Curve, StoredBlock, all_steps, decode
from argus_catalog.curves.repository import JobHead
from argus_catalog.curves.thinning import series
from argus_catalog.derivations.metrics import curve_order, direction
from argus_catalog.derivations.status import shown_job_status
from argus_kit.clock import iso_exact

T = TypeVar("T")

# Below this, the work is shorter than handing it to a thread.
_SMALL = 128 * 1024
_SMALL_BLOCKS = 200
StepRange = tuple[int | None, int | None]


async def job_metrics(
    connection: AsyncConnection, job: JobRef, wanted: Sequence[str] | None, max_points: int, steps: StepRange
) -> dict[str, Any]:
    """The curves of one job: see `schemas.JobMetrics`.

    Raises:
        ArgusError: job.not_found.
    """
    head = (await repository.heads(connection, job.batch.batch_key, job.known))[0]
    found = (await repository.blocks(connection, job.batch.batch_key, head.job_no)).get(head.job_no, [])

    def build() -> dict[str, Any]:
        names = sorted({name for block in found for name in block.names}, key=curve_order)
        curves = {name: _within(curve, steps) for name, curve in decode(found, wanted, head.run_began).items()}
        last = [int(curve.steps[-1]) for curve in curves.values() if len(curve.steps)]
        return {
            "batch_id": job.batch.id,
            "job_id": job.job_id,
            "names": names,
            "last_step": max(last, default=None),
            "series": {name: series(curves[name], max_points) for name in names if name in curves},
        }

    return await _computed(found, build)


async def batch_curves(connection: AsyncConnection, batch: BatchRef, metric: str, max_points: int) -> dict[str, Any]:
    """One metric of every job of a batch: see `schemas.BatchCurves`."""
    jobs = await repository.heads(connection, batch.batch_key)
    found = await repository.blocks(connection, batch.batch_key)

    def build() -> list[dict[str, Any]]:
        curves = []
        for head in jobs:
            curve = decode(found.get(head.job_no, []), [metric], head.run_began).get(metric)
            if curve is not None and len(curve.steps):
                curves.append({**_named(head, batch), **series(curve, max_points)})
        return curves

    everything = [block for blocks in found.values() for block in blocks]
    curves = await _computed(everything, build)
    return {"batch_id": batch.id, "metric": metric, "direction": direction(metric), "curves": curves}


def _named(head: JobHead, batch: BatchRef) -> dict[str, Any]:
    status = shown_job_status(head.status, head.start_time, head.last_epoch_at, batch.status, batch.end_time)
    return {"job_id": head.job_id, "model": head.model, "dataset": head.dataset, "status": status}


async def epoch_rows(connection: AsyncConnection, batch_key: int, job_no: int) -> list[dict[str, Any]]:
    """Every epoch of a job as one object, in the order of time. What is no number is null."""
    heads = await repository.heads(connection, batch_key, job_no)
    found = (await repository.blocks(connection, batch_key, job_no)).get(job_no, [])
    run_began = heads[0].run_began if heads else None
    return await _computed(found, lambda: _rows(all_steps(found, run_began), decode(found, None, run_began)))


def _rows(steps: Curve, curves: dict[str, Curve]) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    ordered = sorted(zip(steps.times.tolist(), steps.steps.tolist(), strict=True))
    for at, step in ordered:
        when = iso_exact(datetime.fromtimestamp(at, UTC))
        rows[step] = {"timestamp": when, "epoch": step, "train_loss": None, "val_loss": None, "lr": None}
    for name, curve in curves.items():
        for step, value in zip(curve.steps.tolist(), curve.values.tolist(), strict=True):
            rows[step][name] = value if math.isfinite(value) else None
    return list(rows.values())


def _within(curve: Curve, steps: StepRange) -> Curve:
    first, last = steps
    if first is None and last is None:
        return curve
    begin = 0 if first is None else int(curve.steps.searchsorted(first, "left"))
    end = len(curve.steps) if last is None else int(curve.steps.searchsorted(last, "right"))
    return Curve(curve.steps[begin:end], curve.times[begin:end], curve.values[begin:end])


async def _computed(blocks: Sequence[StoredBlock], build: Callable[[], T]) -> T:
    if len(blocks) <= _SMALL_BLOCKS and sum(len(block.payload) for block in blocks) <= _SMALL:
        return build()
    return await asyncio.to_thread(build)
