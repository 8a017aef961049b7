"""What watchdogs read of the stream: of each event only what they need, and of most events nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import msgspec

from argus_contracts import bus as wire
from argus_contracts.events import EventType
from argus_contracts.timestamps import parse_timestamp
from argus_notifier.watchdogs.divergence import METRICS

_UNKNOWN_HOST: Final = "unknown"
_NON_FINITE: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Losses(msgspec.Struct, frozen=True):
    """A job's losses at one point of its curve. `at` in seconds since 1970; `place` is an epoch or a step.

    Of most events one is made: a struct costs a third of a frozen dataclass.
    """

    job_id: str
    at: float
    place: int | None
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a process told of its host."""

    job_id: str | None
    at: float
    host: str
    pid: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a job's log."""

    job_id: str
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A job failed."""

    job_id: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Begin:
    """A job began, or without one its batch: what was known of its losses is of another run."""

    job_id: str | None


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The batch was asked to stop."""


Reading = Losses | Snapshot | Line | Failure | Begin | StopAsked


class _Source(msgspec.Struct):
    host: str | None = None


class _LossData(msgspec.Struct):
    epoch: Any = None
    step: Any = None
    val_loss: Any = None
    train_loss: Any = None
    loss: Any = None


class _Point(msgspec.Struct):
    timestamp: str
    data: _LossData


class _LineData(msgspec.Struct):
    line: Any = None
    message: Any = None


class _Line(msgspec.Struct):
    timestamp: str
    data: _LineData


class _Any(msgspec.Struct):
    timestamp: str
    data: dict[str, Any]
    source: _Source = msgspec.field(default_factory=_Source)


_point = msgspec.json.Decoder(_Point).decode
_line = msgspec.json.Decoder(_Line).decode
_any = msgspec.json.Decoder(_Any).decode


def readings(bundle: wire.EventBundle) -> Iterator[Reading]:
    """What a bundle says, in its order."""
    for head, raw in zip(bundle.heads, bundle.events, strict=True):
        read = _READERS.get(head.event_type)
        if read is not None and (found := read(head.job_id, raw)) is not None:
            yield found


def _losses(job_id: str | None, raw: msgspec.Raw) -> Losses | None:
    point = _point(raw)
    found: dict[str, float] = {}
    for name in METRICS:
        told = getattr(point.data, name)
        if told is not None and (value := _number(told)) is not None:
            found[name] = value
    if not found or job_id is None:
        return None
    place = point.data.epoch if isinstance(point.data.epoch, int) else point.data.step
    return Losses(job_id, _seconds(point.timestamp), place if isinstance(place, int) else None, found)


def _step_losses(job_id: str | None, raw: msgspec.Raw) -> Losses | None:
    """Between epochs only what is no number is of interest."""
    found = _losses(job_id, raw)
    if found is None or not any(isnan(value) or abs(value) == float("inf") for value in found.values.values()):
        return None
    return found


def _snapshot(job_id: str | None, raw: msgspec.Raw) -> Snapshot:
    told = _any(raw)
    pid = told.data.get("pid")
    return Snapshot(
        job_id,
        _seconds(told.timestamp),
        told.source.host or _UNKNOWN_HOST,
        str(pid) if isinstance(pid, int) else "",
        told.data,
    )


def _log_line(job_id: str | None, raw: msgspec.Raw) -> Line | None:
    told = _line(raw)
    text = told.data.line or told.data.message
    return Line(job_id, _seconds(told.timestamp), text) if job_id is not None and isinstance(text, str) else None


def _failure(job_id: str | None, raw: msgspec.Raw) -> Failure | None:
    told = _any(raw)
    reason = " ".join(str(told.data[name]) for name in ("reason", "error") if told.data.get(name))
    return None if job_id is None else Failure(job_id, _seconds(told.timestamp), reason)


def _number(value: Any) -> float | None:
    # As JSON is read there are no other types of numbers.
    kind = type(value)
    if kind is float or kind is int:
        return float(value)
    return _NON_FINITE.get(value) if kind is str else None


def _seconds(timestamp: str) -> float:
    at = parse_timestamp(timestamp)
    # What has no time of its own is too old for a word.
    return 0.0 if at is None else at.timestamp()


_READERS: Final[dict[str, Callable[[str | None, msgspec.Raw], Reading | None]]] = {
    EventType.JOB_EPOCH: _losses,
    EventType.JOB_STEP: _step_losses,
    EventType.RESOURCE_SNAPSHOT: _snapshot,
    EventType.LOG_LINE: _log_line,
    EventType.JOB_FAILED: _failure,
    EventType.JOB_START: lambda job_id, _raw: Begin(job_id),
    EventType.BATCH_START: lambda _job_id, _raw: Begin(None),
    EventType.BATCH_STOP_REQUESTED: lambda _job_id, _raw: StopAsked(),
}
