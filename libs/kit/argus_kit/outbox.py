"""The outbox: a message promised in a transaction reaches the bus, whatever dies in between.

Fast path: after the commit the rows are handed over in memory, published at once, and cleared a moment later. Slow
path: a sweep publishes rows that have lain for two seconds, such as those of a process that was killed, or of a time
without NATS. A message may arrive twice, never not at all.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit import tasks, telemetry
from argus_kit.bus import Bus, Outgoing
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.parts import Loop, Part

log = structlog.get_logger(__name__)

PUBLISHED = Counter("argus_outbox_published_total", "Messages published from an outbox", ["table", "path"])
OLDEST = Gauge("argus_outbox_oldest_seconds", "Age of the oldest row of an outbox; 0: it is empty", ["table"])
LATE = Gauge("argus_outbox_late_rows", "Rows that waited longer than the fast path takes, up to 10,000", ["table"])

_SWEEP_AGE = timedelta(seconds=2)
# A row from further ahead was written while a clock was wrong: its age is unknown, and it must not wait for that time.
_CLOCKS_APART = timedelta(minutes=1)
_SWEEP_ROWS = 500
_SWEEP_BYTES = 16 * 2**20
# Beyond this much in memory, new rows are left to the sweep: memory stays bounded while NATS is away.
_MAX_OFFERED_BYTES = 32 * 2**20
_CLEAR_EVERY_S = 0.25
_IDLE_LOOK_S = 20.0
# Counted no further: how many there are beyond tells nobody what to do.
_MOST_COUNTED = 10_000

# Published messages cost their receivers too: after this many seconds for each, the next ones leave, those of one
# subject merged. A single message leaves at once.
_REST_A_MESSAGE_S = 0.003
_LONGEST_REST_S = 0.1
# The subject of a row that holds several messages.
_PACK = ""

Row = tuple[int, Sequence[Outgoing]]
Merge = Callable[[Sequence[Outgoing]], Sequence[Outgoing]]
"""Makes fewer messages of some of one subject, saying the same in the same order."""

_Stored = tuple[str, bytes, str, dict[str, str]]
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[_Stored]).decode


class _Ids:
    """Numbers for rows, ascending in time and made without the database: microseconds since 2025, and which process."""

    _EPOCH_US = 1_735_689_600_000_000

    def __init__(self) -> None:
        self._process = secrets.randbits(12)
        self._last = 0

    def next(self) -> int:
        self._last = max(self._last + 1, time.time_ns() // 1000 - self._EPOCH_US)
        return self._last << 12 | self._process


class Packed(NamedTuple):
    """Some messages as one row: `values` are those of the table's columns `COLUMNS`."""

    values: tuple[int, str, str, bytes, None, datetime]
    row: Row


