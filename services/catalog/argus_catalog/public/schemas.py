"""Shapes of published projects, and of publishing one."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from argus_catalog.wire import Shape, WireTime


class PublicProjectCard(Shape):
    """A published project in the list of all."""

    project: str
    description: str | None
    published_at: WireTime | None
    n_batches: int


class PublicProject(Shape):
    """A published project. `failure_rate` 0..1, `gpu_hours` in hours."""

    project: str
    description: str | None
    published_at: WireTime | None
    n_batches: int
    running_batches: int
    jobs_done: int
    jobs_failed: int
    failure_rate: float | None
    gpu_hours: float
    first_event_at: WireTime | None
    last_event_at: WireTime | None


class PublicProjectBatch(Shape):
    """A batch of a published project."""

    batch_id: str
    project: str
    host: str | None
    status: str | None
    n_total: int | None
    n_done: int
    n_failed: int
    start_time: WireTime | None
    end_time: WireTime | None


class NewPublication(BaseModel):
    """What a published project's page says of it."""

    model_config = ConfigDict(extra="forbid")

    description: str | None = Field(None, max_length=500)


class Publication(Shape):
    """That a project is published, by whom and since when."""

    project: str
    is_public: bool
    public_description: str | None
    published_at: WireTime | None
    published_by_user_id: int | None
