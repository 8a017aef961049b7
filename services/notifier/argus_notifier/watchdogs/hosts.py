"""A snapshot against what is remembered of its host: hot cards, a disk that is nearly full, that it is there again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from argus_kit.clock import iso
from argus_notifier.watchdogs import disk, heat
from argus_notifier.watchdogs.limits import Limits
from argus_notifier.watchdogs.notes import Note, Notes
from argus_notifier.watchdogs.readings import Snapshot
from argus_notifier.watchdogs.runs import Run, is_due, unpacked

FRESH_S: Final = 900.0
"""Nobody is told of what is older than this when it arrives: it may have ended since."""
_LATE: Final = timedelta(minutes=1)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def key_of(host: str) -> str:
    """Under which a host is remembered."""
    return f"host:{host}"


def fold(notes: Notes, snapshot: Snapshot, limits: Limits, arrived_at: datetime, now: datetime) -> None:
    """Take one snapshot in, which arrived then: what tells of a time long ago is a sign of life all the same."""
    limit = timedelta(minutes=limits.host_offline_minutes)
    known = notes.get(key_of(snapshot.host))
    note = Note(key_of(snapshot.host), "host", due_at=now + limit) if known is None else _copy(known)
    is_late = arrived_at - datetime.fromtimestamp(snapshot.at, UTC) > _LATE
    if is_late and arrived_at - (arrived_of(note) or _NEVER) >= _LATE:
        # What comes in time is known by its own time, and costs no row.
        note.state["arrived"] = iso(arrived_at)
    if note.state.get("offline") is not None:
        back(notes, note, snapshot.host, now)
        note.due_at = now + limit
    elif note.due_at is None:
        note.due_at = now + limit
    _heat(notes, note, snapshot, limits, now)
    _disk(notes, note, snapshot, limits, now)
    if known is None or (note.state, note.due_at) != (known.state, known.due_at):
        notes.put(note)


def arrived_of(note: Note) -> datetime | None:
    """When something of the host arrived that told of an earlier time; known to `_LATE`."""
    said = note.state.get("arrived")
    return datetime.fromisoformat(said) if said else None


def heard_at(told: datetime | None, note: Note) -> datetime | None:
    """A host's last sign of life.

    Args:
        told: the newest time that it told of itself.
        note: what is remembered of it. Where a reporter was cut off, or ingest is behind, its words tell of a time
            that is long over, and it lives as long as they come.
    """
    arrived = arrived_of(note)
    # It is written down no oftener than that, so it may have been heard of so much later.
    return max((at for at in (told, arrived and arrived + _LATE) if at is not None), default=None)


def back(notes: Notes, note: Note, host: str, now: datetime) -> None:
    """An offline host was heard of."""
    since = note.state.pop("offline")
    notes.tell("host_recovered", f"{host}:{since}", now, host=host)


def _heat(notes: Notes, note: Note, snapshot: Snapshot, limits: Limits, now: datetime) -> None:
    temps = heat.temperatures(snapshot.data)
    span_s = limits.gpu_hot_minutes * 60
    runs = heat.folded(_runs(note, "hot"), snapshot.at, temps, limit=limits.gpu_hot_c, span_s=span_s)
    for card, run in runs.items():
        if _is_fresh(snapshot, now) and card in temps and is_due(run, snapshot.at, span_s=span_s):
            runs[card] = replace(run, raised_at=snapshot.at)
            minutes = round((snapshot.at - run.since) / 60, 1)
            data = {"gpu": card or None, "gpu_temp_c": temps[card], "minutes": minutes}
            key = f"{snapshot.host}:{card}:{int(run.since)}"
            notes.tell("gpu_too_hot", key, now, host=snapshot.host, data=data)
    _keep(note, "hot", runs)


def _disk(notes: Notes, note: Note, snapshot: Snapshot, limits: Limits, now: datetime) -> None:
    found = disk.space(snapshot.data)
    if found is None:
        return
    runs = _runs(note, "disk")
    run = disk.folded(runs.pop(found.disk, None), snapshot.at, found, limit_pct=limits.disk_free_pct)
    if run is not None:
        if _is_fresh(snapshot, now) and is_due(run, snapshot.at, span_s=0.0):
            run = replace(run, raised_at=snapshot.at)
            data = {"disk_free_mb": found.free_mb, "disk_total_mb": found.total_mb}
            key = f"{snapshot.host}:{found.disk}:{int(run.since)}"
            notes.tell("disk_low", key, now, host=snapshot.host, data=data)
        runs[found.disk] = run
    _keep(note, "disk", runs)


def _is_fresh(snapshot: Snapshot, now: datetime) -> bool:
    return now - datetime.fromtimestamp(snapshot.at, UTC) <= timedelta(seconds=FRESH_S)


def _copy(note: Note) -> Note:
    return replace(note, state=dict(note.state))


def _runs(note: Note, name: str) -> dict[str, Run]:
    packed: Mapping[str, Any] = note.state.get(name) or {}
    return {card: run for card, one in packed.items() if (run := unpacked(one)) is not None}


def _keep(note: Note, name: str, runs: Mapping[str, Run]) -> None:
    if runs:
        note.state[name] = {card: run.packed() for card, run in runs.items()}
    else:
        note.state.pop(name, None)
