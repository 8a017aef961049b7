"""Reads trials: jobs whose start named a study, in one statement.

What finds them is an index of such jobs alone, so that a study costs what its trials cost, however many jobs there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_kit.actor import Actor
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c

Row = Any

_TRIAL = (
    job.status,
    job.start_time,
    job.last_epoch_at,
    job.metrics,
    batch.project,
    batch.status.label("batch_status"),
    batch.end_time.label("batch_end"),
    job.job_id,
    job.end_time,
    job.elapsed_s,
    job.reason,
    job.last_epoch,
    # The whole of `extra` may be long; these are what a trial is told by.
    job.extra["optuna"].label("optuna"),
    # By metric what was reported while it ran; of it only the names are of use here.
    job.summary,
    batch.id.label("batch_id"),
)


async def trials(connection: AsyncConnection, actor: Actor, study: str) -> Sequence[Row]:
    """The trials of a study that the caller sees, the earliest start first."""
    query = _seen(actor, sa.select(job.study_name, *_TRIAL)).where(job.study_name == study)
    found: Sequence[Row] = (await connection.execute(query)).all()
    return found


def _seen(actor: Actor, query: sa.Select[Any]) -> sa.Select[Any]:
    return (
        query.join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None))
        .order_by(job.start_time.asc().nulls_last(), job.batch_key, job.job_no)
    )
