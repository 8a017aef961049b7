"""An occurrence as a row keeps it, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from argus_notifier.alerts.occurrences import Batch, Occurrence, Ways

# What is told of many needs no more of the first than its words.
_KEPT: Final = ("title", "text", "name", "count", "reasons", "job_ids")


def stored(one: Occurrence) -> dict[str, Any]:
    """As JSON."""
    batch, ways = one.batch, one.ways
    return {
        "kind": one.kind,
        "key": one.key,
        "severity": one.severity,
        "at": one.at.isoformat(),
        "batch": [batch.key, batch.id, batch.project, batch.owner_id] if batch else None,
        "job_id": one.job_id,
        "host": one.host,
        "data": {name: one.data[name] for name in _KEPT if name in one.data},
        "to": sorted(one.to) if one.to is not None else None,
        "ways": None
        if ways is None
        else {
            "inbox": ways.inbox,
            "mail": ways.mail,
            "channels": sorted(ways.channels),
            "until": ways.until.isoformat() if ways.until else None,
            "rule_id": ways.rule_id,
            "grouped": ways.grouped,
        },
    }


def restored(row: dict[str, Any]) -> Occurrence:
    """From JSON."""
    ways = row["ways"]
    return Occurrence(
        kind=row["kind"],
        key=row["key"],
        severity=row["severity"],
        at=datetime.fromisoformat(row["at"]),
        batch=Batch(*row["batch"]) if row["batch"] else None,
        job_id=row["job_id"],
        host=row["host"],
        data=row["data"],
        to=frozenset(row["to"]) if row["to"] is not None else None,
        ways=None
        if ways is None
        else Ways(
            inbox=ways["inbox"],
            mail=ways["mail"],
            channels=frozenset(ways["channels"]),
            until=datetime.fromisoformat(ways["until"]) if ways["until"] else None,
            rule_id=ways["rule_id"],
            grouped=ways["grouped"],
        ),
    )
