"""What the database says, to compare: nothing may change that is anybody's."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Row = tuple[object, ...]
Digest = Mapping[str, frozenset[Row]]

# They change by themselves, or because somebody called: what waits to be sent, who was seen, what was written down.
_RESTLESS: Final = re.compile(
    r".*_outbox|circuit|audit_\w+|lease|retention_run|sqlite_sequence|alembic_version"
    # What rules and watchdogs remember of what was reported, and what of it was told.
    r"|watch|watch_request|rule_watch|surge|told"
    # Blocks of points are merged in the background.
    r"|metric_\w+"
)
# What follows from events that were reported before, whenever the server comes to it.
GROWING: Final = frozenset({"notification", "delivery"})
_SEEN: Final = frozenset({"last_seen_at", "last_used", "last_login", "last_seen", "view_count", "last_viewed"})
_MERGED: Final = {
    "job": frozenset({"n_blocks", "summary"}),
    # One notification tells of what happens to further batches too.
    "notification": frozenset({"batch_id", "job_id", "batch_ids", "count", "severity", "title", "body"}),
}


def digest(path: Path) -> Digest:
    """All rows by table, without what changes by itself."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
        connection.execute("begin")
        named = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        return {name: _rows(connection, name) for (name,) in named if not _RESTLESS.fullmatch(name)}


def _rows(connection: sqlite3.Connection, table: str) -> frozenset[Row]:
    cursor = connection.execute(f'select * from "{table}"')
    left_out = _SEEN | _MERGED.get(table, frozenset())
    kept = [n for n, column in enumerate(cursor.description) if column[0] not in left_out]
    return frozenset(tuple(row[n] for n in kept) for row in cursor)


def changes(before: Digest, after: Digest) -> dict[str, tuple[list[Row], list[Row]]]:
    """Rows that went and rows that came, by table; nothing where nothing changed."""
    found = {}
    for table in before.keys() | after.keys():
        old, new = before.get(table, frozenset()), after.get(table, frozenset())
        went, came = sorted(old - new, key=repr), sorted(new - old, key=repr)
        if went or (came and table not in GROWING):
            found[table] = (went, came)
    return found
