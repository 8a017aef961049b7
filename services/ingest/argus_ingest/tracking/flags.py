"""Flags beside a batch's status, on the word of a watchdog: its loss diverges, GPUs of its jobs are idle.

What is set already is not told again, so a request that comes twice is one event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_contracts.events import Event, EventType, server_event
from argus_ingest import lifecycle
from argus_ingest.fold.state import BatchState, JobState, Tracked
from argus_ingest.lifecycle import JobStatus
from argus_ingest.store import batch_rows, bundles, event_rows, job_rows
from argus_kit.outbox import Transaction

# Under which a job's start may tell its cards.
_CARDS: Final = ("gpu_ids", "gpu_id", "gpu", "cuda_visible_devices")


async def flag(tx: Transaction, request: wire.BatchFlag) -> wire.BatchFlagReply:
    """Set or clear a flag of a batch that has not ended."""
    batch = (await batch_rows.lock(tx.connection, [request.batch_id])).get(request.batch_id)
    if batch is None or batch.deleted_at is not None or batch.is_placeholder:
        return wire.BatchFlagReply(
            ok=False, error_code=ErrorCode.BATCH_NOT_FOUND, message=ErrorCode.BATCH_NOT_FOUND.message
        )
    if batch.status in lifecycle.ENDED:
        return wire.BatchFlagReply(ok=True)
    settled = {batch.batch_key: batch_rows.settled(batch)}
    summary = bundles.summary_of(batch)
    tracked = Tracked(batch)
    if request.flag == "divergent":
        events, changed = _diverge(batch, request)
    else:
        await job_rows.load_unended(tx.connection, {batch.batch_key: tracked}, [batch.batch_key])
        events = list(_idle(tracked, request))
        changed = len(events)
    if not changed:
        return wire.BatchFlagReply(ok=True)
    await job_rows.save(tx.connection, [tracked])
    told = [(await event_rows.append(tx.connection, batch, event), event) for event in events]
    await batch_rows.save(tx.connection, [batch], settled)
    for message in bundles.of_batch(batch, [], told, summary, request.at):
        tx.publish(message.subject, message.payload, msg_id=message.msg_id)
    return wire.BatchFlagReply(ok=True, changed=changed)


def _diverge(batch: BatchState, request: wire.BatchFlag) -> tuple[list[Event], int]:
    """That it diverges is an event; that it does so no more is seen in its summary."""
    if batch.is_divergent == request.is_set:
        return [], 0
    batch.is_divergent = request.is_set
    if not request.is_set:
        return [], 1
    return [_told(batch, EventType.BATCH_DIVERGED, request, {**request.data, "job_id": request.job_id})], 1


def _idle(tracked: Tracked, request: wire.BatchFlag) -> Iterator[Event]:
    running = [job for job in tracked.jobs.values() if job.status == JobStatus.RUNNING and job.deleted_at is None]
    event_type = EventType.JOB_IDLE_FLAGGED if request.is_set else EventType.JOB_IDLE_RECOVERED
    for job in _meant(running, request):
        job.is_idle_flagged = request.is_set
        job.is_touched = job.has_new_head = True
        data = {**request.data, "job_id": job.job_id, "gpu": request.gpu}
        yield _told(tracked.batch, event_type, request, data, job.job_id)
    tracked.batch.is_idle = any(job.is_idle_flagged for job in running)


def _meant(running: Iterable[JobState], request: wire.BatchFlag) -> Iterator[JobState]:
    for job in running:
        if job.is_idle_flagged == request.is_set or (request.job_id is not None and job.job_id != request.job_id):
            continue
        if request.since is not None and job.start_time is not None and job.start_time > request.since:
            continue
        cards = cards_of(job.extra)
        if request.job_id is not None or request.gpu is None or cards is None or request.gpu in cards:
            yield job


def cards_of(extra: Mapping[str, Any] | None) -> frozenset[str] | None:
    """The cards that a job said it uses, by their numbers; None where it said none."""
    for name in _CARDS:
        said = (extra or {}).get(name)
        if isinstance(said, str):
            said = said.split(",")
        elif isinstance(said, int) and not isinstance(said, bool):
            said = [said]
        if isinstance(said, list):
            cards = frozenset(str(one).strip().removeprefix("cuda:") for one in said if isinstance(one, int | str))
            if cards and all(card.isdecimal() for card in cards):
                return cards
    return None


def _told(
    batch: BatchState, event_type: str, request: wire.BatchFlag, data: dict[str, Any], job_id: str | None = None
) -> Event:
    return server_event(event_type, batch_id=batch.id, project=batch.project, at=request.at, job_id=job_id, data=data)
