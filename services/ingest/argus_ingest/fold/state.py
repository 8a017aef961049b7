"""What a flush knows of a batch and its jobs while it folds events into them: the rows' columns, and what is new."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from argus_contracts.errors import ErrorCode
from argus_contracts.events import Event, EventType
from argus_contracts.points import EPOCHS
from argus_kit.actor import Actor
from argus_schema.seeds import NO_SETTINGS

# How non-finite numbers are written where JSON has none.
_NON_FINITE: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Outcome:
    """What became of one event: `status` is accepted, deduplicated or rejected."""

    __slots__ = ("code", "db_id", "error", "http_status", "status")

    def __init__(
        self,
        status: str,
        db_id: int | None = None,
        error: str | None = None,
        code: ErrorCode | None = None,
        http_status: int = 200,
    ) -> None:
        self.status = status
        self.db_id = db_id
        self.error = error
        self.code = code
        self.http_status = http_status


class Arrival:
    """One decoded event on its way into the tables.

    `at` is the sender's time; where that lies more than a day ahead of ours, it is the time of arrival, and `sent_at`
    keeps what the sender said. `db_id` is set when the event gets its place in the batch. `trace` are the headers of
    the request's trace, where that is recorded.
    """

    __slots__ = ("_numbers", "actor", "at", "db_id", "event", "key", "outcome", "sent_at", "trace")

    def __init__(self, event: Event, actor: Actor, key: bytes, at: datetime, sent_at: datetime | None) -> None:
        self.event = event
        self.actor = actor
        self.key = key
        self.at = at
        self.sent_at = sent_at
        self.db_id = 0
        self.outcome: Outcome | None = None
        self.trace: dict[str, str] | None = None
        self._numbers: dict[str, float] | None = None

    @property
    def numbers(self) -> dict[str, float]:
        """The metrics of an epoch or a step, looked for once."""
        if self._numbers is None:
            self._numbers = numbers(self.event.data, place_of(self.event))
        return self._numbers


def place_of(event: Event) -> str:
    """The key of a point's data that says where it lies on its curve."""
    return "step" if event.event_type == EventType.JOB_STEP else "epoch"


def numbers(data: dict[str, Any], place: str) -> dict[str, float]:
    """The metrics of an epoch or a step: every number but the one under `place`."""
    found: dict[str, float] = {}
    for name, value in data.items():
        kind = value.__class__
        if kind is float:
            found[name] = value
        elif kind is int:
            if name != place:
                found[name] = float(value)
        elif kind is str and value in _NON_FINITE:
            found[name] = _NON_FINITE[value]
    return found


@dataclass(slots=True)
class Point:
    """One point of a job's curves. `at` in seconds since 1970; `values` may hold NaN and infinities; `kind` says
    whether `step` is an epoch or a step (`argus_contracts.points`).
    """

    db_id: int
    step: int
    at: float
    values: dict[str, float]
    kind: int = EPOCHS


class Block(NamedTuple):
    """A row of `metric_block` without its job; `id` is the number of its first point's event."""

    id: int
    n_points: int
    first_step: int
    last_step: int
    names: list[str]
    payload: bytes


@dataclass(slots=True)
class BatchState:
    """A row of `batch` without what no fold reads, and what this flush adds to it."""

    batch_key: int
    id: str
    project: str = ""
    experiment_type: str | None = None
    user: str | None = None
    host: str | None = None
    command: str | None = None
    status: str | None = None
    owner_id: int | None = None
    n_total: int | None = None
    n_done: int = 0
    n_failed: int = 0
    n_jobs: int = 0
    elapsed_s: int = 0
    start_time: datetime | None = None
    end_time: datetime | None = None
    error: str | None = None
    stop_requested_at: datetime | None = None
    stop_requested_by: str | None = None
    pause_requested_at: datetime | None = None
    pause_requested_by: str | None = None
    paused_at: datetime | None = None
    paused_s: int = 0
    went_on_at: datetime | None = None
    checkpoint: dict[str, Any] | None = None
    last_event_at: datetime | None = None
    is_divergent: bool = False
    is_idle: bool = False
    is_placeholder: bool = False
    event_seq: int = 0
    deleted_at: datetime | None = None
    has_env: bool = False
    # Not columns:
    new_env: dict[str, Any] | None = None
    job_statuses: Counter[str] = field(default_factory=Counter)
    stopped_by: str | None = None
    has_new_checkpoint: bool = False
    # A pause ended in this flush.
    has_resumed: bool = False


@dataclass(slots=True)
class JobState:
    """A row of `job`, and what this flush adds to it."""

    job_no: int
    job_id: str
    model: str | None = None
    dataset: str | None = None
    status: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    elapsed_s: int | None = None
    metrics: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    reason: str | None = None
    is_idle_flagged: bool = False
    paused_s: int = 0
    checkpoint: dict[str, Any] | None = None
    settings_key: int = NO_SETTINGS
    n_points: int = 0
    last_epoch: int | None = None
    first_epoch_at: datetime | None = None
    last_epoch_at: datetime | None = None
    latest: dict[str, Any] | None = None
    val_loss_trace: list[float] | None = None
    # By metric; None as long as the job has no point.
    summary: dict[str, Any] | None = None
    resumes: list[dict[str, Any]] | None = None
    n_blocks: int = 0
    deleted_at: datetime | None = None
    # Not columns. What the batch's `elapsed_s` holds of this job.
    counted_s: int = 0
    # The head is all but the summary of the curve, which alone changes with most events.
    is_new: bool = False
    # What it is run with but for its seeds, where this flush brought it.
    new_settings: Any = None
    is_touched: bool = False
    has_new_head: bool = False
    points: list[Point] = field(default_factory=list)
    # Of these, how many were given to the run that they belong to.
    n_settled: int = 0
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Tracked:
    """One batch of a flush with the jobs that its events name, by job id."""

    batch: BatchState
    jobs: dict[str, JobState] = field(default_factory=dict)
    last_job_no: int = 0
