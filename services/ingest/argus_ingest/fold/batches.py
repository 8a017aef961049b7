"""What an event does to its batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from argus_contracts.events import Event, EventType, Source, json_safe
from argus_ingest import lifecycle
from argus_ingest.fold.state import Arrival, BatchState, JobState, Tracked
from argus_ingest.lifecycle import BatchStatus, JobStatus
from argus_schema.sums.terms import MOST


def touch(batch: BatchState, arrival: Arrival, received_at: datetime) -> None:
    """What every event does: the last sign of life moves, and a stall ends."""
    seen_at = min(arrival.at, received_at)
    if batch.last_event_at is None or seen_at > batch.last_event_at:
        batch.last_event_at = seen_at
        batch.status = lifecycle.on_sign_of_life(batch.status, stop_asked=batch.stop_requested_at is not None)


def make_real(batch: BatchState, event: Event, at: datetime) -> None:
    """A row that only held snapshots becomes a batch by its first event of another type."""
    source = event.source
    batch.is_placeholder = False
    batch.project = source.project
    batch.user, batch.host, batch.command = source.user, source.host, source.command
    batch.status = BatchStatus.RUNNING
    batch.start_time = at


def claim_for_snapshots(batch: BatchState, source: Source) -> None:
    """A row that is there for snapshots alone; who may see it follows from project and owner."""
    batch.project = source.project
    batch.user, batch.host = source.user, source.host


def on_start(tracked: Tracked, arrival: Arrival) -> None:
    batch, event, data = tracked.batch, arrival.event, arrival.event.data
    start = lifecycle.on_batch_start(
        batch.status,
        began_at=arrival.at,
        known_start=batch.start_time,
        stop_asked_at=batch.stop_requested_at,
        joins=data.get("joined") is True,
        resumes=data.get("resumed") is True,
        known_end=batch.end_time,
        paused_at=batch.paused_at,
    )
    asked = batch.pause_requested_at
    if lifecycle.clears_pause(start, began_at=arrival.at, pause_asked_at=asked, joins=data.get("joined") is True):
        batch.pause_requested_at = batch.pause_requested_by = None
    batch.has_resumed |= batch.status == BatchStatus.PAUSED != start.status
    batch.status = start.status
    end_pause(batch, arrival.at)
    if start.clears_stop:
        batch.stop_requested_at = batch.stop_requested_by = None
    if start.goes_on:
        batch.went_on_at = max(batch.went_on_at or arrival.at, arrival.at)
        batch.end_time = batch.error = None
        batch.is_divergent = batch.is_idle = False
    if batch.start_time is not None and arrival.at < batch.start_time:
        _fill_in(batch, event)
    else:
        _describe(batch, event)


def _describe(batch: BatchState, event: Event) -> None:
    """The newest start says what the batch is."""
    source, data = event.source, event.data
    batch.project = source.project
    batch.user = source.user or batch.user
    batch.host = source.host or batch.host
    batch.command = data.get("command") or source.command or batch.command
    batch.experiment_type = data.get("experiment_type") or batch.experiment_type
    if "n_total_jobs" in data:
        batch.n_total = data["n_total_jobs"]


def _fill_in(batch: BatchState, event: Event) -> None:
    """A start that others overtook only adds what they left open."""
    source, data = event.source, event.data
    batch.user = batch.user or source.user
    batch.host = batch.host or source.host
    batch.command = batch.command or data.get("command") or source.command
    batch.experiment_type = batch.experiment_type or data.get("experiment_type")
    if batch.n_total is None:
        batch.n_total = data.get("n_total_jobs")


def on_done(tracked: Tracked, arrival: Arrival) -> None:
    is_shared = arrival.event.data.get("joined") is True
    statuses = {job.status for job in tracked.jobs.values()}
    if is_shared and JobStatus.RUNNING in statuses:
        return  # one of several processes left, and the last of them ends the batch
    if is_shared and JobStatus.PAUSED in statuses:
        _pause(tracked, arrival.at)
        return
    _end(tracked, arrival, BatchStatus.DONE)
    tracked.batch.error = None


def on_failed(tracked: Tracked, arrival: Arrival) -> None:
    _end(tracked, arrival, BatchStatus.FAILED)
    tracked.batch.error = reason_of(arrival.event.data) or tracked.batch.error


def on_paused(tracked: Tracked, arrival: Arrival) -> None:
    """A process has saved itself and is gone; of several that share the batch the last one pauses it."""
    batch, data = tracked.batch, arrival.event.data
    if batch.went_on_at is not None and arrival.at < batch.went_on_at:
        return  # of a run before this one, and late on its way
    if batch.status in lifecycle.ENDED:
        return
    is_shared, own = data.get("joined") is True, data.get("jobs")
    pause_jobs(tracked, arrival.at, set(map(str, own)) if is_shared and isinstance(own, list) else None)
    if is_shared and any(job.status == JobStatus.RUNNING for job in tracked.jobs.values()):
        return
    _pause(tracked, arrival.at)


def _pause(tracked: Tracked, at: datetime) -> None:
    batch = tracked.batch
    asked = batch.stop_requested_at is not None
    batch.status = lifecycle.on_batch_paused(batch.status, stop_asked=asked)
    if batch.status == BatchStatus.PAUSED:
        begin_pause(batch, at)
    elif batch.status == BatchStatus.STOPPED:
        batch.end_time = at
        end_jobs(tracked)


def begin_pause(batch: BatchState, at: datetime) -> None:
    """The batch, whose status says that it is paused, is so since `at`."""
    batch.paused_at = batch.paused_at or at
    batch.pause_requested_at = batch.pause_requested_by = None
    batch.error = None
    batch.is_idle = False


def end_pause(batch: BatchState, at: datetime) -> None:
    """Count the pause of a batch that is not paused any more."""
    if batch.paused_at is not None and batch.status != BatchStatus.PAUSED:
        batch.paused_s += seconds_between(batch.paused_at, at)
        batch.paused_at = None


def pause_jobs(tracked: Tracked, at: datetime, own: set[str] | None = None) -> None:
    """Running jobs are paused since `at`: all of them, or those with these ids."""
    for job in tracked.jobs.values():
        if job.status == JobStatus.RUNNING and (own is None or job.job_id in own):
            job.end_time = at
            if job.start_time is not None:
                job.elapsed_s = seconds_between(job.start_time, at, but=job.paused_s)
            set_job_status(tracked.batch, job, JobStatus.PAUSED)


def seconds_between(start: datetime, end: datetime, *, but: int = 0) -> int:
    """Whole seconds from `start` to `end` without `but` of them; clocks that disagree make it no less than 0."""
    return max(0, int((end - start).total_seconds()) - but)


def on_env(tracked: Tracked, arrival: Arrival) -> None:
    batch = tracked.batch
    if not batch.has_env:
        batch.has_env = True
        batch.new_env = json_safe(arrival.event.data)


def reason_of(data: dict[str, Any]) -> str | None:
    """The text of a failure: `error` and `reason` are the same field."""
    for name in ("error", "reason"):
        value = data.get(name)
        if value not in (None, ""):
            return value if isinstance(value, str) else str(value)
    return None


def end_jobs(tracked: Tracked) -> None:
    """Jobs that were running when their batch ended are lost, until they are heard of again. Paused ones were stopped
    with it.
    """
    for job in tracked.jobs.values():
        if job.status == JobStatus.RUNNING:
            set_job_status(tracked.batch, job, JobStatus.LOST)
        elif job.status == JobStatus.PAUSED:
            is_stopped = tracked.batch.status == BatchStatus.STOPPED
            set_job_status(tracked.batch, job, JobStatus.STOPPED if is_stopped else JobStatus.LOST)


def set_job_status(batch: BatchState, job: JobState, status: str) -> None:
    """Change a job's status, and the batch's counters where that matters to them."""
    before, job.status = job.status, status
    job.is_touched = job.has_new_head = True
    if job.deleted_at is not None:
        return
    if before is not None:
        batch.job_statuses[before] -= 1
    batch.job_statuses[status] += 1
    counted = {JobStatus.DONE, JobStatus.FAILED}
    if before in counted or status in counted:
        recount(batch)


def recount(batch: BatchState) -> None:
    """The counters, from the statuses of the batch's jobs."""
    batch.n_done = batch.job_statuses[JobStatus.DONE]
    batch.n_failed = batch.job_statuses[JobStatus.FAILED]


