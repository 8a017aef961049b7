"""What becomes true by silence alone: a batch that stalls, a host that is offline. And the requests to ingest.

Nothing is polled: a note says when it is due, and only then its batch or host is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit.clock import iso, now
from argus_kit.leases import LeasedLoop, take_turn
from argus_kit.platform import Platform
from argus_notifier.alerts.telling import tell
from argus_notifier.settings import NotifierSettings
from argus_notifier.watchdogs import hosts, repository, silence
from argus_notifier.watchdogs.limits import KnownLimits, Limits
from argus_notifier.watchdogs.notes import RUNS, Note, Notes
from argus_notifier.watchdogs.reader import TURN
from argus_notifier.watchdogs.requests import ask_all

_EVERY_S: Final = 5.0
# How often what runs is compared with what is watched: it differs after an upgrade, or when the bus was made anew.
_COMPARED: Final = timedelta(hours=1)
_SHOWN_BATCHES: Final = 5
_MOMENT: Final = timedelta(seconds=1)


class WatchdogClock(LeasedLoop):
    """The one loop of watchdogs."""

    def __init__(self, platform: Platform, settings: NotifierSettings, limits: KnownLimits) -> None:
        super().__init__(platform.database, "watchdog-clock", every_s=_EVERY_S)
        self._platform = platform
        self._settings = settings
        self._limits = limits
        self._compared_at: datetime | None = None

    def kick(self) -> None:
        """Look now."""
        self._loop.kick()

    async def work(self) -> None:
        """See LeasedLoop."""
        if self._compared_at is None or now() - self._compared_at >= _COMPARED:
            await self._compare()
            self._compared_at = now()
        await self._look_into_silence()
        await ask_all(self._platform)

    async def _compare(self) -> None:
        async with self._platform.write("notifier") as transaction:
            found = Notes()
            for note in await repository.unwatched(transaction.connection):
                found.put(note)
            await repository.save(transaction.connection, found)
            await repository.forget_old(transaction.connection)

    async def _look_into_silence(self) -> None:
        async with self._platform.database.read() as connection:
            if not (await self._limits.of_all(connection)).enabled or not await repository.due(connection, now()):
                return
        async with self._platform.write("notifier") as transaction:
            connection = transaction.connection
            await take_turn(connection, TURN)
            at = now()
            due = await repository.due(connection, at)
            found = Notes(due)
            await self._look_at_batches(connection, found, [one for one in due if one.detector == "silence"], at)
            limits = await self._limits.of_all(connection)
            for note in due:
                if note.detector == "host":
                    await _look_at_host(connection, found, note, limits, at)
            await repository.save(connection, found)
            await tell(transaction, self._platform, self._settings, found.occurrences)

    async def _look_at_batches(
        self, connection: AsyncConnection, found: Notes, due: Sequence[Note], at: datetime
    ) -> None:
        rows = await repository.batches(connection, [note.batch_key for note in due if note.batch_key is not None])
        limits = await self._limits.of(connection, {row.project for row in rows.values()})
        over: list[int] = []
        for note in due:
            RUNS.labels("silence").inc()
            row = rows.get(note.batch_key or 0)
            if row is None or row.deleted_at is not None:
                look = silence.Look(None, None)
            else:
                look = _look(row, limits[row.project], at)
            if look.act is not None and row is not None:
                since = at - timedelta(minutes=limits[row.project].stall_minutes)
                found.ask(
                    wire.BATCH_TRANSITION,
                    wire.BatchTransition(batch_id=row.id, action=look.act, silent_since=since, at=at),
                )
            if look.again_at is None:
                found.drop(note.key)
                over.append(note.batch_key or 0)
            else:
                found.put(Note(note.key, "silence", note.batch_key, note.state, look.again_at))
        await repository.forget_batches(connection, over)


def _look(row: sa.Row[Any], limits: Limits, at: datetime) -> silence.Look:
    return silence.at_batch(
        row.status,
        row.last_event_at or row.start_time or row.created_at,
        at,
        limit=timedelta(minutes=limits.stall_minutes),
        never_began_since=row.stop_requested_at if row.last_event_at is None else None,
    )


async def _look_at_host(connection: AsyncConnection, found: Notes, note: Note, limits: Limits, at: datetime) -> None:
    RUNS.labels("host").inc()
    host = note.key.removeprefix(hosts.key_of(""))
    limit = timedelta(minutes=limits.host_offline_minutes)
    running = await repository.running_on(connection, host)
    told = [row.heard_at for row in running if row.heard_at is not None]
    seen = await repository.last_heard(connection, host)
    heard_at = hosts.heard_at(max([*told, *([seen] if seen is not None else [])], default=None), note)
    state = dict(note.state)
    if heard_at is None:
        found.drop(note.key)
        return
    looked = Note(note.key, "host", None, state, at + limit)
    if not silence.is_offline(heard_at, at, limit=limit):
        looked.due_at = heard_at + limit + _MOMENT
        if state.get("offline") is not None:
            hosts.back(found, looked, host, at)
    elif not running:
        # Nothing runs there that could miss it; the next snapshot sets the clock again.
        looked.due_at = None
        state.pop("offline", None)
    elif state.get("offline") is None:
        state["offline"] = iso(heard_at)
        data = {
            "silent_s": (at - heard_at).total_seconds(),
            "last_seen": iso(heard_at),
            "batches": [row.id for row in running[:_SHOWN_BATCHES]],
        }
        found.tell("host_offline", f"{host}:{iso(heard_at)}", at, host=host, data=data)
    found.put(looked)
