"""What is left of purged events: 16 bytes each, enough to know one again when an old journal sends it once more.

Without that a replay after a month would count epochs twice, end jobs again and mail about it. A slice of purged events
is one row: the 64-bit hashes of their keys in order, then their ids in the same order.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.store.link import Link, Row
from argus_schema import ingest as tables
from argus_schema.base import sqlite_time

# No event that is younger was ever purged: policies begin here.
YOUNGEST: Final = timedelta(hours=1)
_WIDTH: Final = 8
_SLICES = "select keys from purged_event where batch_key = $1 and newest_at >= $2"
_SLICES_SQLITE = "select keys from purged_event where batch_key = ? and newest_at >= ?"


class Seen(NamedTuple):
    """An event as the question whether it was purged needs it."""

    batch_key: int
    key: bytes
    at: datetime


def packed(events: Sequence[tuple[bytes, int]]) -> bytes:
    """The slice of these events, given by key and id."""
    pairs = sorted((_hash(key), event_id) for key, event_id in events)
    return struct.pack(f"<{2 * len(pairs)}Q", *(pair[0] for pair in pairs), *(pair[1] for pair in pairs))


def find(keys: bytes, wanted: Iterable[bytes]) -> dict[bytes, int]:
    """The ids of those of the wanted events that are in a slice."""
    count = len(keys) // (2 * _WIDTH)
    hashes = struct.unpack_from(f"<{count}Q", keys)
    found = {}
    for key in wanted:
        value = _hash(key)
        place = bisect_left(hashes, value)
        if place < count and hashes[place] == value:
            found[key] = struct.unpack_from("<Q", keys, (count + place) * _WIDTH)[0]
    return found


async def remember(connection: AsyncConnection, batch_key: int, events: Sequence[Any]) -> None:
    """Keep the keys of events (rows with id, event_key, at, sent_at) that this transaction deletes."""
    row = {
        "batch_key": batch_key,
        "id": min(event.id for event in events),
        # By the sender's clock, which the same event would tell again.
        "newest_at": max(event.sent_at or event.at for event in events),
        "keys": packed([(event.event_key, event.id) for event in events]),
    }
    await connection.execute(sa.insert(tables.purged_event).values(row))


async def among(link: Link, seen: Iterable[Seen], now: datetime) -> dict[tuple[int, bytes], int]:
    """Which of these events were stored once and purged since: their ids, by batch and key. Asks nothing where all are
    young.
    """
    old: dict[int, list[Seen]] = defaultdict(list)
    for one in seen:
        if one.at < now - YOUNGEST:
            old[one.batch_key].append(one)
    found: dict[tuple[int, bytes], int] = {}
    for batch_key, some in old.items():
        oldest = min(one.at for one in some)
        for (keys,) in await _slices(link, batch_key, oldest):
            known = find(keys, [one.key for one in some])
            found |= {(batch_key, key): event_id for key, event_id in known.items()}
    return found


async def _slices(link: Link, batch_key: int, oldest: datetime) -> Sequence[Row]:
    if link.is_sqlite:
        return await link.fetch(_SLICES_SQLITE, batch_key, sqlite_time(oldest.astimezone(UTC)))
    return await link.fetch(_SLICES, batch_key, oldest)


def _hash(key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(key, digest_size=_WIDTH).digest(), "little")
