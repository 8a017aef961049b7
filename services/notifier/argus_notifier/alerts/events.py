"""Which events of a bundle are worth a word, and how they are read for it."""

from __future__ import annotations

from typing import Any

import msgspec

from argus_contracts import bus as wire
from argus_contracts.events import EventType
from argus_contracts.timestamps import parse_timestamp
from argus_kit.clock import now
from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_notifier.kinds import BY_EVENT, Kind, Severity


class _Envelope(msgspec.Struct):
    """What is read of an event's envelope."""

    event_id: str
    event_type: str
    timestamp: str = ""
    job_id: str | None = None
    data: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(_Envelope)
# Of an alert all else that a script may have sent is not for us.
_OF_ALERT = ("title", "text")
_LEVELS: dict[object, Severity] = {"info": "info", "warn": "warn", "error": "error"}


def is_worth_a_word(bundle: wire.EventBundle) -> bool:
    """Whether there is anything in it to tell; nothing is decoded for that."""
    return any(head.event_type in BY_EVENT for head in bundle.heads)


def occurrences_of(bundle: wire.EventBundle) -> list[Occurrence]:
    """What a bundle says that happened; events that are not worth a word are not even decoded."""
    batch = batch_of(bundle)
    return [
        _occurrence(_DECODER.decode(raw), batch)
        for head, raw in zip(bundle.heads, bundle.events, strict=True)
        if head.event_type in BY_EVENT
    ]


def batch_of(bundle: wire.EventBundle) -> Batch:
    """The batch of a bundle."""
    return Batch(bundle.batch_key, bundle.batch_id, bundle.project, bundle.owner_id)


def leaves(occurrence: Occurrence) -> bool:
    """Whether one of several processes left the batch that they share."""
    return occurrence.kind == BY_EVENT[EventType.BATCH_DONE].name and occurrence.data.get("joined") is True


def _occurrence(event: _Envelope, batch: Batch) -> Occurrence:
    kind = BY_EVENT[event.event_type]
    # A divergence names its job in its data.
    named = event.data.get("job_id")
    return Occurrence(
        kind=kind.name,
        key=f"{event.event_type}:{event.event_id}",
        severity=_severity(kind, event),
        at=parse_timestamp(event.timestamp) or now(),
        batch=batch,
        job_id=event.job_id or (named if isinstance(named, str) else None),
        data=_data(event),
    )


def _severity(kind: Kind, event: _Envelope) -> Severity:
    """That of the kind; an alert says itself how much it matters."""
    return _LEVELS.get(event.data.get("level"), kind.severity) if event.event_type == EventType.ALERT else kind.severity


def _data(event: _Envelope) -> dict[str, Any]:
    if event.event_type != EventType.ALERT:
        return event.data
    return {name: event.data[name] for name in _OF_ALERT if name in event.data}
