"""The audit log's hash chain: each row's hash covers its content and the hash of the row before it.

A row that is changed, removed or slipped in later breaks the chain at that place; `first_broken` finds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.locking import AUDIT_CHAIN, take_turn
from argus_contracts.bus import AuditEntry
from argus_schema.auth import audit_log

_PAGE = 1000


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


async def first_broken(connection: AsyncConnection) -> int | None:
    """Id of the first row that does not fit to the one before it; None when the chain is whole."""
    columns = audit_log.c
    previous: str | None = None
    after = 0
    while True:
        page = sa.select(audit_log).where(columns.id > after).order_by(columns.id).limit(_PAGE)
        rows = (await connection.execute(page)).mappings().all()
        for row in rows:
            if row["previous_hash"] != previous or row["hash"] != _digest(dict(row)):
                return int(row["id"])
            previous = row["hash"]
        if len(rows) < _PAGE:
            return None
        after = rows[-1]["id"]


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
    return value


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
