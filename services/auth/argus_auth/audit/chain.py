"""The audit log's hash chain: each row's hash covers its content and the hash of the row before it.

A row that is changed, removed or slipped in later breaks the chain at that place; `walk` finds it. What is cut off at
the end leaves a whole chain, so `watch` remembers the last row that it saw.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.locking import AUDIT_CHAIN, take_turn
from argus_contracts.bus import AuditEntry
from argus_schema.auth import audit_log

_PAGE = 1000
# From here on a number's shortest spelling has an exponent and no decimals.
_WHOLE_BEYOND = 1e15


async def append(connection: AsyncConnection, entries: Sequence[AuditEntry]) -> int:
    """Add entries at the end of the chain; one that is there already is left out. Returns how many were added."""
    if not entries:
        return 0
    await take_turn(connection, AUDIT_CHAIN)
    columns = audit_log.c
    last = sa.select(columns.hash).order_by(columns.id.desc()).limit(1)
    previous = (await connection.execute(last)).scalar()
    known = sa.select(columns.entry_id).where(columns.entry_id.in_([entry.entry_id for entry in entries]))
    seen = set((await connection.execute(known)).scalars())
    added = 0
    for entry in entries:
        if entry.entry_id in seen:
            continue
        seen.add(entry.entry_id)
        row = _row(entry)
        row["previous_hash"] = previous
        row["hash"] = previous = _digest(row)
        # One by one: the ids must grow in the order of the chain.
        await connection.execute(sa.insert(audit_log).values(row))
        added += 1
    return added


class Found(NamedTuple):
    """What a walk along the chain found: how many rows fit, the last of them, and the first that does not."""

    checked: int
    last_id: int | None
    last_hash: str | None
    broken: int | None
    is_end: bool


async def walk(connection: AsyncConnection, after: int = 0, most: int | None = None) -> Found:
    """Compare each row with the one before it, from the row that follows `after`; at most `most` rows."""
    columns = audit_log.c
    before = sa.select(columns.id, columns.hash).where(columns.id <= after).order_by(columns.id.desc()).limit(1)
    start = (await connection.execute(before)).first()
    last_id, previous = (start.id, start.hash) if start is not None else (None, None)
    checked, reached = 0, after
    while most is None or checked < most:
        page = sa.select(audit_log).where(columns.id > reached).order_by(columns.id).limit(_PAGE)
        rows = (await connection.execute(page)).mappings().all()
        for row in rows:
            if row["previous_hash"] != previous or row["hash"] != _digest(dict(row)):
                return Found(checked, last_id, previous, row["id"], is_end=False)
            checked, last_id, previous = checked + 1, row["id"], row["hash"]
        if len(rows) < _PAGE:
            return Found(checked, last_id, previous, None, is_end=True)
        reached = rows[-1]["id"]
    return Found(checked, last_id, previous, None, is_end=False)


async def first_broken(connection: AsyncConnection) -> int | None:
    """Id of the first row that does not fit to the one before it; None when the chain is whole."""
    return (await walk(connection)).broken


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "action": _storable(entry.action),
        "user_id": entry.user_id,
        "target_type": _storable(entry.target_type),
        "target_id": _storable(entry.target_id),
        "metadata": _storable(entry.metadata) or None,
        "timestamp": entry.at.astimezone(UTC),
        "ip_address": _storable(entry.ip),
    }


def _storable(value: Any) -> Any:
    # PostgreSQL takes no NUL in a text; an entry must not be lost over one.
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, Mapping):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if isinstance(value, float):
        return _storable_number(value)
    return value


def _storable_number(value: float) -> Any:
    # PostgreSQL's JSON keeps decimals: it knows no -0.0 and no NaN, and gives 1e22 back as a whole number. A row must
    # be read as it was hashed.
    if not math.isfinite(value):
        return str(value)
    return str(value) if abs(value) >= _WHOLE_BEYOND else value + 0.0


def _digest(row: Mapping[str, Any]) -> str:
    content = [
        row["previous_hash"],
        row["entry_id"],
        row["action"],
        row["user_id"],
        row["target_type"],
        row["target_id"],
        row["metadata"],
        row["timestamp"].astimezone(UTC).isoformat(timespec="microseconds"),
        row["ip_address"],
    ]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
