"""Gathers the evidence of an end: the row, the last lines of the log, and what the host's agent told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef, JobRef
from argus_catalog.crash.classifier import Evidence, classify
from argus_catalog.crash.ending import SILENT, Ending, HostWord, ending_of
from argus_catalog.crash.host_word import host_word
from argus_catalog.crash.schemas import CrashHost, CrashLine, CrashOut
from argus_catalog.derivations.status import shown_job_status
from argus_catalog.logs.whole import repository as logs
from argus_catalog.logs.whole.outline import Log
from argus_schema import ingest
from argus_schema.statuses import LOST

Row = Any

batch = ingest.batch.c
job = ingest.job.c

DIED: Final = frozenset({"failed", "crashed", "error", "killed", "stopped", "cancelled", "canceled", "aborted", LOST})
# The end of a log that says what went wrong; a traceback of several processes is a few hundred lines.
LAST_LINES: Final = 400
# What the run wrote a moment before its start was stamped.
_EARLY: Final = timedelta(seconds=2)
# A reporter that shuts down after its job failed takes this long at most.
_SAME_END: Final = timedelta(minutes=2)


async def crash(connection: AsyncConnection, ref: JobRef) -> CrashOut:
    """What kind of failure a job died of; nothing for one that runs or is done.

    Raises:
        ArgusError: job.not_found.
    """
    row = await _facts(connection, ref)
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, ref.batch.status, ref.batch.end_time)
    if (status or "").lower() not in DIED:
        return _nothing(row.reason)
    lines = await _last_lines(connection, Log(ref.batch.batch_key, ref.job_id), row.start_time)
    host = await host_word(connection, ref.batch.id)
    # A job that failed long before its process ended did not die of that end.
    is_of_end = status == LOST or (
        row.end_time is not None and host.ended_at is not None and host.ended_at - row.end_time < _SAME_END
    )
    told = ending_of(row.extra)
    evidence = Evidence(
        reason=row.reason or (row.error if status == LOST else None),
        lines=[(line.level, line.line) for line in lines],
        ending=host.ending if is_of_end and told == Ending() else told,
        is_stop_requested=row.stop_requested_at is not None,
        is_lost=status == LOST,
        has_nonfinite=_has_nonfinite(row.latest),
        host=host if is_of_end else SILENT,
    )
    return _answer(evidence, lines, reason=row.reason)


async def batch_crash(connection: AsyncConnection, ref: BatchRef) -> CrashOut:
    """What kind of failure a batch died of, also one that never came to its first job; nothing for one that did not."""
    query = sa.select(batch.error, batch.stop_requested_at, batch.start_time).where(batch.batch_key == ref.batch_key)
    row = (await connection.execute(query)).one()
    if ref.status != "failed":
        return _nothing(row.error)
    host = await host_word(connection, ref.id)
    lines = await _last_lines(connection, Log(ref.batch_key), row.start_time)
    # The output as the host kept it goes on where the log of the run was cut off.
    spoken = [(line.level, line.line) for line in lines] or [("info", text) for text in host.last_lines]
    evidence = Evidence(
        reason=row.error,
        lines=spoken,
        ending=host.ending,
        is_stop_requested=row.stop_requested_at is not None,
        host=host,
    )
    return _answer(evidence, lines, reason=row.error)


def _nothing(reason: str | None) -> CrashOut:
    return CrashOut(
        kind=None, certainty="none", hint_key=None, facts={}, reason=reason, exit_code=None, signal=None,
        lines=[], n_lines=0, host=None,
    )  # fmt: skip


def _answer(evidence: Evidence, lines: Sequence[Row], *, reason: str | None) -> CrashOut:
    verdict = classify(evidence)
    return CrashOut(
        kind=verdict.kind,
        certainty=verdict.certainty,
        hint_key=f"crash.hints.{verdict.kind}",
        facts=verdict.facts,
        reason=reason,
        exit_code=evidence.ending.exit_code,
        signal=evidence.ending.signal,
        lines=[_shown(lines[place], is_key=place == verdict.key) for place in verdict.shown if place < len(lines)],
        n_lines=len(lines),
        host=_host(evidence.host),
    )


def _host(word: HostWord) -> CrashHost | None:
    if word == SILENT:
        return None
    return CrashHost(
        kernel=word.oom,
        gpu_errors=list(word.gpu_errors),
        last_lines=list(word.last_lines),
        never_began=word.never_began,
    )


async def _facts(connection: AsyncConnection, ref: JobRef) -> Row:
    query = (
        sa.select(
            job.status,
            job.start_time,
            job.last_epoch_at,
            job.reason,
            job.end_time,
            job.extra,
            job.latest,
            batch.error,
            batch.stop_requested_at,
        )
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(job.batch_key == ref.batch.batch_key, job.job_no == ref.known)
    )
    return (await connection.execute(query)).one()


async def _last_lines(connection: AsyncConnection, log: Log, start: datetime | None) -> Sequence[Row]:
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
