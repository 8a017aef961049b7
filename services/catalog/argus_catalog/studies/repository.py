"""Reads trials: jobs whose start named a study, in one statement."""

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

# A name may have been sent as a number, which SQLite would not find by its text.
_STUDY = sa.cast(job.extra["optuna", "study_name"].as_string(), sa.Text)
_TRIAL = (
    job.job_id,
    job.status,
    job.start_time,
    job.end_time,
    job.elapsed_s,
    job.metrics,
    job.last_epoch_at,
    # The whole of `extra` may be long; these are what a trial is told by.
    job.extra["optuna"].label("optuna"),
    batch.id.label("batch_id"),
    batch.status.label("batch_status"),
    batch.end_time.label("batch_end"),
)


async def trials(connection: AsyncConnection, actor: Actor, study: str | None = None) -> Sequence[Row]:
    """The trials that the caller sees, of one study or of all, the earliest start first."""
    query = (
        sa.select(_STUDY.label("study_name"), *_TRIAL)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None))
        .where(_STUDY.in_([study]) if study is not None else _STUDY != "")
        .order_by(job.start_time.asc().nulls_last(), job.batch_key, job.job_no)
    )
    return (await connection.execute(query)).all()
