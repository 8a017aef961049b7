"""The rows of `event`: inserted in bulk, and the duplicates found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.event_rows import TYPE_CODES, event_key
from argus_contracts.events import Event, EventType, json_safe
from argus_ingest.fold.state import Arrival, BatchState
from argus_ingest.store.bulk import BulkInsert
from argus_schema import ingest as tables

_INSERT = BulkInsert(
    tables.event, ("batch_key", "id", "event_key", "type_code", "job_id", "at", "data", "sent_at"), ignores=True
)
_POINTS: Final = frozenset({EventType.JOB_EPOCH, EventType.JOB_STEP})
_LOG_KEYS: Final = frozenset({"line", "message", "level"})
_KEYS_AT_ONCE = 2000
_encode = msgspec.json.Encoder().encode

Placed = tuple[int, Arrival]


async def insert(connection: AsyncConnection, placed: Sequence[Placed]) -> dict[tuple[int, bytes], int]:
    """Insert events that have got a batch_key and an id. Returns the ids of those that were there before, by batch and
    event key; empty when all are new.
    """
    rows = [
        (key, a.db_id, a.key, TYPE_CODES[a.event.event_type], a.event.job_id, a.at, _data_of(a), a.sent_at)
        for key, a in placed
    ]
    inserted = await _INSERT.run(connection, rows)
    if inserted == len(rows):
        return {}
    before = await _stored_before(connection, placed)
    if inserted + len(before) != len(rows):
        raise RuntimeError(f"{len(rows)} events gave {inserted} new ones and {len(before)} known ones")
    return before


async def append(connection: AsyncConnection, batch: BatchState, event: Event) -> int:
    """Add an event of the server's own to a batch whose row is locked; returns its id."""
    batch.event_seq += 1
    key = event_key(event.event_id)
    code = TYPE_CODES[event.event_type]
    row = (
        batch.batch_key,
        batch.event_seq,
        key,
        code,
        event.job_id,
        event.at,
        _encode(json_safe(event.data)).decode(),
        None,
    )
    await _INSERT.run(connection, [row])
    return batch.event_seq


def _data_of(arrival: Arrival) -> str | None:
    """The column `data`: None where the points, the log line or the snapshot hold the whole of it."""
    data, event_type = arrival.event.data, arrival.event.event_type
    if event_type in _POINTS:
        told = len(arrival.numbers) + 1
        if told == len(data) or told == sum(1 for value in data.values() if value is not None):
            return None
    elif event_type == EventType.LOG_LINE:
        if _LOG_KEYS.issuperset(data) and not (data.get("line") and data.get("message")):
            return None
    elif event_type == EventType.RESOURCE_SNAPSHOT:
        return None
    return _encode(json_safe(data)).decode()


async def _stored_before(connection: AsyncConnection, placed: Sequence[Placed]) -> dict[tuple[int, bytes], int]:
    keys: dict[int, list[Arrival]] = defaultdict(list)
    for batch_key, arrival in placed:
        keys[batch_key].append(arrival)
    found: dict[tuple[int, bytes], int] = {}
    event: Any = tables.event.c
    for batch_key, arrivals in keys.items():
        ours = {arrival.key: arrival.db_id for arrival in arrivals}
        for begin in range(0, len(arrivals), _KEYS_AT_ONCE):
            some = [arrival.key for arrival in arrivals[begin : begin + _KEYS_AT_ONCE]]
            query = sa.select(event.event_key, event.id).where(event.batch_key == batch_key, event.event_key.in_(some))
            for row in await connection.execute(query):
                if ours[row.event_key] != row.id:
                    found[batch_key, row.event_key] = row.id
    return found
