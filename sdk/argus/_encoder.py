"""From a raw event to one line of the journal, which is also the event's JSON on the wire.

Points of curves are nearly all of the events. Their lines differ in numbers only, so each job and set of names has a
template that the numbers are put into; everything else goes through `json`.
"""

from __future__ import annotations

import json
import os
import time

from argus._values import freeze, plain, spell
from argus._version import SCHEMA_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argus._batcher import RawEvent

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
    }
)
NEED_JOB = frozenset({"job_start", "job_epoch", "job_step", "job_done", "job_failed"})

_LONGEST_JOB_ID = 256
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
        self._templates: dict[tuple[object, ...], str] = {}
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
        size = len(event)
        if size == 9:  # job_epoch, as JobContext.epoch hands it over
            _, at, job_id, epoch, train_loss, val_loss, lr, batch_time_ms, extra = event  # type: ignore[misc]
            names = {
                "epoch": epoch,
                "train_loss": train_loss,
                "val_loss": val_loss,
                "lr": lr,
                "batch_time_ms": batch_time_ms,
            }
            names.update(extra)
            return self._point("job_epoch", at, job_id, names)
        if size == 6:  # job_step, as JobContext.metric hands it over
            _, at, job_id, step, name, value = event  # type: ignore[misc]
            return self._point("job_step", at, job_id, {"step": step, name: value})
        return self._any(*event)  # type: ignore[arg-type]

    def _point(self, event_type: str, at: float, job_id: str, data: dict[str, object]) -> bytes:
        """A point with finite numbers only goes into a template; others go the long way."""
        numbers = [value for value in data.values() if value is not None]
        if not _NUMBERS.issuperset(map(type, numbers)):
            return self._any(event_type, at, None, job_id, data)
        try:
            total = sum(numbers)  # type: ignore[arg-type]
            if total - total != 0.0:  # one of them is NaN or infinite
                return self._any(event_type, at, None, job_id, data)
        except OverflowError:
            return self._any(event_type, at, None, job_id, data)
        names = tuple(data) if len(numbers) == len(data) else tuple(k for k, v in data.items() if v is not None)
        template = self._templates.get((job_id, names)) or self._template(event_type, job_id, names)
        self._id_tail += 1
        second = int(at)
        if second != self._second:
            self._new_second(second)
        return (template % (self._id_head, self._id_tail, self._second_text, (at - second) * 1000, *numbers)).encode(
            "utf-8", "replace"
        )

    def _template(self, event_type: str, job_id: str, names: tuple[str, ...]) -> str:
        self._check(event_type, self._batch_id, job_id)
        head = f'{{"event_id":"%s%012x","schema_version":"{SCHEMA_VERSION}","event_type":"{event_type}",'
        place = f'"batch_id":{_to_json(self._batch_id)},"job_id":{_to_json(job_id)},"source":{self._source},'
        data = ",".join(f"{_escaped(_to_json(name))}:%r" for name in names)
        template = f'{head}"timestamp":"%s.%03dZ",{_escaped(place)}"data":{{{data}}}}}\n'
        if len(self._templates) >= _MOST_TEMPLATES:
            self._templates.clear()
        self._templates[job_id, names] = template
        return template

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
