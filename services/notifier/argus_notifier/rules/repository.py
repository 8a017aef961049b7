"""Rows of `rule`, and of `rule_watch`: for which jobs a rule's condition holds since when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.channels.repository import Owner
from argus_notifier.rules.watching import Throttle, Watch
from argus_notifier.turns import by_key
from argus_notifier.upserts import put
from argus_schema import auth, ingest
from argus_schema.notifier import channel, rule, rule_watch

_R, _W = rule.c, rule_watch.c
_ADDER: Final = auth.user.alias()
_WITH_ADDER: Final = rule.outerjoin(_ADDER, _ADDER.c.id == _R.added_by_user_id)


def _owns(owner: Owner) -> sa.ColumnElement[bool]:
    is_of = _R.user_id == owner.user_id if owner.project is None else _R.project == owner.project
    return is_of if owner.added_by is None else sa.and_(is_of, _R.added_by_user_id == owner.added_by)


def _rules() -> sa.Select[Any]:
    return sa.select(rule, _ADDER.c.username.label("added_by")).select_from(_WITH_ADDER)


async def of_owner(connection: AsyncConnection, owner: Owner) -> Sequence[sa.Row[Any]]:
    """In the order in which they were made."""
    rows: Sequence[sa.Row[Any]] = (await connection.execute(_rules().where(_owns(owner)).order_by(_R.id))).all()
    return rows


async def count(connection: AsyncConnection, owner: Owner) -> int:
    """How many there are, whoever added them."""
    everyone = Owner(owner.user_id, owner.project)
    statement = sa.select(sa.func.count()).select_from(rule).where(_owns(everyone))
    return int((await connection.execute(statement)).scalar_one())


async def find(connection: AsyncConnection, owner: Owner, rule_id: int) -> sa.Row[Any] | None:
    asked = _rules().where(_R.id == rule_id, _owns(owner))
    row: sa.Row[Any] | None = (await connection.execute(asked)).one_or_none()
    return row


async def add(connection: AsyncConnection, owner: Owner, values: Mapping[str, Any]) -> int:
    """The new rule's id."""
    at = now()
    row = {"user_id": owner.user_id, "project": owner.project, **values, "unsaid": 0, "created_at": at}
    return int((await connection.execute(sa.insert(rule).values(**row, updated_at=at).returning(_R.id))).scalar_one())


async def change(connection: AsyncConnection, rule_id: int, values: Mapping[str, Any]) -> None:
    """Change a rule. What it knew of jobs is forgotten: it may now be about others."""
    await connection.execute(sa.delete(rule_watch).where(by_key(rule_watch, _W.rule_id == rule_id)))
    await connection.execute(sa.update(rule).where(_R.id == rule_id).values(**values, updated_at=now()))


async def delete(connection: AsyncConnection, rule_id: int) -> None:
    await connection.execute(sa.delete(rule_watch).where(by_key(rule_watch, _W.rule_id == rule_id)))
    await connection.execute(sa.delete(rule).where(_R.id == rule_id))


async def channels_of(connection: AsyncConnection, owner: Owner) -> set[int]:
    """Ids of the channels that a rule of theirs may speak to."""
    c = channel.c
    is_of = c.user_id == owner.user_id if owner.project is None else c.project == owner.project
    return set((await connection.execute(sa.select(c.id).where(is_of))).scalars())


async def awake(connection: AsyncConnection) -> Sequence[sa.Row[Any]]:
    """All rules that are on, of people whose account is active; with `is_admin` of whoever added it."""
    statement = (
        sa.select(rule, _ADDER.c.is_admin)
        .select_from(_WITH_ADDER)
        .where(_R.enabled.is_(True), _ADDER.c.is_active.is_(True))
        .order_by(_R.id)
    )
    return (await connection.execute(statement)).all()


Watched = tuple[int, str]
"""A rule's id, and a job's."""


async def watches(
    connection: AsyncConnection, rule_ids: Collection[int], batch_key: int, job_ids: Collection[str]
) -> dict[Watched, Watch]:
    """What is remembered of these jobs of a batch."""
    statement = sa.select(_W.rule_id, _W.job_id, _W.since, _W.due_at).where(
        _W.rule_id.in_(rule_ids), _W.batch_key == batch_key, _W.job_id.in_(job_ids)
    )
    return {(row.rule_id, row.job_id): Watch(row.since, row.due_at) for row in await connection.execute(statement)}


async def remember(connection: AsyncConnection, batch_key: int, changes: Mapping[Watched, Watch | None]) -> None:
    """Write down what is to be remembered; None: nothing."""
    for (rule_id, job_id), watch in sorted(changes.items()):
        if watch is None:
            is_it = sa.and_(_W.rule_id == rule_id, _W.batch_key == batch_key, _W.job_id == job_id)
            await connection.execute(sa.delete(rule_watch).where(is_it))
            continue
        row = {"rule_id": rule_id, "batch_key": batch_key, "job_id": job_id}
        key = tuple(row)
        await put(connection, rule_watch, key, {**row, "since": watch.since, "due_at": watch.due_at})


async def due(connection: AsyncConnection, at: datetime, limit: int) -> Sequence[sa.Row[Any]]:
    """What there may be something to say of by now, with the batch that it is about."""
    b = ingest.batch.c
    statement: sa.Select[Any] = (
        sa.select(_W.rule_id, _W.batch_key, _W.job_id, b.id, b.project, b.owner_id)
        .join(ingest.batch, b.batch_key == _W.batch_key)
        .where(_W.due_at <= at)
        .order_by(_W.due_at)
        .limit(limit)
    )
    rows: Sequence[sa.Row[Any]] = (await connection.execute(statement)).all()
    return rows


async def forget_old(connection: AsyncConnection, before: datetime) -> None:
    """Forget what was said long ago, and what rules that are gone remembered."""
    is_gone = sa.not_(sa.exists().where(_R.id == _W.rule_id))
    await connection.execute(sa.delete(rule_watch).where(by_key(rule_watch, sa.or_(_W.since < before, is_gone))))


async def throttle_of(connection: AsyncConnection, rule_id: int) -> Throttle | None:
    """When a rule last spoke; held until the commit. None: it is gone, or off."""
    is_on = sa.and_(_R.id == rule_id, _R.enabled.is_(True))
    row = (await connection.execute(sa.select(_R.said_at, _R.unsaid).where(is_on).with_for_update())).one_or_none()
    return None if row is None else Throttle(row.said_at, row.unsaid)


async def put_throttle(connection: AsyncConnection, rule_id: int, known: Throttle) -> None:
    values = {"said_at": known.said_at, "unsaid": known.unsaid}
    await connection.execute(sa.update(rule).where(_R.id == rule_id).values(**values))
