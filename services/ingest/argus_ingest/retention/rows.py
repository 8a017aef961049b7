"""Old rows: batch by batch, some thousand per transaction, so that nobody waits.

Curves (`metric_block`, `metric_chunk`), summaries, batches and jobs are never removed by age.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from argus_contracts.event_rows import TYPE_CODES
from argus_contracts.events import EventType
from argus_ingest.retention.policy import Policy
from argus_ingest.retention.sizes import row_bytes
from argus_ingest.retention.tallies import Tally
from argus_ingest.store import purged_events
from argus_kit.database import Database
from argus_schema import ingest as tables

DEMO_HOST: Final = "demo-host-a100"
ROWS_AT_ONCE: Final = 2_000
_BATCHES_AT_ONCE: Final = 500
# How far ahead of its arrival an event may say that it happened.
_SENDERS_AHEAD: Final = timedelta(days=1)

_POINTS: Final = [TYPE_CODES[EventType.JOB_EPOCH], TYPE_CODES[EventType.JOB_STEP]]
_LOG_LINE: Final = TYPE_CODES[EventType.LOG_LINE]

Swept = dict[tuple[str, str, int], int]
"""Batches of which nothing of a class is left: their `event_seq` then, by class, table and key. While it stays the
same there is nothing to look for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` for which `where` holds and that are older than `cutoff` leave."""

    table: sa.Table
    cutoff: datetime
    where: sa.ColumnElement[bool]
    # A log line lies in two tables and counts once.
    is_counted: bool = True


class OldRows:
    """A class of rows. See Work."""

    def __init__(self, name: str, rules: Sequence[Rule], database: Database, swept: Swept) -> None:
        self.name = name
        self._rules = rules
        self._database = database
        self._swept = swept

    async def measure(self) -> Tally:
        """See Work."""
        total = Tally()
        for rule in self._rules:
            after = 0
            while batches := await self._batches(rule, after):
                after = batches[-1].batch_key
                total.add(await self._measured(rule, batches[0].batch_key, after))
        return total

    async def slices(self) -> AsyncIterator[Tally]:
        """See Work."""
        for rule in self._rules:
            after = 0
            while batches := await self._batches(rule, after):
                after = batches[-1].batch_key
                for batch in batches:
                    async for tally in self._of_batch(rule, batch):
                        yield tally

    async def _batches(self, rule: Rule, after: int) -> Sequence[sa.Row[Any]]:
        # Senders' clocks may be behind, so a batch that is younger than the cut-off may still hold older rows.
        column = tables.batch.c
        old = sa.or_(column.created_at < rule.cutoff, column.start_time < rule.cutoff)
        columns: list[Any] = [column.batch_key, column.event_seq, column.last_event_at]
        query = sa.select(*columns).where(column.batch_key > after, old).order_by(column.batch_key)
        async with self._database.read() as connection:
            found: Sequence[sa.Row[Any]] = (await connection.execute(query.limit(_BATCHES_AT_ONCE))).all()
        return found

    async def _measured(self, rule: Rule, first: int, last: int) -> Tally:
        column = rule.table.c
        size = row_bytes(rule.table, is_sqlite=self._database.is_sqlite)
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(size), 0)).select_from(rule.table)
        query = query.where(column.batch_key.between(first, last), column.at < rule.cutoff, rule.where)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one()
        return Tally(row[0] if rule.is_counted else 0, int(row[1]))

    async def _of_batch(self, rule: Rule, batch: sa.Row[Any]) -> AsyncIterator[Tally]:
        place = (self.name, rule.table.name, batch.batch_key)
        if self._swept.get(place) == batch.event_seq:
            return
        while (tally := await self._slice(rule, batch.batch_key)) is not None:
            yield tally
        if batch.last_event_at is not None and batch.last_event_at < rule.cutoff - _SENDERS_AHEAD:
            self._swept[place] = batch.event_seq

    async def _slice(self, rule: Rule, batch_key: int) -> Tally | None:
        column = rule.table.c
        size = row_bytes(rule.table, is_sqlite=self._database.is_sqlite).label("size")
        old = (
            sa.select(column.id, size)
            .where(column.batch_key == batch_key, column.at < rule.cutoff, rule.where)
            .order_by(column.id)
            .limit(ROWS_AT_ONCE)
        )
        # Looked for without the writer's place: most batches have nothing to remove.
        async with self._database.read() as connection:
            found = (await connection.execute(old)).all()
        if not found:
            return None
        async with self._database.write() as connection:
            these = sa.and_(column.batch_key == batch_key, column.id.in_([row.id for row in found]))
            gone = sa.delete(rule.table).where(these)
            if rule.table is tables.event:
                left = gone.returning(column.id, column.event_key, column.at, column.sent_at)
                if events := (await connection.execute(left)).all():
                    await purged_events.remember(connection, batch_key, events)
            else:
                await connection.execute(gone)
        return Tally(len(found) if rule.is_counted else 0, sum(row.size for row in found))


def old_rows(database: Database, policy: Policy, at: datetime, swept: Swept) -> list[OldRows]:
    """The classes of rows that a policy does not keep for ever."""
    snapshot, event, line = tables.resource_snapshot, tables.event, tables.log_line
    lines = event.c.type_code == _LOG_LINE
    points = event.c.type_code.in_(_POINTS)
    others = event.c.type_code.not_in([_LOG_LINE, *_POINTS])
    planned: list[tuple[str, float, list[tuple[sa.Table, sa.ColumnElement[bool]]]]] = [
        ("resource_snapshot.normal", policy.snapshot_days, [(snapshot, snapshot.c.host != DEMO_HOST)]),
        ("resource_snapshot.demo", policy.demo_data_days, [(snapshot, snapshot.c.host == DEMO_HOST)]),
        ("event.log_line", policy.log_line_days, [(line, sa.true()), (event, lines)]),
        ("event.job_epoch", policy.job_epoch_days, [(event, points)]),
        ("event.other", policy.event_other_days, [(event, others)]),
    ]
    return [
        OldRows(
            name, [Rule(table, age(at, days), where, n == 0) for n, (table, where) in enumerate(rules)], database, swept
        )
        for name, days, rules in planned
        if days > 0
    ]


def age(at: datetime, days: float) -> datetime:
    """The time before which things are too old; never so near that a purged event could pass for a new one."""
    return at - max(timedelta(days=days), purged_events.YOUNGEST)
