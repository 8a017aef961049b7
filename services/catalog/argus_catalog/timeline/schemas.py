"""The shapes of a job's life."""

from __future__ import annotations

from typing import Literal

from argus_catalog.logs.whole.schemas import ExactTime
from argus_catalog.wire import Shape

Happening = Literal[
    "started",
    "resumed",
    "first_epoch",
    "artifact",
    "warning",
    "error",
    "stalled",
    "diverged",
    "idle",
    "busy_again",
    "stop_requested",
    "pause_requested",
    "paused",
    "continued",
    "alert",
    "done",
    "failed",
    "lost",
    "ended",
]


class Moment(Shape):
    """Something that happened. `text` is what was told of it, such as a line, a file's name, or who asked; `line_id`
    finds the line in the log, `artifact_id` the file. `count` lines of the same kind stand behind a warning. `level` is
    that of an alert.
    """

    at: ExactTime
    kind: Happening
    text: str | None = None
    line_id: int | None = None
    artifact_id: int | None = None
    size_bytes: int | None = None
    epoch: int | None = None
    count: int = 1
    level: Literal["info", "warn", "error"] | None = None


class Run(Shape):
    """One of the runs of a job: the first, or one that resumed it from `epoch`. `end` is null while it goes on, and
    where nothing told of it.
    """

    start: ExactTime
    end: ExactTime | None
    epoch: int | None


class JobTimeline(Shape):
    """The life of a job. `elapsed_s` is from its first start to its end or now without its pauses, `last_run_s` of its
    last run alone.

    Of what the server itself noted, moments before `noted_since` are not looked up; of the log's lines those before
    the place `log_from_line`. Null and 0: all were.
    """

    runs: list[Run]
    moments: list[Moment]
    elapsed_s: int | None
    last_run_s: int | None
    noted_since: ExactTime | None
    log_from_line: int
