"""Cards of batches: a page of them holds a thousand jobs, which become text without a model for each.

What is put together here is what `CompactBatches` says; a test reads the answer by it.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.batches import repository
from argus_catalog.batches.repository import BatchFilter, Row
from argus_catalog.batches.schemas import BatchOut
from argus_catalog.batches.service import BatchPage, latest_epoch, list_batches
from argus_catalog.derivations.progress import batch_eta_s, elapsed_s, pending_jobs
from argus_catalog.hosts.snapshots import snapshot_out
from argus_catalog.jobs import repository as jobs_repository
from argus_catalog.jobs.service import job_fields
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_schema.statuses import TERMINAL

_JOB_TIMES: Final = ("start_time", "end_time")


async def compact(
    connection: AsyncConnection, actor: Actor, chosen: BatchFilter, resource_limit: int
) -> tuple[BatchPage, list[dict[str, Any]]]:
    """Batches with all that their cards show, as JSON has it, in four statements however many they are."""
    page = await list_batches(connection, actor, chosen)
    jobs = await jobs_repository.of_batches(connection, page.keys)
    snapshots = await repository.newest_snapshots(connection, page.keys, resource_limit)
    alive = [key for batch, key in zip(page.batches, page.keys, strict=True) if batch.status not in TERMINAL]
    samples = await repository.recent_elapsed(connection, alive)
    cards = []
    for batch, key in zip(page.batches, page.keys, strict=True):
        rows = jobs.get(key, [])
        live = batch.status not in TERMINAL
        pending = pending_jobs(batch.n_total, batch.n_done, batch.n_failed)
        cards.append(
            {
                "batch": batch.model_dump(mode="json"),
                "jobs": [_job(row, batch) for row in rows],
                "epochs_latest": [_epoch(row) for row in rows if row.last_epoch is not None],
                "resources": [snapshot_out(row, batch.id).model_dump(mode="json") for row in snapshots.get(key, [])],
                "eta_s": batch_eta_s(pending, samples.get(key, [])) if batch.n_total and live else None,
                "elapsed_s": _elapsed_s(batch),
            }
        )
    return page, cards


def _elapsed_s(batch: BatchOut) -> int | None:
    """How long a batch has run; while it is paused, until its pause."""
    live = batch.status not in TERMINAL and batch.paused_at is None
    end = batch.paused_at or batch.end_time
    return elapsed_s(batch.start_time, end, None, is_live=live, now=now(), paused_s=batch.paused_s)


def _job(row: Row, batch: BatchOut) -> dict[str, Any]:
    fields = job_fields(row, batch.id, batch.status, batch.end_time)
    for name in _JOB_TIMES:
        fields[name] = iso(fields[name])
    return fields


def _epoch(row: Row) -> dict[str, Any]:
    fields = latest_epoch(row)
    fields["at"] = iso(fields["at"])
    return fields
