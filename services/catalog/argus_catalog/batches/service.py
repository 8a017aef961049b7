"""Batches: rows become what pages read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog import flags
from argus_catalog.access.dependencies import BatchRef
from argus_catalog.batches import repository
from argus_catalog.batches.environment import shown_environment
from argus_catalog.batches.repository import BatchFilter, Row
from argus_catalog.batches.schemas import (
    BatchEta,
    BatchHealth,
    BatchMetrics,
    BatchOut,
    BatchResources,
    BatchSnapshot,
    EpochLatest,
    MetricName,
)
from argus_catalog.derivations.metrics import direction, metric_order, number
from argus_catalog.derivations.progress import (
    batch_eta_s,
    completion_pct,
    health_warnings,
    pending_jobs,
)
from argus_catalog.derivations.status import age_s, is_stalled
from argus_catalog.hosts.snapshots import snapshot_fields
from argus_catalog.jobs import repository as jobs_repository
from argus_catalog.jobs.schemas import JobEta, JobOut
from argus_catalog.jobs.service import eta_of, job_out
from argus_kit.actor import Actor
from argus_kit.clock import iso_exact, now
from argus_kit.pagination import encode_cursor
from argus_schema.statuses import TERMINAL

# Snapshots that arrive out of order are few; numbers come from JSON, where a non-finite one is a text.
_NON_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_COMPUTED = frozenset({"env_snapshot", "completion_pct", "is_stalled", "divergent"})
# What of a batch stands in its row as it is shown.
_TOLD = tuple(name for name in BatchOut.model_fields if name not in _COMPUTED)


class BatchPage(NamedTuple):
    """A page of batches; `keys` are their batch_keys in the same order."""

    batches: list[BatchOut]
    keys: list[int]
    next_cursor: str | None


async def list_batches(connection: AsyncConnection, actor: Actor, chosen: BatchFilter) -> BatchPage:
    """The batches that are wanted, the latest start first."""
    rows = await repository.listed(connection, actor, chosen)
    threshold = await flags.stalled_threshold_s(connection)
    page, more = rows[: chosen.limit], len(rows) > chosen.limit
    cursor = None
    if more:
        last = page[-1]
        cursor = encode_cursor(None if last.start_time is None else iso_exact(last.start_time), last.batch_key)
    return BatchPage([_batch_out(row, threshold) for row in page], [row.batch_key for row in page], cursor)


async def batches_by_key(connection: AsyncConnection, actor: Actor, batch_keys: Sequence[int]) -> dict[int, BatchOut]:
    """Batches that were found before, by their keys."""
    rows = await repository.of_keys(connection, actor, batch_keys)
    threshold = await flags.stalled_threshold_s(connection)
    return {row.batch_key: _batch_out(row, threshold) for row in rows}


def _batch_out(row: Row, threshold_s: float, **more: Any) -> BatchOut:
    silent_s = age_s(row.last_event_at, now())
    told = row._mapping  # noqa: SLF001 (SQLAlchemy's public name for it)
    fields: dict[str, Any] = {name: told[name] for name in _TOLD}
    fields["is_stalled"] = is_stalled(row.status, silent_s, threshold_s)
    fields["divergent"] = row.is_divergent or row.status == "divergent"
    n_done, n_failed = more.get("n_done", row.n_done), more.get("n_failed", row.n_failed)
    fields["completion_pct"] = completion_pct(row.n_total, n_done, n_failed)
    return BatchOut(**{"env_snapshot": None, **fields, **more})


def latest_epoch(row: Row) -> dict[str, Any]:
    """The fields of `EpochLatest`."""
    latest = row.latest or {}
    return {
        "job_id": row.job_id,
        "epoch": row.last_epoch,
        "train_loss": number(latest.get("train_loss")),
        "val_loss": number(latest.get("val_loss")),
        "lr": number(latest.get("lr")),
        "val_loss_trace": [number(value) for value in (row.val_loss_trace or ())[-20:]],
        "metrics": {
            name: None if value.__class__ is str and value in _NON_FINITE else value for name, value in latest.items()
        },
        "at": row.last_epoch_at,
    }


async def detail(connection: AsyncConnection, actor: Actor, batch: BatchRef) -> BatchOut:
    """One batch. Its counters come from its jobs, when it has any."""
    row = await repository.one(connection, actor, batch.batch_key)
    counts = await repository.job_counts(connection, batch.batch_key)
    threshold = await flags.stalled_threshold_s(connection)
    counted: Mapping[str, int] = {}
    if counts:
        counted = {"n_done": counts.get("done", 0), "n_failed": counts.get("failed", 0), "n_jobs": sum(counts.values())}
    return _batch_out(row, threshold, env_snapshot=shown_environment(row.env_snapshot), **counted)


async def jobs(connection: AsyncConnection, batch: BatchRef) -> list[JobOut]:
    """The jobs of a batch, in the order of their start."""
    rows = (await jobs_repository.of_batches(connection, [batch.batch_key])).get(batch.batch_key, [])
    return [job_out(row, batch.id, batch.status, batch.end_time) for row in rows]


async def job_etas(connection: AsyncConnection, batch: BatchRef) -> dict[str, JobEta]:
    """When each job will be done, by job id."""
    rows = (await jobs_repository.of_batches(connection, [batch.batch_key])).get(batch.batch_key, [])
    return {row.job_id: eta_of(row, batch.status, batch.end_time) for row in rows}


async def latest_epochs(connection: AsyncConnection, batch: BatchRef) -> list[EpochLatest]:
    """The newest epoch of each job that has one."""
    rows = (await jobs_repository.of_batches(connection, [batch.batch_key])).get(batch.batch_key, [])
    return [EpochLatest(**latest_epoch(row)) for row in rows if row.last_epoch is not None]


async def health(connection: AsyncConnection, batch: BatchRef, *, tells_error: bool = True) -> BatchHealth:
    """Whether a batch is well: when it was last heard of, and what failed. Errors may name people and paths."""
    row = await repository.summary(connection, batch.batch_key)
    counts = await repository.job_counts(connection, batch.batch_key)
    threshold = await flags.stalled_threshold_s(connection)
    silent_s = age_s(row.last_event_at, now())
    stalled = is_stalled(row.status, silent_s, threshold)
    failed_jobs = counts.get("failed", 0) if counts else row.n_failed
    warnings = health_warnings(is_stalled=stalled, age_s=silent_s, threshold_s=threshold, failures=failed_jobs)
    if row.status == "failed":
        warnings.append(f"The batch failed: {row.error}" if row.error and tells_error else "The batch failed.")
    return BatchHealth(
        batch_id=batch.id,
        is_stalled=stalled,
        last_event_age_s=None if silent_s is None else int(silent_s),
        failure_count=failed_jobs + (row.status == "failed"),
        warnings=warnings,
        stalled_threshold_s=threshold,
    )


async def eta(connection: AsyncConnection, batch: BatchRef) -> BatchEta:
    """When a batch will be done, from its ten most recently finished jobs."""
    row = await repository.summary(connection, batch.batch_key)
    counts = await repository.job_counts(connection, batch.batch_key)
    n_done = counts.get("done", 0) if counts else row.n_done
    n_failed = counts.get("failed", 0) if counts else row.n_failed
    pending = 0 if row.status in TERMINAL else pending_jobs(row.n_total, n_done, n_failed)
    samples = (await repository.recent_elapsed(connection, [batch.batch_key])).get(batch.batch_key, [])
    return BatchEta(
        batch_id=batch.id,
        eta_seconds=batch_eta_s(pending, samples),
        pending_count=pending,
        sampled_done_jobs=len(samples),
    )


async def resources(connection: AsyncConnection, batch: BatchRef, limit: int) -> BatchResources:
    """The newest snapshots of a batch, the oldest of them first."""
    rows = (await repository.newest_snapshots(connection, [batch.batch_key], limit)).get(batch.batch_key, [])
    shown = [_batch_snapshot(row, batch.id) for row in rows]
    return BatchResources(host=batch.host or (shown[-1].host if shown else None), snapshots=shown)


def _batch_snapshot(row: Row, batch_id: str) -> BatchSnapshot:
    fields = snapshot_fields(row, batch_id)
    free = row.disk_free_mb
    return BatchSnapshot(
        **fields,
        ts=row.at,
        gpu_util=row.gpu_util_pct,
        vram_used_mb=row.gpu_mem_mb,
        vram_total_mb=row.gpu_mem_total_mb,
        cpu_util=row.cpu_util_pct,
        ram_used_mb=row.ram_mb,
        disk_free_gb=None if free is None else round(free / 1024, 2),
        extra=row.extra,
    )


async def metrics(connection: AsyncConnection, batch: BatchRef) -> BatchMetrics:
    """The names of metrics that a batch's jobs know, from the newest epochs and the final values."""
    rows = (await jobs_repository.of_batches(connection, [batch.batch_key])).get(batch.batch_key, [])
    curves: set[str] = set()
    finals: set[str] = set()
    jobs_with: Counter[str] = Counter()
    for row in rows:
        of_curve = {name for name, value in (row.latest or {}).items() if _is_numeric(value)}
        of_end = {name for name, value in (row.metrics or {}).items() if _is_numeric(value)}
        curves |= of_curve
        finals |= of_end
        jobs_with.update(of_curve | of_end)
    found = [
        MetricName(name=name, n_jobs=count, direction=direction(name), is_curve=name in curves, is_final=name in finals)
        for name, count in jobs_with.items()
    ]
    return BatchMetrics(batch_id=batch.id, metrics=sorted(found, key=lambda metric: metric_order(metric.name)))


def _is_numeric(value: Any) -> bool:
    return number(value) is not None or (isinstance(value, str) and value in _NON_FINITE)
