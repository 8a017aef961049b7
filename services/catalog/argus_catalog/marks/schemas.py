"""Shapes of stars and pins."""

from __future__ import annotations

from pydantic import BaseModel, Field

from argus_catalog.wire import Shape, WireTime


class NewStar(BaseModel):
    """What to star."""

    target_type: str
    target_id: str = Field(min_length=1, max_length=256)


class Star(Shape):
    """A starred project or batch."""

    target_type: str
    target_id: str
    starred_at: WireTime


class NewPin(BaseModel):
    """Which batch to pin for comparison."""

    batch_id: str = Field(min_length=1, max_length=128)


class Pin(Shape):
    """A pinned batch."""

    batch_id: str
    pinned_at: WireTime
    project: str
    status: str | None
    n_total: int | None
    n_done: int
    n_failed: int
    start_time: WireTime | None
