"""What an event does to its job: status, results, and the summary of its curve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any, Final

from argus_contracts.events import Event, EventType, json_safe
from argus_contracts.points import EPOCHS, STEPS
from argus_ingest import lifecycle
from argus_ingest.fold import curves
from argus_ingest.fold.batches import reason_of, recount, seconds_between, set_job_status
from argus_ingest.fold.state import Arrival, BatchState, JobState, Point, Tracked
from argus_ingest.lifecycle import ENDED, JobStatus
from argus_schema.seeds import settings_of

TRACE_LENGTH: Final = 20
_INT64_MAX: Final = 2**63 - 1
_NO_EXTRA_OF_START: Final = frozenset({"model", "dataset"})
_NO_EXTRA_OF_FAILURE: Final = frozenset({"elapsed_s", "status"})


def job_of(tracked: Tracked, event: Event, at: datetime) -> JobState:
    """The job that a job event names, made when it is new."""
    assert event.job_id is not None
    job = tracked.jobs.get(event.job_id)
    if job is None:
        tracked.last_job_no += 1
        job = JobState(tracked.last_job_no, event.job_id, start_time=at, is_new=True)
        tracked.jobs[event.job_id] = job
        tracked.batch.n_jobs += 1
        set_job_status(tracked.batch, job, JobStatus.RUNNING)
    job.is_touched = True
    return job


def revive(batch: BatchState, job: JobState, at: datetime) -> None:
    """A job that was given up is running again when it is heard of after its batch's end."""
    if job.status == JobStatus.LOST and (batch.end_time is None or at > batch.end_time):
        set_job_status(batch, job, JobStatus.RUNNING)


def on_start(tracked: Tracked, arrival: Arrival) -> None:
    batch, data = tracked.batch, arrival.event.data
    job = job_of(tracked, arrival.event, arrival.at)
    job.has_new_head = True
    # Older than what is known of the job: not a restart, only late on its way.
    is_late = job.start_time is not None and arrival.at < job.start_time
    # One that is as old as the job's first point is the start of that run, overtaken on the way.
    is_later = job.start_time is not None and arrival.at > job.start_time
    job.model = data.get("model") or job.model
    job.dataset = data.get("dataset") or job.dataset
    extra = {name: value for name, value in data.items() if name not in _NO_EXTRA_OF_START}
    if is_late:
        if extra:
            _keep(job, {**json_safe(extra), **(job.extra or {})})
        job.start_time = arrival.at
        return
    if extra:
        _keep(job, json_safe(extra))
    is_resumed = job.status == JobStatus.PAUSED and job.end_time is not None and job.n_points > 0
    if is_resumed and job.end_time is not None:
        job.paused_s += seconds_between(job.end_time, arrival.at)
    else:
        job.start_time, job.paused_s, job.checkpoint = arrival.at, 0, None
    job.end_time = job.elapsed_s = job.metrics = job.reason = None
    job.is_idle_flagged = False
    if (job.points or job.summary is not None or job.n_points) and is_later:
        curves.begin_anew(job, arrival.at.timestamp())
    if job.last_epoch_at is not None and arrival.at > job.last_epoch_at and not is_resumed:
        _forget_curve(job)
    ended_before = batch.status in ENDED and batch.end_time is not None and arrival.at < batch.end_time
    set_job_status(batch, job, JobStatus.LOST if ended_before else JobStatus.RUNNING)


def on_epoch(tracked: Tracked, arrival: Arrival) -> None:
    job = job_of(tracked, arrival.event, arrival.at)
    revive(tracked.batch, job, arrival.at)
    step: int = arrival.event.data["epoch"]
    values = arrival.numbers
    job.points.append(Point(arrival.db_id, step, arrival.at.timestamp(), values, EPOCHS))
    is_newest = job.last_epoch_at is None or arrival.at >= job.last_epoch_at
    if is_newest:
        _forget_what_is_repeated(job, step, arrival.at)
    # A repeated epoch replaces the earlier point; an older one that comes late fills a gap.
    is_repeat = job.last_epoch is not None and (step == job.last_epoch or (step < job.last_epoch and is_newest))
    if not is_repeat:
        job.n_points += 1
    if job.first_epoch_at is None or arrival.at < job.first_epoch_at:
        job.first_epoch_at = arrival.at
    if is_newest:
        _trace(job, values.get("val_loss"), replaces=step == job.last_epoch)
        job.last_epoch, job.last_epoch_at = step, arrival.at
        _show(job, values)


def on_step(tracked: Tracked, arrival: Arrival) -> None:
    """Points between epochs: they are kept and shown, and no epoch is counted."""
    job = job_of(tracked, arrival.event, arrival.at)
    revive(tracked.batch, job, arrival.at)
    step: int = arrival.event.data["step"]
    values = arrival.numbers
    job.points.append(Point(arrival.db_id, step, arrival.at.timestamp(), values, STEPS))
    if job.last_epoch_at is None or arrival.at >= job.last_epoch_at:
        _show(job, values)


