"""Shapes of a project's overview."""

from __future__ import annotations

from argus_catalog.wire import Shape


class FailureCause(Shape):
    """A kind of failure: how many jobs died of it, what that cost, and the last of them."""

    kind: str
    jobs: int
    gpu_hours: float
    batch_id: str
    job_id: str
    reason: str | None


class HoursByOutcome(Shape):
    """GPU-hours of the jobs that ended in one status."""

    status: str
    jobs: int
    gpu_hours: float


class ProjectDay(Shape):
    """What began and ended on one day (UTC)."""

    date: str
    batches: int
    jobs_done: int
    jobs_failed: int
    gpu_hours: float


class ProjectOverview(Shape):
    """How a project's work goes. Wasted are the hours of jobs that failed or were lost; a pruned trial is no waste.

    `failures_read` of all failed jobs were looked at, the last ones.
    """

    project: str
    gpu_hours_used: float
    gpu_hours_wasted: float
    outcomes: list[HoursByOutcome]
    failures: list[FailureCause]
    failures_read: int
    days: list[ProjectDay]
