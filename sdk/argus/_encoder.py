"""From a raw event to one line of the journal, which is also the event's JSON on the wire."""

from __future__ import annotations

import json
import time
import uuid

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
        "job_done",
        "job_failed",
        "resource_snapshot",
        "log_line",
        "env_snapshot",
    }
)
NEED_JOB = frozenset({"job_start", "job_epoch", "job_done", "job_failed"})

_LONGEST_JOB_ID = 256
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
        self._second = -1
        self._second_text = ""

    def encode(self, event: RawEvent) -> bytes:
        """One line of JSON with its newline. Raises `InvalidEventError` for what no server would take."""
        event_type, at, batch_id, job_id, data = event
        batch_id = batch_id or self._batch_id
        self._check(event_type, batch_id, job_id)
        head = f'{{"event_id":"{uuid.uuid4()}","schema_version":"{SCHEMA_VERSION}","event_type":"{event_type}",'
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
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_text}.{int((at - second) * 1000):03d}Z"


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
