"""The outbox: a message promised in a transaction reaches the bus, whatever dies in between.

Fast path: after the commit the rows are handed over in memory, published at once, and cleared a moment later. Slow
path: a sweep publishes rows that have lain for two seconds, such as those of a process that was killed, or of a time
without NATS. A message may arrive twice, never not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import sqlalchemy as sa
import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit import telemetry
from argus_kit.bus import Bus, Outgoing
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.parts import Loop, Part

log = structlog.get_logger(__name__)

PUBLISHED = Counter("argus_outbox_published_total", "Messages published from an outbox", ["table", "path"])

_SWEEP_AGE = timedelta(seconds=2)
_SWEEP_ROWS = 500
# Beyond this many rows in memory, new ones are left to the sweep: memory stays bounded while NATS is away.
_MAX_OFFERED = 20_000
_CLEAR_EVERY_S = 0.25
_IDLE_LOOK_S = 20.0

Row = tuple[int, Outgoing]


class Outbox(Part):
    """Publishes the rows of one outbox table."""

    def __init__(self, database: Database, bus: Bus, table: sa.Table) -> None:
        self.name = table.name
        self._database = database
        self._bus = bus
        self._table = table
        self._offered: list[Row] = []
        self._published: list[int] = []
        # On SQLite nobody else writes the table, so one that was seen empty is looked at seldom until `offer`.
        self._next_look = 0.0
        self._awake = asyncio.Event()
        self._publisher: asyncio.Task[None] | None = None
        self._sweeper = Loop(f"sweep-{table.name}", self._sweep, every_s=1.0)
        self._clearer = Loop(f"clear-{table.name}", self._clear_alone, every_s=_CLEAR_EVERY_S)

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
            self._publisher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._publisher
        await self._clear_alone()

    async def add(self, connection: AsyncConnection, messages: Sequence[Outgoing]) -> list[Row]:
        """Write messages in the caller's transaction. Hand the result to `offer` after the commit."""
        if not messages:
            return []
        carried = telemetry.headers()
        at = now()
        values = [
            {
                "subject": message.subject,
                "msg_id": message.msg_id,
                "payload": message.payload,
                "headers": {**carried, **message.headers} or None,
                "created_at": at,
            }
            for message in messages
        ]
        statement = sa.insert(self._table).returning(self._table.c.id, sort_by_parameter_order=True)
        ids = (await connection.execute(statement, values)).scalars().all()
        return [
            (row_id, Outgoing(message.subject, message.payload, message.msg_id, {**carried, **message.headers}))
            for row_id, message in zip(ids, messages, strict=True)
        ]

    def offer(self, rows: Sequence[Row]) -> None:
        """Publish committed rows now. Call it only after the commit."""
        self._next_look = 0.0
        if len(self._offered) + len(rows) <= _MAX_OFFERED and self._bus.is_connected:
            self._offered.extend(rows)
            self._awake.set()

    async def clear(self, connection: AsyncConnection) -> None:
        """Delete published rows in a transaction that is open anyway, which saves one of our own."""
        published, self._published = self._published, []
        for begin in range(0, len(published), _SWEEP_ROWS):
            ids = published[begin : begin + _SWEEP_ROWS]
            # A row that a sweep holds is left to it: this transaction must not wait for somebody's NATS.
            free = sa.select(self._table.c.id).where(self._table.c.id.in_(ids)).with_for_update(skip_locked=True)
            await connection.execute(sa.delete(self._table).where(self._table.c.id.in_(free)))

    async def _clear_alone(self) -> None:
        if self._published:
            async with self._database.write() as connection:
                await self.clear(connection)

    async def _publish_offered(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._offered:
                rows, self._offered = self._offered, []
                # What is not stored now stays in the table, and the sweep comes for it.
                await self._publish(rows, "fast")

    async def _publish(self, rows: Sequence[Row], path: str) -> list[int]:
        stored = await self._bus.publish_all([message for _, message in rows])
        ids = [row_id for (row_id, _), ok in zip(rows, stored, strict=True) if ok]
        PUBLISHED.labels(self.name, path).inc(len(ids))
        if path == "fast":
            self._published += ids
        return ids

    async def _sweep(self) -> None:
        while self._bus.is_connected and time.monotonic() >= self._next_look:
            async with self._database.read() as connection:
                oldest = sa.select(self._table.c.created_at).order_by(self._table.c.id).limit(1)
                created_at = (await connection.execute(oldest)).scalar()
            if created_at is None and self._database.is_sqlite:
                self._next_look = time.monotonic() + _IDLE_LOOK_S
            if created_at is None or created_at >= now() - _SWEEP_AGE:
                return
            if await self._sweep_once() < _SWEEP_ROWS:
                return

    async def _sweep_once(self) -> int:
        columns = self._table.c
        # On PostgreSQL the rows are locked, so that replicas sweep different ones. SQLite has one process, whose
        # writers must not wait for NATS: there the rows are only read.
        opened = self._database.read() if self._database.is_sqlite else self._database.write()
        async with opened as connection:
            late = (
                sa.select(columns.id, columns.subject, columns.payload, columns.msg_id, columns.headers)
                .where(columns.created_at < now() - _SWEEP_AGE)
                .order_by(columns.id)
                .limit(_SWEEP_ROWS)
                .with_for_update(skip_locked=True)
            )
            in_hand = set(self._published)
            found = (await connection.execute(late)).all()
            rows = [(r.id, Outgoing(r.subject, r.payload, r.msg_id, r.headers or {})) for r in found]
            sent = await self._publish([row for row in rows if row[0] not in in_hand], "sweep")
            if sent and not self._database.is_sqlite:
                await connection.execute(sa.delete(self._table).where(columns.id.in_(sent)))
        if sent and self._database.is_sqlite:
            async with self._database.write() as connection:
                await connection.execute(sa.delete(self._table).where(columns.id.in_(sent)))
        return len(sent)


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