def counted_s(job: JobState) -> int:
    """What a job adds to its batch's `elapsed_s`."""
    return 0 if job.deleted_at is not None else max(0, min(MOST, job.elapsed_s or 0))


def count_elapsed(tracked: Tracked) -> None:
    """Bring the batch's `elapsed_s` up to its changed jobs."""
    for job in tracked.jobs.values():
        if job.has_new_head:
            taken, job.counted_s = job.counted_s, counted_s(job)
            tracked.batch.elapsed_s += job.counted_s - taken


def _end(tracked: Tracked, arrival: Arrival, outcome: str) -> None:
    batch, data = tracked.batch, arrival.event.data
    batch.status = lifecycle.on_batch_end(batch.status, outcome, stop_asked=batch.stop_requested_at is not None)
    batch.end_time = arrival.at
    batch.is_idle = False
    batch.pause_requested_at = batch.pause_requested_by = None
    end_pause(batch, arrival.at)
    end_jobs(tracked)
    if data.get("n_done") is not None:
        batch.n_done = max(0, data["n_done"])
    if data.get("n_failed") is not None:
        batch.n_failed = max(0, data["n_failed"])


BY_TYPE: dict[str, Callable[[Tracked, Arrival], None]] = {
    EventType.BATCH_START: on_start,
    EventType.BATCH_DONE: on_done,
    EventType.BATCH_FAILED: on_failed,
    EventType.BATCH_PAUSED: on_paused,
    EventType.ENV_SNAPSHOT: on_env,
}
