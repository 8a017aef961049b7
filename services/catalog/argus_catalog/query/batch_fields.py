"""The fields of a batch that a query may name, and where they stand in the tables."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from argus_catalog.derivations.metrics import direction
from argus_query.fields import Plain, Source, seconds_between
from argus_query.json_values import value_at
from argus_schema import auth, ingest

batch = ingest.batch.c
job = ingest.job.c

_ELAPSED: Final = sa.case(
    (batch.end_time.is_(None), None),
    else_=seconds_between(batch.start_time, batch.end_time) - batch.paused_s,
)


def _best(name: str) -> sa.ColumnElement[Any]:
    """The best final value that a job of the batch has, by what the metric's name says is better."""
    value = value_at(job.metrics, (name,), "number")
    best = sa.func.max(value) if direction(name) == "max" else sa.func.min(value)
    of_batch = sa.select(best).where(job.batch_key == batch.batch_key, job.deleted_at.is_(None))
    return sa.type_coerce(of_batch.correlate(ingest.batch).scalar_subquery(), sa.Double())


BATCHES: Final = Source(
    "batches",
    plain={
        "id": Plain("text", batch.id),
        "name": Plain("text", batch.name),
        "project": Plain("text", batch.project),
        "status": Plain("text", sa.func.lower(batch.status)),
        "type": Plain("text", batch.experiment_type),
        "host": Plain("text", batch.host),
        "user": Plain("text", batch.user),
        "owner": Plain("text", auth.user.c.username),
        "command": Plain("text", batch.command),
        "error": Plain("text", batch.error),
        "started": Plain("time", batch.start_time),
        "ended": Plain("time", batch.end_time),
        "heard": Plain("time", batch.last_event_at),
        "elapsed": Plain("duration", sa.type_coerce(_ELAPSED, sa.Double())),
        "total": Plain("number", batch.n_total),
        "jobs": Plain("number", batch.n_jobs),
        "done": Plain("number", batch.n_done),
        "failed": Plain("number", batch.n_failed),
    },
    roots={
        "config": (batch.env_snapshot, ("config",), (), False),
        "env": (batch.env_snapshot, (), (), False),
    },
    summed={"metrics": _best},
)
