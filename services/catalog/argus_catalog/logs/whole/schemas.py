"""The shapes of pages of a log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer

from argus_catalog.wire import Shape
from argus_kit.clock import iso_exact

ExactTime = Annotated[datetime, PlainSerializer(iso_exact, return_type=str, when_used="json-unless-none")]


class LogRow(Shape):
    """One line and its place: `n` counts the lines of this log from 0. `stream` is stdout or stderr for a line that the
    run printed; a line with `dropped` stands for so many that were not sent.
    """

    id: int
    n: int
    event_id: str | None
    ts: ExactTime
    job_id: str | None
    level: str
    stream: str | None
    dropped: int | None
    line: str


class LogScan(Shape):
    """Which lines a search has looked at: from `from_line` up to but without `to_line`, by place and by id. It goes on
    with `before=from_id`, or with `line=to_line`.
    """

    from_line: int
    to_line: int
    from_id: int
    to_id: int


class LogPage(Shape):
    """Lines in their order, and how many the log has. `scanned` is there when lines were searched for."""

    items: list[LogRow]
    total: int
    scanned: LogScan | None
