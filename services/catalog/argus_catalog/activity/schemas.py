"""Shapes of a batch's activity."""

from __future__ import annotations

from argus_catalog.wire import Shape, WireTime


class Happening(Shape):
    """Something that happened in a batch. `by` is who asked for it; `detail` a reason or a message, cut if long.
    Of an alert `status` is its level.
    """

    id: int
    event_type: str
    at: WireTime
    job_id: str | None
    model: str | None
    dataset: str | None
    status: str | None
    elapsed_s: int | None
    by: str | None
    detail: str | None


class BatchActivity(Shape):
    """The newest happenings first. `next_before` leads to older ones; null: there are none."""

    items: list[Happening]
    next_before: int | None
