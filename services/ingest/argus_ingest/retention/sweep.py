"""Removing what is too old: batch by batch, some thousand rows per transaction, so that nobody waits.

Curves (`metric_block`), batches, jobs and artifacts are never removed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from argus_contracts.event_rows import TYPE_CODES
from argus_contracts.events import EventType
from argus_ingest.retention.policy import Policy
from argus_kit.clock import now
from argus_kit.database import Database
from argus_schema import ingest as tables

log = structlog.get_logger(__name__)

DEMO_HOST: Final = "demo-host-a100"
_ROWS_AT_ONCE: Final = 2_000
_BATCHES_AT_ONCE: Final = 500
# Room for others between two slices.
_PAUSE_S: Final = 0.01

_POINTS: Final = [TYPE_CODES[EventType.JOB_EPOCH], TYPE_CODES[EventType.JOB_STEP]]
_SPECIAL: Final = [TYPE_CODES[EventType.LOG_LINE], *_POINTS]


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` for which `where` holds and that are older than `cutoff` leave; counted under `name`."""

    name: str
    table: sa.Table
    cutoff: datetime
    where: sa.ColumnElement[bool]


def rules(policy: Policy, at: datetime) -> list[Rule]:
    """The rules of a sweep at this time; those of classes that are kept for ever are left out."""
    snapshot, event = tables.resource_snapshot, tables.event
    everything = sa.true()
    log_lines = event.c.type_code == TYPE_CODES[EventType.LOG_LINE]
    epochs = event.c.type_code.in_(_POINTS)
    planned = [
        ("resource_snapshot.normal", snapshot, policy.snapshot_days, snapshot.c.host != DEMO_HOST),
        ("resource_snapshot.demo", snapshot, policy.demo_data_days, snapshot.c.host == DEMO_HOST),
        ("event.log_line", tables.log_line, policy.log_line_days, everything),
        ("event.log_line", event, policy.log_line_days, log_lines),
        ("event.job_epoch", event, policy.job_epoch_days, epochs),
        ("event.other", event, policy.event_other_days, event.c.type_code.not_in(_SPECIAL)),
    ]
    return [Rule(name, table, at - timedelta(days=days), where) for name, table, days, where in planned if days > 0]


async def sweep(database: Database, policy: Policy) -> tuple[dict[str, int], int]:
    """Apply every rule to every batch. Returns rows removed by class (-1 for one that failed), and milliseconds."""
    begin = time.monotonic()
    stats: dict[str, int] = {}
    for rule in rules(policy, now()):
        try:
            removed = await _apply(database, rule)
            # A log line lies in two tables and counts once.
            stats[rule.name] = max(stats.get(rule.name, 0), removed)
        except (SQLAlchemyError, OSError):
            log.exception("retention.failed", rule=rule.name)
            stats[rule.name] = -1
    return stats, int((time.monotonic() - begin) * 1000)


async def _apply(database: Database, rule: Rule) -> int:
    removed, after = 0, 0
    while keys := await _batches(database, rule.cutoff, after):
        for key in keys:
            while count := await _slice(database, rule, key):
                removed += count
                await asyncio.sleep(_PAUSE_S)
        after = keys[-1]
    return removed


async def _batches(database: Database, cutoff: datetime, after: int) -> Sequence[int]:
    # Senders' clocks may be behind, so a batch that is younger than the cut-off may still hold older rows.
    column = tables.batch.c
    old = sa.or_(column.created_at < cutoff, column.start_time < cutoff)
    query = sa.select(column.batch_key).where(column.batch_key > after, old).order_by(column.batch_key)
    async with database.read() as connection:
        return (await connection.execute(query.limit(_BATCHES_AT_ONCE))).scalars().all()


async def _slice(database: Database, rule: Rule, batch_key: int) -> int:
    column = rule.table.c
    old = (
        sa.select(column.id)
        .where(column.batch_key == batch_key, column.at < rule.cutoff, rule.where)
        .order_by(column.id)
        .limit(_ROWS_AT_ONCE)
    )
    # Looked for without the writer's place: most batches have nothing to remove.
    async with database.read() as connection:
        ids = (await connection.execute(old)).scalars().all()
    if not ids:
        return 0
    async with database.write() as connection:
        gone = sa.delete(rule.table).where(column.batch_key == batch_key, column.id.in_(ids))
        return (await connection.execute(gone)).rowcount
