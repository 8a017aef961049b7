"""The events of schema v1.1: their types, and one event as the services hand it on.

What the ``data`` of each type may say stands in ``payloads``.
"""

from datetime import UTC, datetime
from math import isfinite, isnan
from typing import Any, Final
from uuid import uuid4

import msgspec

SCHEMA_VERSION: Final = "1.1"
SUPPORTED_VERSIONS: Final = (SCHEMA_VERSION,)


class EventType:
    """Names of event types. The first fourteen are sent by clients; the others are made by the server, which may also
    make ``batch_paused``.
    """

    BATCH_START: Final = "batch_start"
    BATCH_DONE: Final = "batch_done"
    BATCH_FAILED: Final = "batch_failed"
    JOB_START: Final = "job_start"
    JOB_EPOCH: Final = "job_epoch"
    JOB_STEP: Final = "job_step"
    JOB_CHECKPOINT: Final = "job_checkpoint"
    BATCH_PAUSED: Final = "batch_paused"
    JOB_DONE: Final = "job_done"
    JOB_FAILED: Final = "job_failed"
    RESOURCE_SNAPSHOT: Final = "resource_snapshot"
    LOG_LINE: Final = "log_line"
    ENV_SNAPSHOT: Final = "env_snapshot"
    ALERT: Final = "alert"

    BATCH_SUMMARY: Final = "batch_summary"
    BATCH_STOP_REQUESTED: Final = "batch_stop_requested"
    BATCH_STOPPED: Final = "batch_stopped"
    BATCH_STALLED: Final = "batch_stalled"
    BATCH_DIVERGED: Final = "batch_diverged"
    JOB_IDLE_FLAGGED: Final = "job_idle_flagged"
    JOB_IDLE_RECOVERED: Final = "job_idle_recovered"
    RERUN_REQUESTED: Final = "rerun_requested"
    BATCH_PAUSE_REQUESTED: Final = "batch_pause_requested"
    BATCH_RESUMED: Final = "batch_resumed"
    ARTIFACT_ADDED: Final = "artifact_added"


INGESTED_TYPES: Final = (
    EventType.BATCH_START,
    EventType.BATCH_DONE,
    EventType.BATCH_FAILED,
    EventType.JOB_START,
    EventType.JOB_EPOCH,
    EventType.JOB_STEP,
    EventType.JOB_DONE,
    EventType.JOB_FAILED,
    EventType.RESOURCE_SNAPSHOT,
    EventType.LOG_LINE,
    EventType.ENV_SNAPSHOT,
    EventType.JOB_CHECKPOINT,
    EventType.BATCH_PAUSED,
    EventType.ALERT,
)
SERVER_TYPES: Final = (
    EventType.BATCH_SUMMARY,
    EventType.BATCH_STOP_REQUESTED,
    EventType.BATCH_STOPPED,
    EventType.BATCH_STALLED,
    EventType.BATCH_DIVERGED,
    EventType.JOB_IDLE_FLAGGED,
    EventType.JOB_IDLE_RECOVERED,
    EventType.RERUN_REQUESTED,
    EventType.BATCH_PAUSE_REQUESTED,
    EventType.BATCH_RESUMED,
    EventType.ARTIFACT_ADDED,
)
# These mean nothing without a job.
JOB_TYPES: Final = frozenset(
    {
        EventType.JOB_START,
        EventType.JOB_EPOCH,
        EventType.JOB_STEP,
        EventType.JOB_CHECKPOINT,
        EventType.JOB_DONE,
        EventType.JOB_FAILED,
    }
)


class Source(msgspec.Struct, forbid_unknown_fields=True):
    """Where an event comes from. ``commit`` is a short git sha, ``command`` the command line of the run."""

    project: str
    host: str | None = None
    user: str | None = None
    commit: str | None = None
    command: str | None = None


class Event(msgspec.Struct):
    """A decoded and checked event.

    ``timestamp_text`` is the sender's text, ``at`` the same instant as aware UTC. In ``data`` the known keys have their
    declared types (a number may be int where a float is declared) and floats may be nan or infinite.
    """

    event_id: str
    event_type: str
    timestamp_text: str
    at: datetime
    batch_id: str
    job_id: str | None
    source: Source
    data: dict[str, Any]
    schema_version: str = SCHEMA_VERSION


class _WireEvent(msgspec.Struct):
    """Key order and names of an envelope as it leaves the server."""

    schema_version: str
    event_type: str
    timestamp: str
    batch_id: str
    job_id: str | None
    source: Source
    data: dict[str, Any]
    event_id: str


_ENCODER: Final = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    """Write an event as its full JSON envelope, for bundles and streams.

    JSON has no NaN and no infinities: they become the strings "NaN", "Infinity" and "-Infinity", which the decoder
    reads back as numbers where a number is declared.
    """
    return _ENCODER.encode(
        _WireEvent(
            event.schema_version,
            event.event_type,
            event.timestamp_text,
            event.batch_id,
            event.job_id,
            event.source,
            json_safe(event.data),
            event.event_id,
        )
    )


def json_safe(data: dict[str, Any]) -> dict[str, Any]:
    """``data`` with non-finite floats as strings at any depth; the same object when there are none."""
    for value in data.values():
        kind = value.__class__
        if (kind is float and not isfinite(value)) or kind is dict or kind is list:
            return {key: _safe_value(value) for key, value in data.items()}
    return data


def _safe_value(value: Any) -> Any:
    kind = value.__class__
    if kind is float and not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if kind is dict:
        return {key: _safe_value(item) for key, item in value.items()}
    if kind is list:
        return [_safe_value(item) for item in value]
    return value


def server_event(
    event_type: str,
    *,
    batch_id: str,
    project: str,
    at: datetime,
    job_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Make an event on the server's own account, with a fresh id. ``at`` must be aware."""
    instant = at.astimezone(UTC)
    text = instant.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Event(str(uuid4()), event_type, text, instant, batch_id, job_id, Source(project), data or {})
