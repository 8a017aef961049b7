"""Rows of `delivery` and `circuit`.

A delivery is `waiting` (also between attempts), `sending` while a worker has a lease on it, then `sent`, or `failed`
when it was given up: a dead letter, which is kept, and which an administrator can send again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_kit.leases import take_turn
from argus_notifier.delivery.machine import Circuit, Demand, share
from argus_notifier.turns import by_key
from argus_notifier.upserts import add_new, put
from argus_schema.notifier import circuit, delivery

WAITING, SENDING, SENT, FAILED = "waiting", "sending", "sent", "failed"

_D, _C = delivery.c, circuit.c
_EMPTY = {"channel_id": None, "batch_id": None, "body_html": None, "facts": None}


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> Sequence[sa.Row[Any]]:
    """Put deliveries into the queue; returns those whose dedupe key was not there."""
    at = now()
    begin = {"status": WAITING, "attempts": 0, "next_attempt_at": at, "created_at": at}
    return await add_new(connection, delivery, [{**_EMPTY, **begin, **row} for row in rows])


def _is_due(at: datetime) -> sa.ColumnElement[bool]:
    # A lease that ran out was a worker's that died with the delivery in its hands.
    abandoned = sa.and_(_D.status == SENDING, _D.claimed_until <= at)
    return sa.or_(sa.and_(_D.status == WAITING, _D.next_attempt_at <= at), abandoned)


async def is_any_due(connection: AsyncConnection, kinds: Collection[str] | None = None) -> bool:
    """Whether there is something to do, of these kinds: asked often, and without the writer's place."""
    due = sa.select(_D.id).where(_is_due(now())).limit(1)
    return (await connection.execute(due if kinds is None else due.where(_D.kind.in_(kinds)))).first() is not None


async def next_due(connection: AsyncConnection, kinds: Collection[str] | None = None) -> datetime | None:
    """When there is something to do, of these kinds."""
    of_kinds = sa.true() if kinds is None else _D.kind.in_(kinds)
    waiting = sa.select(sa.func.min(_D.next_attempt_at)).where(_D.status == WAITING, of_kinds)
    abandoned = sa.select(sa.func.min(_D.claimed_until)).where(_D.status == SENDING, of_kinds)
    found = (await connection.execute(sa.select(waiting.scalar_subquery(), abandoned.scalar_subquery()))).one()
    return min((at for at in found if at is not None), default=None)


async def claim(
    connection: AsyncConnection, *, token: str, lease_s: float, free: int, limits: Mapping[str, int]
) -> Sequence[sa.Row[Any]]:
    """Take deliveries under a lease, as many of each receiver as it may have under way at once over all workers.

    Args:
        connection: of a write transaction.
        token: names this claim.
        lease_s: how long nobody else takes them.
        free: places of this worker.
        limits: kinds that can be sent, and how many of a receiver at once.
    """
    # Workers count and claim one after the other: else two of them would each fill a receiver's places.
    await take_turn(connection, "notifier.claim")
    at = now()
    ids: list[int] = []
    for receiver, count in share(await _demands(connection, limits, at), free, at).items():
        wanted = sa.select(_D.id).where(_D.receiver == receiver, _is_due(at))
        oldest = wanted.order_by(_D.next_attempt_at, _D.id).limit(count).with_for_update(skip_locked=True)
        ids += (await connection.execute(oldest)).scalars()
    if not ids:
        return []
    values = {"status": SENDING, "claim": token, "claimed_until": at + timedelta(seconds=lease_s)}
    # An attempt counts when it begins: one that kills its worker each time comes to an end too.
    taken = sa.update(delivery).where(_D.id.in_(ids)).values(**values, attempts=_D.attempts + 1).returning(delivery)
    return sorted((await connection.execute(taken)).all(), key=lambda row: row.id)


