"""What a flush tells the bus: per batch one bundle of its new events, and a summary when the batch changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from argus_contracts import bus
from argus_contracts.events import Event, EventType, encode_event, server_event
from argus_ingest.fold.state import Arrival, BatchState
from argus_ingest.lifecycle import BatchStatus
from argus_kit.bus import Outgoing
from argus_kit.clock import iso

# NATS takes messages of 1 MiB; a bundle that would be larger becomes several.
MAX_BUNDLE_BYTES: Final = 700_000
# A batch that only lives on tells so at most this often.
_PULSE_S: Final = 30
_OF_BUNDLES: Final = bus.ALL_EVENTS.removesuffix(">")

Summary = tuple[Any, ...]
Numbered = tuple[int, Event]


def summary_of(batch: BatchState) -> Summary:
    """What makes a batch's summary worth sending again when it differs."""
    pulse = int(batch.last_event_at.timestamp() // _PULSE_S) if batch.last_event_at else None
    return (
        batch.is_placeholder, batch.status, batch.n_total, batch.n_done, batch.n_failed, batch.n_jobs,
        batch.start_time, batch.end_time, batch.is_divergent, batch.project, pulse, batch.pause_requested_at,
        batch.paused_at,
    )  # fmt: skip


def summary_event(batch: BatchState, at: datetime) -> Event:
    """The server's own event with a batch's summary columns."""
    data = {
        "status": batch.status or "",
        "n_total": batch.n_total,
        "n_done": batch.n_done,
        "n_failed": batch.n_failed,
        "n_jobs": batch.n_jobs,
        "start_time": iso(batch.start_time),
        "end_time": iso(batch.end_time),
        "last_event_at": iso(batch.last_event_at),
        "is_stalled": batch.status == BatchStatus.STALLED,
        "divergent": batch.is_divergent,
        "pause_requested_at": iso(batch.pause_requested_at),
        "paused_at": iso(batch.paused_at),
        "paused_s": batch.paused_s,
    }
    return server_event(EventType.BATCH_SUMMARY, batch_id=batch.id, project=batch.project, at=at, data=data)


def of_batch(
    batch: BatchState, arrivals: Sequence[Arrival], more: Sequence[Numbered], before: Summary, at: datetime
) -> list[Outgoing]:
    """The messages of one batch's part of a flush; `more` are events of the server's own. A deleted batch is silent."""
    if batch.deleted_at is not None:
        return []
    told: list[Numbered] = [*((arrival.db_id, arrival.event) for arrival in arrivals), *more]
    if not batch.is_placeholder and summary_of(batch) != before:
        told.append((batch.event_seq, summary_event(batch, at)))
    # Of several requests in one flush the first one's trace goes on.
    trace = next((arrival.trace for arrival in arrivals if arrival.trace), None)
    return of_events(batch, told, trace)


def of_events(batch: BatchState, told: Sequence[Numbered], trace: dict[str, str] | None = None) -> list[Outgoing]:
    """Bundles of these events, in order, none larger than the bus takes; `trace` are headers that they carry."""
    messages: list[Outgoing] = []
    heads: list[bus.EventHead] = []
    raws: list[msgspec.Raw] = []
    size = 0
    for db_id, event in told:
        raw = _encode(event)
        if raws and size + len(raw) > MAX_BUNDLE_BYTES:
            messages.append(_message(batch, heads, raws, trace))
            heads, raws, size = [], [], 0
        heads.append(bus.EventHead(event.event_type, event.job_id, db_id))
        raws.append(msgspec.Raw(raw))
        size += len(raw) + 64
    if raws:
        messages.append(_message(batch, heads, raws, trace))
    return messages


def merged(messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
    """Bundles of one batch, in fewer messages: those that were promised by several flushes and leave together.

    Other messages, such as lines for the audit log, stay as they are.
    """
    if len(messages) == 1 or not messages[0].subject.startswith(_OF_BUNDLES):
        return messages
    left: list[Outgoing] = []
    open_one: bus.EventBundle | None = None
    size, headers = 0, messages[0].headers
    for message in messages:
        bundle = bus.decode(bus.EventBundle, message.payload)
        if open_one is not None and size + len(message.payload) <= MAX_BUNDLE_BYTES and _agree(open_one, bundle):
            open_one.heads += bundle.heads
            open_one.events += bundle.events
            size += len(message.payload)
            headers = headers or message.headers
            continue
        if open_one is not None:
            left.append(_sent(open_one, headers))
        open_one, size, headers = bundle, len(message.payload), message.headers
    if open_one is not None:
        left.append(_sent(open_one, headers))
    return left


def _agree(one: bus.EventBundle, other: bus.EventBundle) -> bool:
    return (one.project, one.owner_id, one.host) == (other.project, other.owner_id, other.host)


def _sent(bundle: bus.EventBundle, headers: dict[str, str]) -> Outgoing:
    # Under an id of its own: had it that of its first flush, the rest would vanish where that one came alone before.
    bundle.flush_id = uuid4().hex
    return Outgoing(bus.event_subject(bundle.batch_key), bus.encode(bundle), bundle.flush_id, headers)


def _encode(event: Event) -> bytes:
    raw = encode_event(event)
    if len(raw) <= MAX_BUNDLE_BYTES:
        return raw
    # The event is stored whole; a page that wants it reads it there.
    return encode_event(msgspec.structs.replace(event, data={"truncated": True, "size_bytes": len(raw)}))


def _message(
    batch: BatchState, heads: list[bus.EventHead], raws: list[msgspec.Raw], trace: dict[str, str] | None
) -> Outgoing:
    flush_id = uuid4().hex
    bundle = bus.EventBundle(
        batch_key=batch.batch_key,
        batch_id=batch.id,
        project=batch.project,
        owner_id=batch.owner_id,
        host=batch.host,
        flush_id=flush_id,
        heads=heads,
        events=raws,
    )
    return Outgoing(bus.event_subject(batch.batch_key), bus.encode(bundle), flush_id, trace or {})
