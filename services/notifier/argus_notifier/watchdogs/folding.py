"""A part of the stream against what is remembered: all of one transaction, and nothing that is not in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_notifier.alerts.events import batch_of
from argus_notifier.watchdogs import hosts, jobs, memory, repository, silence
from argus_notifier.watchdogs.jobs import Round
from argus_notifier.watchdogs.limits import KnownLimits, Limits
from argus_notifier.watchdogs.notes import RUNS, Notes
from argus_notifier.watchdogs.readings import Begin, Failure, Line, Losses, Reading, Snapshot, StopAsked, readings

Heard = Sequence[tuple[wire.EventBundle, datetime, Sequence[Reading]]]
"""Bundles, when they arrived, and what they say."""

_MOMENT: Final = timedelta(seconds=1)


def heard_of(arrived: Sequence[tuple[wire.EventBundle, datetime]]) -> Heard:
    """Read bundles once; lines of logs only as far as they speak of memory."""
    return [
        (bundle, at, [one for one in readings(bundle) if not isinstance(one, Line) or memory.sign(one.text)])
        for bundle, at in arrived
    ]


async def fold(connection: AsyncConnection, known: KnownLimits, heard: Heard, now: datetime) -> Notes:
    """What is remembered after all of this, and what follows of it."""
    base = await known.of_all(connection)
    if not base.enabled:
        return Notes()
    limits = await known.of(connection, {bundle.project for bundle, _, _ in heard})
    names = {one.host for _, _, said in heard for one in said if isinstance(one, Snapshot)}
    keys = {bundle.batch_key for bundle, _, _ in heard}
    notes = await repository.notes(connection, keys, [hosts.key_of(name) for name in names])
    found = await repository.jobs(connection, _named(heard))
    traces = {pair: row.val_loss_trace or [] for pair, row in found.items()}
    failed = {pair for pair, row in found.items() if row.status == "failed" and not memory.sign(row.reason or "")}
    for bundle, arrived_at, said in heard:
        here = Round(notes, batch_of(bundle), limits[bundle.project], now)
        _watch_silence(here, said)
        _take_in(here, arrived_at, said, base, failed)
        _hold_losses(here, said, traces)
    return notes


def _named(heard: Heard) -> set[tuple[int, str]]:
    """Jobs of which more must be known: where a loss came, or a line that speaks of memory."""
    return {
        (bundle.batch_key, one.job_id) for bundle, _, said in heard for one in said if isinstance(one, Losses | Line)
    }


def _watch_silence(here: Round, said: Sequence[Reading]) -> None:
    limit = timedelta(minutes=here.limits.stall_minutes)
    note = repository.silence_note(here.batch.key, here.now + limit)
    known = here.notes.get(note.key)
    if any(isinstance(one, StopAsked) for one in said):
        soon = here.now + silence.NEVER_BEGAN + _MOMENT
        note.due_at = min(soon, known.due_at if known is not None and known.due_at else soon)
        here.notes.put(note)
    elif known is None:
        here.notes.put(note)


def _take_in(
    here: Round, arrived_at: datetime, said: Sequence[Reading], base: Limits, failed: set[tuple[int, str]]
) -> None:
    for one in said:
        if isinstance(one, Snapshot):
            RUNS.labels("snapshots").inc()
            hosts.fold(here.notes, one, base, arrived_at, here.now)
            jobs.idle(here, one)
        elif isinstance(one, Begin):
            jobs.begin(here, one.job_id)
        elif isinstance(one, Line):
            jobs.sign_of_memory(here, one.job_id, one.text, one.at)
            if (here.batch.key, one.job_id) in failed:  # the line came after the failure
                jobs.out_of_memory(here, Failure(one.job_id, one.at, ""), in_reason=False)
        elif isinstance(one, Failure):
            RUNS.labels("memory").inc()
            jobs.out_of_memory(here, one, in_reason=memory.sign(one.reason))


def _hold_losses(here: Round, said: Sequence[Reading], traces: Mapping[tuple[int, str], Sequence[float]]) -> None:
    points: dict[str, list[Losses]] = {}
    for one in said:
        if isinstance(one, Losses):
            points.setdefault(one.job_id, []).append(one)
        elif isinstance(one, Begin):
            points.pop(one.job_id, None) if one.job_id is not None else points.clear()
    for job_id, came in points.items():
        RUNS.labels("divergence").inc()
        jobs.loss(here, job_id, came, traces.get((here.batch.key, job_id), []))
