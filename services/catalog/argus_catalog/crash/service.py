"""Gathers the evidence of a job's end from its row and the last lines of its log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import JobRef
from argus_catalog.crash.classifier import Evidence, classify
from argus_catalog.crash.ending import ending_of
from argus_catalog.crash.schemas import CrashLine, CrashOut
from argus_catalog.derivations.status import LOST, shown_job_status
from argus_catalog.logs.whole import repository as logs
from argus_catalog.logs.whole.outline import Log
from argus_schema import ingest

Row = Any

batch = ingest.batch.c
job = ingest.job.c

DIED: Final = frozenset({"failed", "crashed", "error", "killed", "stopped", "cancelled", "canceled", "aborted", LOST})
# The end of a log that says what went wrong; a traceback of several processes is a few hundred lines.
LAST_LINES: Final = 400
# What the run wrote a moment before its start was stamped.
_EARLY: Final = timedelta(seconds=2)


async def crash(connection: AsyncConnection, ref: JobRef) -> CrashOut:
    """What kind of failure a job died of; nothing for one that runs or is done.

    Raises:
        ArgusError: job.not_found.
    """
    row = await _facts(connection, ref)
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, ref.batch.status, ref.batch.end_time)
    if (status or "").lower() not in DIED:
        return CrashOut(
            kind=None, certainty="none", hint_key=None, facts={}, reason=row.reason, exit_code=None, signal=None,
            lines=[], n_lines=0,
        )  # fmt: skip
    lines = await _last_lines(connection, ref, row.start_time)
    ending = ending_of(row.extra)
    verdict = classify(
        Evidence(
            reason=row.reason or (row.error if status == LOST else None),
            lines=[(line.level, line.line) for line in lines],
            ending=ending,
            is_stop_requested=row.stop_requested_at is not None,
            is_lost=status == LOST,
            has_nonfinite=_has_nonfinite(row.latest),
        )
    )
    return CrashOut(
        kind=verdict.kind,
        certainty=verdict.certainty,
        hint_key=f"crash.hints.{verdict.kind}",
        facts=verdict.facts,
        reason=row.reason,
        exit_code=ending.exit_code,
        signal=ending.signal,
        lines=[_shown(lines[place], is_key=place == verdict.key) for place in verdict.shown],
        n_lines=len(lines),
    )


async def _facts(connection: AsyncConnection, ref: JobRef) -> Row:
    query = (
        sa.select(
            job.status,
            job.start_time,
            job.last_epoch_at,
            job.reason,
            job.extra,
            job.latest,
            batch.error,
            batch.stop_requested_at,
        )
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(job.batch_key == ref.batch.batch_key, job.job_no == ref.known)
    )
    return (await connection.execute(query)).one()


async def _last_lines(connection: AsyncConnection, ref: JobRef, start: datetime | None) -> Sequence[Row]:
    log = Log(ref.batch.batch_key, ref.job_id)
    lines = await logs.tail(connection, log, LAST_LINES)
    # A job that began anew: what an earlier run died of is not why this one did.
    return [line for line in lines if start is None or line.at >= start - _EARLY]


def _shown(row: Row, *, is_key: bool) -> CrashLine:
    return CrashLine(id=row.id, ts=row.at, level=row.level, line=row.line, is_key=is_key)


def _has_nonfinite(latest: Mapping[str, Any] | None) -> bool:
    return any(_is_nonfinite(value) for name, value in (latest or {}).items() if "loss" in name.lower())


def _is_nonfinite(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, str) and value.lstrip("-").lower() in {"nan", "inf", "infinity"}
