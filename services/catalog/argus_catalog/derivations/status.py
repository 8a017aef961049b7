"""What a status means: which batches and jobs are over, which are alive, and what is shown of a job left behind."""

from __future__ import annotations

from datetime import datetime

from argus_schema.statuses import LIVE_JOB, LOST, TERMINAL

ACTIVE = frozenset({"running", "pending", "stopping", "requested", "stalled", "divergent", "in_progress", "paused"})
"""Batches with these may still hear of their run."""
RUNNING = ("running", "in_progress", "pending", "stalled", "stopping", "paused", "divergent")
"""Batches that a project's card counts as running: their run has begun and has not ended."""
UNDELETABLE = frozenset({"running", "pending", "stopping"})
"""Batches that cannot be deleted."""
_SILENT = frozenset({"requested", "paused"})
"""Batches with these have no process that could be heard."""
PAUSED = "paused"
"""What a batch or job is called whose process saved itself and is gone, to be resumed."""


def is_stalled(status: str | None, last_event_age_s: float | None, threshold_s: float) -> bool:
    """Whether a batch that should be alive has been silent for longer than the threshold."""
    if status == "stalled":
        return True
    if status in TERMINAL or status in _SILENT or last_event_age_s is None:
        return False
    return last_event_age_s > threshold_s


def age_s(at: datetime | None, now: datetime) -> float | None:
    """Seconds since `at`, never negative: a sender's clock may run ahead."""
    return None if at is None else max(0.0, (now - at).total_seconds())


def shown_job_status(
    status: str | None,
    start_time: datetime | None,
    last_epoch_at: datetime | None,
    batch_status: str | None,
    batch_end: datetime | None,
) -> str | None:
    """The status of a job, "lost" when its batch ended without a word of it. A later event revives it."""
    if status not in LIVE_JOB or batch_status not in TERMINAL:
        return status
    heard = max((at for at in (start_time, last_epoch_at) if at is not None), default=None)
    if heard is not None and batch_end is not None and heard > batch_end:
        return status
    return LOST
