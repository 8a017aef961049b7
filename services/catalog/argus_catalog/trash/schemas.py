"""Shapes of the trash."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from argus_catalog.batches.schemas import Skipped
from argus_catalog.wire import Shape, WireTime

MOST_AT_ONCE = 500
Id = Annotated[str, StringConstraints(min_length=1, max_length=512)]


class TrashItem(Shape):
    """A deleted batch, or with `job_id` a job. `leaves_at`: when it is removed for good; null: it is kept."""

    kind: Literal["batch", "job"]
    batch_id: str
    job_id: str | None
    title: str
    subtitle: str | None
    project: str
    status: str | None
    owner: str | None
    n_jobs: int | None
    deleted_at: WireTime
    deleted_by: str | None
    leaves_at: WireTime | None


class Trash(Shape):
    """What was deleted last, first. `grace_days`: how long deleted things are kept; null: for ever."""

    items: list[TrashItem]
    next_cursor: str | None
    grace_days: float | None


class NamedJob(BaseModel):
    """A job by its two ids."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch_id: Id
    job_id: Id


class Chosen(BaseModel):
    """Deleted batches and jobs, at most 500 together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batches: list[Id] = Field(default=[], max_length=MOST_AT_ONCE)
    jobs: list[NamedJob] = Field(default=[], max_length=MOST_AT_ONCE)


class TrashDone(Shape):
    """What was done to which of them; a job is named `batch/job`. Reasons: not_found, leaving, active, failed."""

    done: list[str]
    skipped: list[Skipped]
