"""Shapes of the front page. Keys that older pages read stand beside the newer ones."""

from __future__ import annotations

from argus_catalog.hosts.schemas import HostCard
from argus_catalog.projects.schemas import ProjectCard
from argus_catalog.wire import Shape, WireTime


class Counters(Shape):
    """The tiles. `avg_gpu_util` is in percent."""

    running_batches: int
    jobs_running: int
    jobs_done_24h: int
    jobs_failed_24h: int
    active_hosts: int
    my_running: int
    avg_gpu_util: float | None


class Activity(Shape):
    """Something that happened to a batch or a job."""

    event_type: str
    batch_id: str
    job_id: str | None
    project: str | None
    timestamp: WireTime
    summary: str
    message: str


class Alert(Shape):
    """A failure that the front page shows."""

    id: str
    kind: str
    level: str
    title: str
    body: str
    message: str
    timestamp: WireTime
    target_type: str
    target_id: str


class Dashboard(Shape):
    """The front page."""

    scope: str
    counters: Counters
    projects: list[ProjectCard]
    activity: list[Activity]
    hosts: list[HostCard]
    notifications: list[Alert]
    generated_at: WireTime