async def _demands(connection: AsyncConnection, limits: Mapping[str, int], at: datetime) -> list[Demand]:
    if not limits:
        return []
    is_due = _is_due(at)
    due = sa.func.sum(sa.case((is_due, 1), else_=0))
    under_way = sa.func.sum(sa.case((is_due, 0), else_=1))
    found: sa.Select[Any] = (
        sa.select(_D.receiver, _D.kind, due, under_way, _C.failures, _C.open_until)
        .outerjoin(circuit, _C.receiver == _D.receiver)
        .where(_D.kind.in_(limits), sa.or_(_D.status == SENDING, is_due))
        .group_by(_D.receiver, _D.kind, _C.failures, _C.open_until)
        .order_by(sa.func.min(_D.next_attempt_at), _D.receiver)
    )
    return [
        Demand(receiver, int(waiting), int(sending), limits[kind], Circuit(failures or 0, open_until))
        for receiver, kind, waiting, sending, failures, open_until in await connection.execute(found)
    ]


async def mark_sent(connection: AsyncConnection, dedupe_key: str, at: datetime) -> None:
    """The receiver has it: true whoever holds the lease by now."""
    values = {"status": SENT, "sent_at": at, "last_error": None, "next_attempt_at": None, "failed_at": None}
    is_news = sa.update(delivery).where(_D.dedupe_key == dedupe_key, _D.status != SENT)
    await connection.execute(is_news.values(**values, claim=None, claimed_until=None))


async def mark_failed(connection: AsyncConnection, row: sa.Row[Any], error: str, again_at: datetime | None) -> None:
    """Note a failed attempt of the claim that `row` came with; without `again_at` the delivery is given up."""
    values = {
        "status": WAITING if again_at else FAILED,
        "next_attempt_at": again_at,
        "failed_at": None if again_at else now(),
        "last_error": error[:500],
        "claim": None,
        "claimed_until": None,
    }
    await connection.execute(sa.update(delivery).where(_D.id == row.id, _D.claim == row.claim).values(**values))


async def circuit_of(connection: AsyncConnection, receiver: str) -> Circuit:
    """What is known of a receiver; held until the commit."""
    statement = sa.select(_C.failures, _C.open_until).where(_C.receiver == receiver).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return Circuit() if row is None else Circuit(row.failures, row.open_until)


async def put_circuit(connection: AsyncConnection, receiver: str, known: Circuit) -> None:
    """Write down what is known of a receiver; of one that is well, nothing is."""
    if known == Circuit():
        await connection.execute(sa.delete(circuit).where(_C.receiver == receiver))
        return
    row = {"receiver": receiver, "failures": known.failures, "open_until": known.open_until, "changed_at": now()}
    await put(connection, circuit, ("receiver",), row)


async def give_up_old(connection: AsyncConnection, before: datetime) -> int:
    """Give up what has waited since before then, mostly for a receiver that is away. Returns how many."""
    since = sa.func.coalesce(_D.requeued_at, _D.created_at)
    values = {
        "status": FAILED,
        "failed_at": now(),
        "next_attempt_at": None,
        "last_error": sa.func.coalesce(_D.last_error, "It waited too long to be of use."),
    }
    old = by_key(delivery, sa.and_(_D.status == WAITING, since < before), only_free=True)
    done = await connection.execute(sa.update(delivery).where(old).values(**values))
    return done.rowcount


async def forget(connection: AsyncConnection, *, sent_before: datetime, failed_before: datetime) -> None:
    """Delete what is long over: texts hold links that are secrets while they are good."""
    sent = sa.and_(_D.status == SENT, _D.sent_at < sent_before)
    dead = sa.and_(_D.status == FAILED, _D.failed_at < failed_before)
    for over in (sent, dead):
        await connection.execute(sa.delete(delivery).where(by_key(delivery, over, only_free=True)))
    # Of channels that are gone, or that nobody has written to since.
    await connection.execute(sa.delete(circuit).where(by_key(circuit, _C.changed_at < sent_before, only_free=True)))


async def count_waiting(connection: AsyncConnection) -> Mapping[str, tuple[int, datetime]]:
    """How many of each kind are not yet delivered, and since when the oldest of them waits."""
    since = sa.func.min(sa.func.coalesce(_D.requeued_at, _D.created_at))
    counts = sa.select(_D.kind, sa.func.count(), since).where(_D.status.in_((WAITING, SENDING))).group_by(_D.kind)
    return {row.kind: (row[1], row[2]) for row in await connection.execute(counts)}
