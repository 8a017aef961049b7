"""What was given up, and how the queue is: for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import iso, now
from argus_notifier.delivery.listing import Wanted
from argus_notifier.delivery.repository import FAILED, SENDING, WAITING
from argus_notifier.delivery.schemas import DeliveryStatsOut
from argus_notifier.turns import by_key
from argus_schema.notifier import circuit, delivery

_D, _C = delivery.c, circuit.c


async def stats(connection: AsyncConnection, *, mail_server: bool) -> DeliveryStatsOut:
    """Counts of the queue and of the last hour."""
    hour = now() - timedelta(hours=1)
    is_queued = _D.status.in_((WAITING, SENDING))
    # A subquery each: every one of them reads an index of its own.
    counts = [
        sa.select(sa.func.count()).select_from(delivery).where(is_it).scalar_subquery()
        for is_it in (is_queued, _D.sent_at > hour, _D.failed_at > hour, _D.status == FAILED)
    ]
    oldest = sa.select(sa.func.min(_D.created_at)).where(is_queued).scalar_subquery()
    row = (await connection.execute(sa.select(*counts, oldest))).one()
    open_now = sa.select(_C.receiver).where(_C.open_until > now()).order_by(_C.receiver).limit(100)
    return DeliveryStatsOut(
        queued=row[0],
        sent_last_hour=row[1],
        failed_last_hour=row[2],
        deadletter_count=row[3],
        oldest_queued_at=iso(row[4]),
        open_circuits=list((await connection.execute(open_now)).scalars()),
        mail_server=mail_server,
    )


async def newest(connection: AsyncConnection, *, limit: int, all_ever: bool) -> Sequence[sa.Row[Any]]:
    """Dead letters by time, the newest first; with `all_ever` also those that were sent again."""
    were_dead = sa.or_(_D.status == FAILED, _D.requeued_at.is_not(None)) if all_ever else _D.status == FAILED
    statement = sa.select(delivery).where(were_dead).order_by(_D.id.desc()).limit(limit)
    return (await connection.execute(statement)).all()


async def requeue(connection: AsyncConnection, ids: Sequence[int]) -> Sequence[int]:
    """Put dead letters into the queue again, with all attempts before them; returns whose ids they are.

    Their receivers are tried at once: who asks for this has mended something.
    """
    return await _requeue(connection, [_D.id.in_(ids)])


async def requeue_all(connection: AsyncConnection, wanted: Wanted) -> int:
    """Put all dead letters that fit into the queue again; returns how many there were."""
    return len(await _requeue(connection, wanted.conditions()))


async def _requeue(connection: AsyncConnection, conditions: Sequence[sa.ColumnElement[bool]]) -> Sequence[int]:
    at = now()
    values = {"status": WAITING, "attempts": 0, "next_attempt_at": at, "requeued_at": at, "failed_at": None}
    dead = sa.and_(*conditions, _D.status == FAILED)
    receivers = sa.select(_D.receiver).where(dead)
    await connection.execute(sa.delete(circuit).where(by_key(circuit, _C.receiver.in_(receivers))))
    again = sa.update(delivery).where(by_key(delivery, dead)).values(**values).returning(_D.id)
    return sorted((await connection.execute(again)).scalars())
