"""The shape of a log line."""

from __future__ import annotations

from argus_catalog.wire import Shape, WireTime


class LogLine(Shape):
    """One line. `id` counts within the batch."""

    id: int
    event_id: str | None
    ts: WireTime
    job_id: str | None
    level: str
    line: str
