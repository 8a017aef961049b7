"""Shapes of a project's settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from argus_catalog.wire import Shape

Column = Annotated[str, Field(min_length=1, max_length=128)]


class ProjectSettingsIn(BaseModel):
    """What is said about a project. What is left out or null is not said (any more).

    `direction` belongs to `primary_metric`. `stall_minutes`: how long a running batch of the project may be silent
    before it is shown as standing still and stalls. `idle_minutes`: after how long an idle GPU is told of;
    `divergence_ratio` and `divergence_window`: how many times its value, over how many values, a validation loss must
    grow to be told of as diverging. `default_columns` are names of the query language.
    """

    model_config = ConfigDict(extra="forbid")

    description: Annotated[str, Field(max_length=4000)] | None = None
    primary_metric: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    direction: Literal["min", "max"] | None = None
    default_columns: Annotated[list[Column], Field(max_length=30)] | None = None
    stall_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] | None = None
    idle_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] | None = None
    divergence_ratio: Annotated[float, Field(ge=1, le=1e6, allow_inf_nan=False)] | None = None
    divergence_window: Annotated[int, Field(ge=2, le=20)] | None = None


class ProjectSettings(Shape):
    """What was said about a project, and whether the caller may change it."""

    description: str | None
    primary_metric: str | None
    direction: Literal["min", "max"] | None
    default_columns: list[str] | None
    stall_minutes: int | None
    idle_minutes: int | None
    divergence_ratio: float | None
    divergence_window: int | None
    may_change: bool
