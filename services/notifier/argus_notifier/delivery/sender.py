"""Sends what waits in the queue. Any number of workers do it side by side, each under leases of its own.

A receiver that is slow holds up nobody else: it has a few places of its own, and one that fails is left alone for a
while (`machine`). No transaction is open while a receiver takes its time.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import SQLAlchemyError

from argus_kit import tasks
from argus_kit.clock import now
from argus_kit.lull import Lull
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_notifier.delivery import repository
from argus_notifier.delivery.acks import Acks
from argus_notifier.delivery.machine import (
    Again,
    Circuit,
    Failed,
    GivenUp,
    Outcome,
    Refused,
    Sent,
    after,
    circuit_after,
)
from argus_notifier.delivery.news import News
from argus_notifier.delivery.transport import Transport
from argus_notifier.settings import NotifierSettings

log = structlog.get_logger(__name__)

ATTEMPTS = Counter("argus_deliveries_total", "Attempts to deliver a mail or a message", ["kind", "outcome"])
OUTCOMES: Final = ("sent", "again", "given_up")
WAITING = Gauge("argus_deliveries_waiting", "Mails and messages that wait to be delivered", ["kind"])
OLDEST = Gauge("argus_deliveries_oldest_seconds", "For how long the oldest of them waits; 0: none does", ["kind"])

_HOUSEKEEPING_S: Final = 60.0
# A lease outlives the attempt, and the writing down of what came of it.
_LEASE_AFTER_S: Final = 60.0
# A part has ten seconds to stop.
_LAST_ATTEMPTS_S: Final = 8.0
_LONGEST_PAUSE_S: Final = 5.0


class Delivery(Part):
    """Sends what is due. `transports` are the kinds that this worker knows."""

    name = "delivery"

    def __init__(self, platform: Platform, settings: NotifierSettings, transports: Mapping[str, Transport]) -> None:
        self._database = platform.database
        self._settings = settings
        self._transports = transports
        self._loop = Loop(self.name, self.round, every_s=settings.mail_every_s)
        self._acks = Acks(platform.settings.home / "deliveries")
        self._lull = Lull(platform.database)
        self._news = News(platform)
        self._under_way: set[asyncio.Task[None]] = set()
        self._has_begun = False
        self._is_draining = False
        self._kept_house_at = float("-inf")

    async def start(self) -> None:
        """See Part."""
        for kind in self._transports:
            for outcome in OUTCOMES:
                # From zero on: what Prometheus first sees as 1 is no increase to it, and nobody would hear of it.
                ATTEMPTS.labels(kind, outcome)
        await self._news.start()
        await self._loop.start()

    async def drain(self) -> None:
        """See Part."""
        self._is_draining = True

    async def stop(self) -> None:
        """End in order: what is under way may end, and is written down."""
        self._is_draining = True
        await self._loop.stop()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LAST_ATTEMPTS_S)
        await tasks.end(self._under_way)
        await self.settle()
        self._acks.end()
        await self._news.stop()

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def round(self) -> int:
        """Take up what is due, as far as there are places; returns how many."""
        if self._is_draining:
            return 0
        await self._begin()
        await self._keep_house()
        free = self._settings.delivery_at_once - len(self._under_way)
        rows = await self._claim(free) if free > 0 else []
        for row in rows:
            task = asyncio.create_task(self._deliver(row), name=f"delivery-{row.id}")
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return len(rows)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._loop.kick()

    async def _begin(self) -> None:
        if self._has_begun:
            return
        with self._acks.left_behind() as keys:
            if keys:
                log.info("delivery.acks_found", count=len(keys))
                async with self._database.write() as connection:
                    for key in keys:
                        await repository.mark_sent(connection, key, now())
        self._acks.begin()
        self._has_begun = True

    async def _claim(self, free: int) -> list[sa.Row[Any]]:
        limits = {} if self._lull.lasts else await self._due()
        if not limits:
            return []
        lease_s = self._settings.delivery_timeout_s + _LEASE_AFTER_S
        async with self._database.write() as connection:
            token = uuid.uuid4().hex
            return list(await repository.claim(connection, token=token, lease_s=lease_s, free=free, limits=limits))

    async def _due(self) -> Mapping[str, int]:
        """Places of a receiver, by kind, where something of these kinds is due."""
        writes = self._database.writes
        limits: dict[str, int] | None = None
        async with self._database.read() as connection:
            if await repository.is_any_due(connection):
                found = {kind: await transport.places(connection) for kind, transport in self._transports.items()}
                limits = {kind: places for kind, places in found.items() if places}
                # Mails that wait for a mail server may do so for days.
                if limits and await repository.is_any_due(connection, limits):
                    return limits
            if self._database.is_sqlite:
                self._lull.begin(writes, await repository.next_due(connection, limits))
        return {}

    async def _deliver(self, row: sa.Row[Any]) -> None:
        outcome = await self._attempt(row)
        if isinstance(outcome, Sent):
            self._acks.note(row.dedupe_key)
        pause_s = 0.1
        # What came of it is written down, however long the database is away: forgetting it means to send again.
        while not await self._written(row, outcome):
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        if isinstance(outcome, Sent):
            self._acks.settled(row.dedupe_key)

    async def _attempt(self, row: sa.Row[Any]) -> Outcome:
        transport = self._transports[row.kind]
        if row.attempts > transport.backoff.attempts:
            return Refused(row.last_error or "The worker ended during each attempt.")
        try:
            async with asyncio.timeout(self._settings.delivery_timeout_s):
                return await transport.send(row)
        except TimeoutError:
            return Failed(f"No answer within {self._settings.delivery_timeout_s:g} s.")
        except Exception as error:
            # A fault of a transport must not leave the row in nobody's hands until its lease ends.
            log.exception("delivery.fault", delivery_id=row.id, kind=row.kind)
            return Failed(f"{type(error).__name__}: {error}")

    async def _written(self, row: sa.Row[Any], outcome: Outcome) -> bool:
        """Whether the database took what came of it."""
        try:
            async with self._database.write() as connection:
                await self._write(connection, row, outcome)
        except (SQLAlchemyError, OSError) as error:
            log.warning("delivery.not_written", delivery_id=row.id, error=repr(error))
            return False
        self._news.note(row.batch_id)
        return True

    async def _write(self, connection: Any, row: sa.Row[Any], outcome: Outcome) -> None:
        at = now()
        known = await repository.circuit_of(connection, row.receiver)
        then = circuit_after(known, outcome, at, chance=random.random())
        if then != known:
            await repository.put_circuit(connection, row.receiver, then)
            _tell_circuit(row.receiver, known, then)
        if isinstance(outcome, Sent):
            ATTEMPTS.labels(row.kind, "sent").inc()
            await repository.mark_sent(connection, row.dedupe_key, at)
            return
        age_s = (at - (row.requeued_at or row.created_at)).total_seconds()
        backoff = self._transports[row.kind].backoff
        step = after(outcome, backoff, attempts=row.attempts, age_s=age_s, chance=random.random())
        again_at = at + timedelta(seconds=step.wait_s) if isinstance(step, Again) else None
        said = "given_up" if isinstance(step, GivenUp) else "again"
        ATTEMPTS.labels(row.kind, said).inc()
        log.warning("delivery.not_sent", delivery_id=row.id, kind=row.kind, outcome=said, error=outcome.error)
        await repository.mark_failed(connection, row, outcome.error, again_at)

    async def _keep_house(self) -> None:
        if time.monotonic() - self._kept_house_at < _HOUSEKEEPING_S:
            return
        self._kept_house_at = time.monotonic()
        own, at = self._settings, now()
        async with self._database.write() as connection:
            old = await repository.give_up_old(connection, at - timedelta(hours=own.delivery_give_up_h))
            await repository.forget(
                connection,
                sent_before=at - timedelta(days=own.mail_keep_days),
                failed_before=at - timedelta(days=own.dead_letter_days),
            )
            counts = await repository.count_waiting(connection)
        if old:
            self._news.note()
        for kind in self._transports:
            count, since = counts.get(kind, (0, at))
            WAITING.labels(kind).set(count)
            OLDEST.labels(kind).set(max((at - since).total_seconds(), 0.0))


def _tell_circuit(receiver: str, before: Circuit, then: Circuit) -> None:
    if (before.open_until is None) != (then.open_until is None):
        event = "circuit.closed" if then.open_until is None else "circuit.opened"
        log.warning(event, receiver=receiver, failures=then.failures or before.failures)
