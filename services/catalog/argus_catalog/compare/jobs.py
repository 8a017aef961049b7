"""Compares jobs of any batches: settings, metrics, and who differs from whom by the seed alone. One statement."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.compare import repository
from argus_catalog.compare.choosing import numbers
from argus_catalog.compare.repository import Row
from argus_catalog.compare.schemas import JobColumn, JobComparison
from argus_catalog.compare.service import environment
from argus_catalog.compare.settings import config_of, flat, group_of
from argus_catalog.derivations.metrics import curve_order, direction, metric_order
from argus_catalog.derivations.progress import elapsed_s
from argus_catalog.derivations.status import shown_job_status
from argus_catalog.seeds import seed_of
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema.statuses import LIVE_JOB

_COPIED = ("batch_id", "project", "host", "command", "job_id", "model", "dataset", "start_time", "end_time")


async def compare(connection: AsyncConnection, actor: Actor, wanted: Sequence[tuple[str, str]]) -> JobComparison:
    """The jobs, each named by its batch's id and its own, side by side.

    Raises:
        ArgusError: job.not_found with the first that the caller does not see.
    """
    wanted = list(dict.fromkeys(wanted))
    found = await repository.columns(connection, actor, wanted)
    missing = next((pair for pair in wanted if pair not in found), None)
    if missing is not None:
        batch_id, job_id = missing
        message = f"The job {job_id} of the batch {batch_id} does not exist."
        raise ArgusError(ErrorCode.JOB_NOT_FOUND, message, details={"batch_id": batch_id, "job_id": job_id})
    return await asyncio.to_thread(_compared, [found[pair] for pair in wanted])


def _compared(rows: Sequence[Row]) -> JobComparison:
    jobs = [_column(row) for row in rows]
    names = sorted({name for job in jobs for name in job.metrics}, key=metric_order)
    curve_names = {name for row in rows for name in row.summary or {}}
    return JobComparison(
        jobs=jobs,
        metric_union=names,
        directions={name: direction(name) for name in names},
        curve_names=sorted(curve_names, key=curve_order),
    )


def _column(row: Row) -> JobColumn:
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, row.batch_status, row.batch_end)
    took = elapsed_s(row.start_time, row.end_time, row.elapsed_s, is_live=False, now=now())
    config: dict[str, Any] = config_of(row.config, row.params)
    return JobColumn(
        **{name: getattr(row, name) for name in _COPIED},
        batch_name=row.name,
        status=status,
        elapsed_s=None if status in LIVE_JOB else took,
        metrics={**numbers(row.latest), **numbers(row.metrics)},
        config=flat(config),
        environment=environment(row),
        seed=seed_of(config),
        seed_group=group_of(row.project, row.model, row.dataset, config),
    )
