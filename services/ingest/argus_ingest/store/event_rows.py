"""The rows of `event`: inserted in bulk, and the duplicates found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from argus_contracts.event_rows import TYPE_CODES, event_key
from argus_contracts.events import Event, EventType
from argus_ingest.fold.state import Arrival, BatchState
from argus_ingest.store.bulk import BulkInsert, Work, json_text
from argus_ingest.store.link import Link, Opened, PostgresLink, Row, link_of
from argus_schema import ingest as tables

_COLUMNS = ("batch_key", "id", "event_key", "type_code", "job_id", "at", "data", "sent_at")
_INSERT = BulkInsert(tables.event, _COLUMNS, collision="do nothing")
# Most events are points, whose data lies elsewhere.
_LEAN = _COLUMNS[:6]
_INSERT_LEAN = BulkInsert(tables.event, _LEAN, collision="do nothing")
_ADD, _ADD_LEAN = BulkInsert(tables.event, _COLUMNS), BulkInsert(tables.event, _LEAN)
# Fewer rows are quicker in an insert, which is one round trip, or none where it goes along with others.
_COPIED: Final = 64
_POINTS: Final = frozenset({EventType.JOB_EPOCH, EventType.JOB_STEP})
_LOG_KEYS: Final = frozenset({"line", "message", "level"})
_STORED = "select event_key, id from event where batch_key = $1 and event_key = any($2::bytea[])"
_STORED_SQLITE = "select event_key, id from event where batch_key = ? and event_key = ?"

Placed = tuple[int, Arrival]


async def add(link: PostgresLink, placed: Sequence[Placed]) -> list[Work]:
    """Insert events that have got a batch_key and an id, of which none is there; or say what does so along with other
    statements, which saves a round trip. Either raises asyncpg.UniqueViolationError where one was there.
    """
    rows, is_lean = _rows_of(placed)
    if len(rows) < _COPIED:
        return [(_ADD_LEAN if is_lean else _ADD, rows)]
    await link.copy(tables.event.name, _LEAN if is_lean else _COLUMNS, rows)
    return []


async def insert(link: Link, placed: Sequence[Placed]) -> dict[tuple[int, bytes], int]:
    """Insert events that have got a batch_key and an id. Returns the ids of those that were there before, by batch and
    event key; empty when all are new.
    """
    rows, is_lean = _rows_of(placed)
    inserted = await (_INSERT_LEAN if is_lean else _INSERT).run(link, rows)
    if inserted == len(rows):
        return {}
    before = await _stored_before(link, placed)
    if inserted + len(before) != len(rows):
        raise RuntimeError(f"{len(rows)} events gave {inserted} new ones and {len(before)} known ones")
    return before


def _rows_of(placed: Sequence[Placed]) -> tuple[list[Row], bool]:
    rows: list[Row] = [
        (key, a.db_id, a.key, TYPE_CODES[a.event.event_type], a.event.job_id, a.at, _data_of(a), a.sent_at)
        for key, a in placed
    ]
    is_lean = all(row[6] is None and row[7] is None for row in rows)
    return [row[: len(_LEAN)] for row in rows] if is_lean else rows, is_lean


async def append(opened: Opened, batch: BatchState, event: Event) -> int:
    """Add an event of the server's own to a batch whose row is locked; returns its id."""
    batch.event_seq += 1
    code = TYPE_CODES[event.event_type]
    key, data = event_key(event.event_id), json_text(event.data)
    row = (batch.batch_key, batch.event_seq, key, code, event.job_id, event.at, data, None)
    await _INSERT.run(await link_of(opened), [row])
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
    return json_text(data)


async def _stored_before(link: Link, placed: Sequence[Placed]) -> dict[tuple[int, bytes], int]:
    keys: dict[int, list[Arrival]] = defaultdict(list)
    for batch_key, arrival in placed:
        keys[batch_key].append(arrival)
    found: dict[tuple[int, bytes], int] = {}
    for batch_key, arrivals in keys.items():
        ours = {arrival.key: arrival.db_id for arrival in arrivals}
        for key, db_id in await _stored(link, batch_key, list(ours)):
            if ours[key] != db_id:
                found[batch_key, key] = db_id
    return found


async def _stored(link: Link, batch_key: int, keys: Sequence[bytes]) -> Sequence[Row]:
    if not link.is_sqlite:
        return await link.fetch(_STORED, batch_key, keys)
    return [row for key in keys for row in await link.fetch(_STORED_SQLITE, batch_key, key)]