class Outbox(Part):
    """Publishes the rows of one outbox table."""

    COLUMNS = ("id", "subject", "msg_id", "payload", "headers", "created_at")

    def __init__(self, database: Database, bus: Bus, table: sa.Table, merge: Merge | None = None) -> None:
        self.name = table.name
        self._database = database
        self._bus = bus
        self._table = table
        self._merge = merge
        self._ids = _Ids()
        self._offered: list[Row] = []
        self._offered_bytes = 0
        # Ids of rows that a task of this process is publishing, or waits to.
        self._in_hand: set[int] = set()
        self._published: set[int] = set()
        self._looked_at = 0.0
        # On SQLite nobody else writes the table, so one that was seen empty is looked at seldom until `offer`.
        self._next_look = 0.0
        self._awake = asyncio.Event()
        self._publisher: asyncio.Task[None] | None = None
        self._sweeper = Loop(f"sweep-{table.name}", self._sweep, every_s=1.0)
        self._has_left = asyncio.Event()
        self._clearer = Loop(f"clear-{table.name}", self._clear_later, every_s=0)

    async def start(self) -> None:
        """See Part."""
        self._publisher = asyncio.create_task(self._publish_offered(), name=f"publish-{self.name}")
        await self._sweeper.start()
        await self._clearer.start()

    async def stop(self) -> None:
        """See Part."""
        await self._sweeper.stop()
        await self._clearer.stop()
        if self._publisher is not None:
            await tasks.end([self._publisher])
        self._looked_at = 0.0
        await self._clear_alone()

    async def add(self, connection: AsyncConnection, messages: Sequence[Outgoing]) -> list[Row]:
        """Write messages in the caller's transaction. Hand the result to `offer` after the commit."""
        if not messages:
            return []
        carried = telemetry.headers()
        at = now()
        sent = [replace(message, headers={**carried, **message.headers}) for message in messages]
        rows: list[Row] = [(self._ids.next(), (message,)) for message in sent]
        values = [
            {
                "id": row_id,
                "subject": message.subject,
                "msg_id": message.msg_id,
                "payload": message.payload,
                "headers": message.headers or None,
                "created_at": at,
            }
            for row_id, (message,) in rows
        ]
        await connection.execute(sa.insert(self._table), values)
        return rows

    def pack(self, messages: Sequence[Outgoing]) -> Packed:
        """Messages as one row, for a transaction that writes it itself. Hand its `row` to `offer` after the commit."""
        row_id = self._ids.next()
        payload = _pack([(one.subject, one.payload, one.msg_id, one.headers) for one in messages])
        return Packed((row_id, _PACK, "", payload, None, now()), (row_id, messages))

    def offer(self, rows: Sequence[Row]) -> None:
        """Publish committed rows now. Call it only after the commit."""
        self._next_look = 0.0
        size = sum(len(message.payload) for _, messages in rows for message in messages)
        if self._offered_bytes + size <= _MAX_OFFERED_BYTES and self._bus.is_connected:
            self._offered.extend(rows)
            self._offered_bytes += size
            self._in_hand.update(row_id for row_id, _ in rows)
            self._awake.set()

    def published(self) -> list[int]:
        """Ids of rows whose messages have left, to be deleted in a transaction that is open anyway; then `cleared`."""
        self._looked_at = time.monotonic()
        return list(islice(self._published, _SWEEP_ROWS))

    def cleared(self, ids: Sequence[int]) -> None:
        """These rows are deleted."""
        self._published.difference_update(ids)

    async def clear(self, connection: AsyncConnection) -> None:
        """Delete published rows in a transaction that is open anyway, which saves one of our own."""
        while ids := self.published():
            # A row that a sweep holds is left to it: this transaction must not wait for somebody's NATS.
            free = sa.select(self._table.c.id).where(self._table.c.id.in_(ids)).with_for_update(skip_locked=True)
            await connection.execute(sa.delete(self._table).where(self._table.c.id.in_(free)))
            self.cleared(ids)

    async def _clear_later(self) -> None:
        # Nothing wakes a process where nothing was published.
        await self._has_left.wait()
        await asyncio.sleep(_CLEAR_EVERY_S)
        await self._clear_alone()
        if not self._published:
            self._has_left.clear()

    async def _clear_alone(self) -> None:
        # Not while others do it along the way.
        if self._published and time.monotonic() - self._looked_at > _CLEAR_EVERY_S / 2:
            async with self._database.write() as connection:
                await self.clear(connection)

    async def _publish_offered(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._offered:
                rows, self._offered, self._offered_bytes = self._offered, [], 0
                # What is not stored now stays in the table, and the sweep comes for it.
                try:
                    count = await self._publish(rows)
                except Exception as error:
                    # Without this task nothing would be published any more. The sweep takes these, each as it is.
                    log.exception("outbox.publish_failed", table=self.name, exc_info=error)
                    self._in_hand.difference_update(row_id for row_id, _ in rows)
                    continue
                if self._merge is not None and count > 1:
                    await asyncio.sleep(min(count * _REST_A_MESSAGE_S, _LONGEST_REST_S))

    async def _publish(self, rows: Sequence[Row]) -> int:
        groups: dict[str, list[Outgoing]] = {}
        for _, messages in rows:
            for message in messages:
                groups.setdefault(message.subject, []).append(message)
        if self._merge is not None:
            merge = self._merge
            leaving = [(subject, one) for subject, group in groups.items() for one in merge(group)]
        else:
            leaving = [(message.subject, message) for _, messages in rows for message in messages]
        stored = await self._bus.publish_all([message for _, message in leaving])
        failed = {subject for (subject, _), ok in zip(leaving, stored, strict=True) if not ok}
        done = [row_id for row_id, messages in rows if all(message.subject not in failed for message in messages)]
        PUBLISHED.labels(self.name, "fast").inc(sum(stored))
        self._published.update(done)
        if done:
            self._has_left.set()
        self._in_hand.difference_update(row_id for row_id, _ in rows)
        return len(leaving)

    async def _sweep(self) -> None:
        if time.monotonic() >= self._next_look and await self._has_late():
            while self._bus.is_connected and await self._sweep_once():
                pass

    async def _has_late(self) -> bool:
        """Whether there is something to sweep, found without a lock and without the writer's place."""
        created_at = self._table.c.created_at
        is_connected = self._bus.is_connected
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(sa.func.min(created_at), sa.func.max(created_at)))).one()
            first, last = row
            age_s = max((now() - first).total_seconds(), 0.0) if first is not None else 0.0
            OLDEST.labels(self.name).set(age_s)
            LATE.labels(self.name).set(await self._count_late(connection) if age_s > _SWEEP_AGE.total_seconds() else 0)
        if first is None and self._database.is_sqlite and is_connected:
            self._next_look = time.monotonic() + _IDLE_LOOK_S
        return first is not None and (first < now() - _SWEEP_AGE or last > now() + _CLOCKS_APART)

    async def _count_late(self, connection: AsyncConnection) -> int:
        late = sa.select(sa.literal(1)).where(self._table.c.created_at < now() - _SWEEP_AGE).limit(_MOST_COUNTED)
        return int((await connection.execute(sa.select(sa.func.count()).select_from(late.subquery()))).scalar_one())

    async def _sweep_once(self) -> int:
        # On PostgreSQL the rows are locked, so that replicas sweep different ones. SQLite has one process, whose
        # writers must not wait for NATS: there the rows are only read.
        opened = self._database.read() if self._database.is_sqlite else self._database.write()
        async with opened as connection:
            rows = await self._late(connection)
            messages = [message for _, found in rows for message in found]
            stored = await self._bus.publish_all(messages)
            PUBLISHED.labels(self.name, "sweep").inc(sum(stored))
            outcomes = iter(stored)
            sent = [row_id for row_id, found in rows if all(list(islice(outcomes, len(found))))]
            if sent and not self._database.is_sqlite:
                await connection.execute(sa.delete(self._table).where(self._table.c.id.in_(sent)))
        if sent and self._database.is_sqlite:
            async with self._database.write() as connection:
                await connection.execute(sa.delete(self._table).where(self._table.c.id.in_(sent)))
        return len(sent)

    async def _late(self, connection: AsyncConnection) -> list[Row]:
        columns = self._table.c
        late = (
            sa.select(columns.id, sa.func.length(columns.payload).label("size"))
            .where(sa.or_(columns.created_at < now() - _SWEEP_AGE, columns.created_at > now() + _CLOCKS_APART))
            .order_by(columns.id)
            .limit(_SWEEP_ROWS)
            .with_for_update(skip_locked=True)
        )
        ids: list[int] = []
        size = 0
        for row in await connection.execute(late):
            if row.id in self._in_hand or row.id in self._published:
                continue
            if ids and size + row.size > _SWEEP_BYTES:
                break
            ids.append(row.id)
            size += row.size
        found = await connection.execute(sa.select(self._table).where(columns.id.in_(ids)).order_by(columns.id))
        return [(row.id, _messages(row)) for row in found]


def _messages(row: Any) -> list[Outgoing]:
    if row.subject != _PACK:
        return [Outgoing(row.subject, row.payload, row.msg_id, row.headers or {})]
    return [Outgoing(*one) for one in _unpack(row.payload)]


class Transaction:
    """An open transaction that can also promise messages; they leave when it is committed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self._messages: list[Outgoing] = []

    def publish(self, subject: str, payload: bytes, *, msg_id: str | None = None) -> None:
        """Promise a message for a stream. A core subject, which nobody stores, is for `Bus.send`."""
        self._messages.append(Outgoing(subject, payload, msg_id or uuid.uuid4().hex))

    @property
    def messages(self) -> Sequence[Outgoing]:
        """What was promised so far."""
        return self._messages


@asynccontextmanager
async def transaction(database: Database, outbox: Outbox | None) -> AsyncIterator[Transaction]:
    """Open a write transaction; on the way out write its messages, commit, and let them go."""
    rows: list[Row] = []
    async with database.write() as connection:
        opened = Transaction(connection)
        yield opened
        if opened.messages:
            assert outbox is not None, "this service has no outbox"
            rows = await outbox.add(connection, opened.messages)
    if outbox is not None and rows:
        outbox.offer(rows)