def on_done(tracked: Tracked, arrival: Arrival) -> None:
    data = arrival.event.data
    job = _ended(tracked, arrival)
    if data.get("metrics") is not None:
        job.metrics = json_safe(data["metrics"])
    if isinstance(data.get("config"), dict):  # what the training set after its start
        told = {name: data.get(name) for name in ("config", "config_digest")}
        _keep(job, {**(job.extra or {}), **json_safe(told)})
    job.reason = reason_of(data)
    set_job_status(tracked.batch, job, lifecycle.job_end_status(data.get("status")))
    recount(tracked.batch)


def on_failed(tracked: Tracked, arrival: Arrival) -> None:
    data = arrival.event.data
    job = _ended(tracked, arrival)
    told = {name: value for name, value in data.items() if name not in _NO_EXTRA_OF_FAILURE}
    if told:
        _keep(job, {**(job.extra or {}), **json_safe(told)})
    job.reason = reason_of(data) or job.reason
    set_job_status(tracked.batch, job, JobStatus.FAILED)
    recount(tracked.batch)


def on_checkpoint(tracked: Tracked, arrival: Arrival) -> None:
    """A job has saved itself: from there it can go on. The newest counts, by the time at which it was saved."""
    batch, data, at = tracked.batch, arrival.event.data, arrival.at
    job = job_of(tracked, arrival.event, at)
    revive(batch, job, at)
    saved = {"path": data["path"], "epoch": data.get("epoch"), "step": data.get("step"), "at": at.isoformat()}
    if _is_newer(saved, job.checkpoint):
        job.checkpoint = saved
        job.has_new_head = True
    if _is_newer(saved, batch.checkpoint):
        batch.checkpoint = {"job_id": job.job_id, **saved}
        batch.has_new_checkpoint = True


def _is_newer(saved: dict[str, Any], known: dict[str, Any] | None) -> bool:
    return known is None or datetime.fromisoformat(saved["at"]) >= datetime.fromisoformat(known["at"])


def on_mention(tracked: Tracked, arrival: Arrival) -> None:
    """A log line, a snapshot or an alert names a job: it makes none, but a lost one is back."""
    job = tracked.jobs.get(arrival.event.job_id or "")
    if job is not None:
        revive(tracked.batch, job, arrival.at)


def _ended(tracked: Tracked, arrival: Arrival) -> JobState:
    job = job_of(tracked, arrival.event, arrival.at)
    job.end_time = arrival.at
    job.is_idle_flagged = False
    elapsed = arrival.event.data.get("elapsed_s")
    if job.resumes and job.start_time is not None and job.start_time.timestamp() < job.resumes[-1]["at"]:
        # It was paused: what its last process tells of itself is not the whole.
        job.elapsed_s = seconds_between(job.start_time, arrival.at, but=job.paused_s)
    elif elapsed is not None:
        job.elapsed_s = max(-_INT64_MAX, min(_INT64_MAX, int(elapsed))) if isfinite(elapsed) else None
    return job


def _keep(job: JobState, extra: dict[str, Any]) -> None:
    """What was told of a job beside its results, and by which settings it belongs to others."""
    is_same = job.extra is not None and extra.get("config") is job.extra.get("config")
    job.extra = extra
    if is_same:
        return
    settings = settings_of(extra)
    if settings.key != job.settings_key:
        job.settings_key, job.new_settings = settings


def _show(job: JobState, values: dict[str, float]) -> None:
    if job.latest is None:
        job.latest = {}
    job.latest.update(values)
    if len(job.latest) > curves.MAX_METRICS:
        job.latest = dict(list(job.latest.items())[: curves.MAX_METRICS])


def _forget_curve(job: JobState) -> None:
    job.n_points = 0
    job.last_epoch = job.first_epoch_at = job.last_epoch_at = job.latest = job.val_loss_trace = None


def _forget_what_is_repeated(job: JobState, step: int, at: datetime) -> None:
    """The first epoch after a pause: those that were reported for it and later places count once, by what comes now."""
    if not job.resumes or job.last_epoch is None or job.last_epoch_at is None:
        return
    if job.last_epoch_at.timestamp() < job.resumes[-1]["at"] <= at.timestamp() and step <= job.last_epoch:
        job.n_points = max(0, job.n_points - (job.last_epoch - step + 1))
        job.last_epoch = step - 1


def _trace(job: JobState, val_loss: float | None, *, replaces: bool) -> None:
    if val_loss is None or not isfinite(val_loss):
        return
    if job.val_loss_trace is None:
        job.val_loss_trace = []
    trace = job.val_loss_trace
    if replaces and trace:
        trace.pop()
    trace.append(val_loss)
    del trace[:-TRACE_LENGTH]


BY_TYPE: dict[str, Callable[[Tracked, Arrival], None]] = {
    EventType.JOB_START: on_start,
    EventType.JOB_EPOCH: on_epoch,
    EventType.JOB_STEP: on_step,
    EventType.JOB_CHECKPOINT: on_checkpoint,
    EventType.JOB_DONE: on_done,
    EventType.JOB_FAILED: on_failed,
    EventType.LOG_LINE: on_mention,
    EventType.ALERT: on_mention,
}
