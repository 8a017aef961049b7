"""A snapshot against what is remembered of its host: hot cards, a disk that is nearly full, that it is there again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from argus_notifier.watchdogs import disk, heat
from argus_notifier.watchdogs.limits import Limits
from argus_notifier.watchdogs.notes import Note, Notes
from argus_notifier.watchdogs.readings import Snapshot
from argus_notifier.watchdogs.runs import Run, is_due, unpacked

FRESH_S: Final = 900.0
"""Nobody is told of what is older than this when it arrives: it may have ended since."""


def key_of(host: str) -> str:
    """Under which a host is remembered."""
    return f"host:{host}"


def fold(notes: Notes, snapshot: Snapshot, limits: Limits, now: datetime) -> None:
    """Take one snapshot in."""
    limit = timedelta(minutes=limits.host_offline_minutes)
    known = notes.get(key_of(snapshot.host))
    note = Note(key_of(snapshot.host), "host", due_at=now + limit) if known is None else _copy(known)
    if note.state.get("offline") is not None:
        back(notes, note, snapshot.host, now)
        note.due_at = now + limit
    elif note.due_at is None:
        note.due_at = now + limit
    _heat(notes, note, snapshot, limits, now)
    _disk(notes, note, snapshot, limits, now)
    if known is None or (note.state, note.due_at) != (known.state, known.due_at):
        notes.put(note)


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
