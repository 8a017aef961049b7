"""Reads batches. Lists read the summary columns that ingest maintains, and never the environment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope, editable, visible
from argus_catalog.derivations.progress import SAMPLES
from argus_contracts.errors import ErrorCode
from argus_contracts.timestamps import parse_timestamp
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.pagination import decode_cursor
from argus_schema import auth, ingest

batch = ingest.batch.c
job = ingest.job.c
snapshot = ingest.resource_snapshot.c

Row = Any


class BatchFilter(NamedTuple):
    """Which batches are wanted. Texts that cannot be read (`since`) match nothing, as existing clients expect."""

    user: str | None = None
    project: str | None = None
    status: str | None = None
    scope: Scope = "all"
    since: str | None = None
    limit: int = 50
    cursor: str | None = None
    text: str | None = None


_LISTED = (
    batch.batch_key,
    batch.id,
    batch.experiment_type,
    batch.project,
    batch.user,
    batch.host,
    batch.command,
    batch.n_total,
    batch.n_done,
    batch.n_failed,
    batch.n_jobs,
    batch.status,
    batch.start_time,
    batch.end_time,
    batch.source_batch_id,
    batch.name,
    batch.owner_id,
    batch.last_event_at,
    batch.is_divergent,
    batch.is_idle,
    batch.error,
    batch.stop_requested_at,
    batch.pause_requested_at,
    batch.pause_requested_by,
    batch.paused_at,
    batch.paused_s,
    batch.checkpoint,
)


def _select(actor: Actor, *more: Any) -> sa.Select[Any]:
    return sa.select(
        *_LISTED, auth.user.c.username.label("owner"), editable(actor).label("can_edit"), *more
    ).select_from(ingest.batch.outerjoin(auth.user, auth.user.c.id == batch.owner_id))


async def listed(connection: AsyncConnection, actor: Actor, chosen: BatchFilter) -> Sequence[Row]:
    """Rows of the batches that are wanted, the latest start first, one more than asked for when there are more."""
    conditions = _conditions(chosen)
    if conditions is None:
        return []
    after = _start_and_key(chosen.cursor) if chosen.cursor else None
    query = _select(actor).where(visible(actor, chosen.scope), *conditions)
    wanted = chosen.limit + 1
    # Those without a start come last, and are asked for by themselves: PostgreSQL has its index the other way round.
    begun = query.where(batch.start_time.is_not(None)).order_by(batch.start_time.desc(), batch.batch_key.desc())
    others = query.where(batch.start_time.is_(None)).order_by(batch.batch_key.desc())
    if after is not None and after[0] is None:
        later: Sequence[Row] = (await connection.execute(others.where(batch.batch_key < after[1]).limit(wanted))).all()
        return later
    if after is not None:
        begun = begun.where(sa.tuple_(batch.start_time, batch.batch_key) < sa.tuple_(*_bound(after)))
    rows = list((await connection.execute(begun.limit(wanted))).all())
    if len(rows) < wanted:
        rows += (await connection.execute(others.limit(wanted - len(rows)))).all()
    return rows


def _bound(after: tuple[datetime | None, int]) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    return sa.literal(after[0], batch.start_time.type), sa.literal(after[1], sa.BigInteger())


def _conditions(chosen: BatchFilter) -> list[sa.ColumnElement[bool]] | None:
    found: list[sa.ColumnElement[bool]] = []
    exact = ((batch.user, chosen.user), (batch.project, chosen.project), (batch.status, chosen.status))
    found += [column == value for column, value in exact if value is not None]
    if chosen.since:
        since = parse_timestamp(chosen.since)
        if since is None:
            return None
        found.append(batch.start_time >= since)
    if chosen.text:
        searched = (batch.id, batch.name, batch.project, batch.user, batch.host, batch.command, batch.experiment_type)
        found += [
            sa.or_(*(column.icontains(word, autoescape=True) for column in searched)) for word in chosen.text.split()
        ]
    return found


def _start_and_key(cursor: str) -> tuple[datetime | None, int]:
    """Start and number of the last batch of the page before."""
    start, key = decode_cursor(cursor, 2)
    if not isinstance(key, int) or not isinstance(start, str | None):
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor belongs to another list; start again without it.")
    return parse_timestamp(start) if start else None, key


async def of_keys(connection: AsyncConnection, actor: Actor, batch_keys: Sequence[int]) -> Sequence[Row]:
    """Rows of batches that were found before, in any order."""
    query = _select(actor).where(batch.batch_key.in_(batch_keys))
    rows: Sequence[Row] = (await connection.execute(query)).all()
    return rows


async def one(connection: AsyncConnection, actor: Actor, batch_key: int) -> Row:
    """The row of one batch with its environment."""
    query = _select(actor, batch.env_snapshot).where(batch.batch_key == batch_key)
    return (await connection.execute(query)).one()


async def summary(connection: AsyncConnection, batch_key: int) -> Row:
    """The counters and times of one batch."""
    columns = (batch.status, batch.n_total, batch.n_done, batch.n_failed, batch.last_event_at, batch.error)
    return (await connection.execute(sa.select(*columns).where(batch.batch_key == batch_key))).one()


async def job_counts(connection: AsyncConnection, batch_key: int) -> dict[str | None, int]:
    """How many undeleted jobs a batch has, by status."""
    query = (
        sa.select(job.status, sa.func.count())
        .where(job.batch_key == batch_key, job.deleted_at.is_(None))
        .group_by(job.status)
    )
    return dict(tuple(row) for row in await connection.execute(query))


async def recent_elapsed(connection: AsyncConnection, batch_keys: Sequence[int]) -> dict[int, list[int]]:
    """By batch, how long its most recently finished jobs took (at most ten), the oldest first."""
    if not batch_keys:
        return {}
    place = sa.func.row_number().over(partition_by=job.batch_key, order_by=(job.end_time.desc(), job.job_no.desc()))
    ranked = (
        sa.select(job.batch_key, job.elapsed_s, place.label("place"))
        .where(
            job.batch_key.in_(batch_keys),
            # Not the column alone: SQLite would walk through all done jobs that there are, by their index.
            sa.func.coalesce(job.status, "") == "done",
            job.elapsed_s.is_not(None),
            job.end_time.is_not(None),
            job.deleted_at.is_(None),
        )
        .subquery()
    )
    query = sa.select(ranked.c.batch_key, ranked.c.elapsed_s).where(ranked.c.place <= SAMPLES)
    found: dict[int, list[int]] = {}
    for key, elapsed in await connection.execute(query.order_by(ranked.c.batch_key, ranked.c.place.desc())):
        found.setdefault(key, []).append(elapsed)
    return found


_SNAPSHOT = tuple(column for column in ingest.resource_snapshot.c)
_SNAPSHOT_SQL = ", ".join(column.name for column in _SNAPSHOT)
# Terms of one compound statement; SQLite takes 500.
_TERMS = 100


async def newest_snapshots(
    connection: AsyncConnection, batch_keys: Sequence[int], at_most: int
) -> dict[int, list[Row]]:
    """By batch, its newest snapshots, the oldest of them first.

    One statement for many batches: each term walks the key from its end and stops, where a window function would read
    every snapshot that the batches ever sent.
    """
    found: dict[int, list[Row]] = {}
    for begin in range(0, len(batch_keys), _TERMS):
        keys = [int(key) for key in batch_keys[begin : begin + _TERMS]]
        one_batch = (
            "select * from (select {} from resource_snapshot where batch_key = {} order by id desc limit {}) as s{}"
        )
        terms = [one_batch.format(_SNAPSHOT_SQL, key, int(at_most), place) for place, key in enumerate(keys)]
        statement = sa.text(" union all ".join(terms)).columns(*_SNAPSHOT)
        for row in await connection.execute(statement):
            found.setdefault(row.batch_key, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row.id)
    return found
