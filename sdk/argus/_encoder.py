"""From a raw event to one line of the journal, which is also the event's JSON on the wire.

Points of curves are nearly all of the events. Their lines differ in numbers only, so each job and set of names has a
template that the numbers are put into; everything else goes through `json`.
"""

from __future__ import annotations

import json
import os
import time
from operator import itemgetter

from argus._values import freeze, plain, spell
from argus._version import SCHEMA_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from argus._batcher import RawEvent

    # A line with places for id, time and numbers, and what takes the numbers out of an event.
    _Template: TypeAlias = tuple[str, Callable[[RawEvent], tuple[object, ...]]]

EVENT_TYPES = frozenset(
    {
        "batch_start",
        "batch_done",
        "batch_failed",
        "job_start",
        "job_epoch",
        "job_step",
        "job_done",
        "job_failed",
        "resource_snapshot",
        "log_line",
        "env_snapshot",
        "job_checkpoint",
        "batch_paused",
        "alert",
    }
)
NEED_JOB = frozenset({"job_start", "job_epoch", "job_step", "job_checkpoint", "job_done", "job_failed"})

_LONGEST_JOB_ID = 256
_EPOCH_NAMES = ("epoch", "train_loss", "val_loss", "lr", "batch_time_ms")
_NUMBERS = frozenset({float, int})
# A script that makes up a metric's name in every step gets no template of its own for each.
_MOST_TEMPLATES = 512
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=freeze).encode


class InvalidEventError(Exception):
    """The event can never be accepted; `reason` is the name that it is counted under."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Encoder:
    """Encodes the events of one source (project, host, user, commit, command)."""

    def __init__(self, source: dict[str, str | None], batch_id: str | None) -> None:
        self._source = _to_json({key: value for key, value in source.items() if value is not None})
        self._batch_id = batch_id
        self._templates: dict[tuple[object, ...], _Template] = {}
        self._second = -1
        self._second_text = ""
        self._id_head = ""
        self._id_tail = 0
        self.begin_slice()

    def begin_slice(self) -> None:
        """Event ids are UUIDs: random bits that are drawn for each slice of events, and a count within it."""
        digits = os.urandom(9).hex()
        self._id_head = f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:]}-"
        self._id_tail = 0

    def encode(self, event: RawEvent) -> bytes:
        """One line of JSON with its newline. Raises `InvalidEventError` for what no server would take."""
        if len(event) == 5:
            return self._any(*event)
        kind: tuple[object, ...]
        if event[0] == "job_epoch":
            kind = (event[2], event[8], event[4] is None, event[5] is None, event[6] is None, event[7] is None)
        else:
            kind = (event[2], event[4])
        template, pick = self._templates.get(kind) or self._template(kind, event)
        numbers = pick(event)
        if not _NUMBERS.issuperset(map(type, numbers)) or not _is_finite(numbers):
            return self._any(event[0], event[1], None, event[2], _data(event))
        self._id_tail += 1
        at = event[1]
        second = int(at)
        if second != self._second:
            self._new_second(second)
        text = template % (self._id_head, self._id_tail, self._second_text, (at - second) * 1000, *numbers)
        return text.encode("utf-8", "replace")

    def _template(self, kind: tuple[object, ...], event: RawEvent) -> _Template:
        """The line of all points of one job that have the same names, and the places of their numbers in the event."""
        self._check(event[0], self._batch_id, event[2])
        usual = _EPOCH_NAMES if event[0] == "job_epoch" else ()  # whether they are given is a part of `kind`
        places = {
            name: place for name, place in _places(event).items() if event[place] is not None or name not in usual
        }
        head = f'{{"event_id":"%s%012x","schema_version":"{SCHEMA_VERSION}","event_type":"{event[0]}",'
        place = f'"batch_id":{_to_json(self._batch_id)},"job_id":{_to_json(event[2])},"source":{self._source},'
        data = ",".join(f"{_escaped(_to_json(name))}:%r" for name in places)
        text = f'{head}"timestamp":"%s.%03dZ",{_escaped(place)}"data":{{{data}}}}}\n'
        if len(self._templates) >= _MOST_TEMPLATES:
            self._templates.clear()
        made = self._templates[kind] = (text, _picker(list(places.values())))
        return made

    def _any(
        self, event_type: str, at: float, batch_id: str | None, job_id: str | None, data: dict[str, object]
    ) -> bytes:
        batch_id = batch_id or self._batch_id
        self._check(event_type, batch_id, job_id)
        self._id_tail += 1
        event_id = f"{self._id_head}{self._id_tail:012x}"
        head = f'{{"event_id":"{event_id}","schema_version":"{SCHEMA_VERSION}","event_type":"{event_type}",'
        when = f'"timestamp":"{self._timestamp(at)}","batch_id":{_to_json(batch_id)},"job_id":{_to_json(job_id)},'
        try:
            text = f'{head}{when}"source":{self._source},"data":{_encode_data(data)}}}\n'
            return text.encode("utf-8", "replace")
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidEventError("unencodable", f"{event_type} cannot be written as JSON: {error}") from error

    def _check(self, event_type: str, batch_id: str | None, job_id: str | None) -> None:
        if event_type not in EVENT_TYPES:
            raise InvalidEventError("unknown_type", f"unknown event type {event_type!r}")
        if not batch_id:
            raise InvalidEventError("no_batch", f"{event_type} came before batch_start")
        if event_type in NEED_JOB and not job_id:
            raise InvalidEventError("no_job", f"{event_type} needs a job id")
        if job_id is not None and len(job_id) > _LONGEST_JOB_ID:
            raise InvalidEventError("long_job_id", f"a job id has at most {_LONGEST_JOB_ID} characters")

    def _timestamp(self, at: float) -> str:
        second = int(at)
        if second != self._second:
            self._new_second(second)
        return f"{self._second_text}.{int((at - second) * 1000):03d}Z"

    def _new_second(self, second: int) -> None:
        self._second = second
        self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _is_finite(numbers: tuple[Any, ...]) -> bool:
    """Whether none is NaN or infinite: their sum would be too."""
    try:
        total = sum(numbers)
    except OverflowError:
        return False
    return bool(total - total == 0.0)


def _places(event: RawEvent) -> dict[str, int]:
    """Where each number of a point is in its event."""
    if event[0] == "job_epoch":
        return dict(zip((*_EPOCH_NAMES, *event[8]), (3, 4, 5, 6, 7, *range(9, len(event))), strict=True))
    names = event[4] if type(event[4]) is tuple else (event[4],)
    return dict(zip(("step", *names), (3, *range(5, len(event))), strict=True))


def _data(event: RawEvent) -> dict[str, object]:
    return {name: event[place] for name, place in _places(event).items()}


def _picker(places: list[int]) -> Callable[[RawEvent], tuple[object, ...]]:
    if len(places) == 1:
        (place,) = places
        return lambda event: (event[place],)
    return itemgetter(*places)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _encode_data(data: dict[str, object]) -> str:
    """The data object without its nulls; floats that JSON lacks are spelled out."""
    fields: dict[str, object] = {}
    for key, value in data.items():
        kind = type(value)
        if kind is float:
            fields[key] = value if value - value == 0.0 else spell(value)  # type: ignore[operator,arg-type]
        elif value is not None:
            fields[key] = value if kind is int or kind is str or kind is bool else plain(value)
    return _to_json(fields)
