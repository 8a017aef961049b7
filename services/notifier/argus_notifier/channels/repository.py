"""Rows of `channel`, and their deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.turns import take_turn_to_tell
from argus_schema.notifier import channel, circuit, delivery

_C, _D, _R = channel.c, delivery.c, circuit.c


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose channels: a person's, or a project's; of those, with `added_by`, only that person's."""

    user_id: int | None = None
    project: str | None = None
    added_by: int | None = None

    def owns(self) -> sa.ColumnElement[bool]:
        """The condition on a channel's row."""
        is_of = _C.user_id == self.user_id if self.project is None else _C.project == self.project
        return is_of if self.added_by is None else sa.and_(is_of, _C.added_by_user_id == self.added_by)


async def of_owner(connection: AsyncConnection, owner: Owner) -> Sequence[sa.Row[Any]]:
    """In the order in which they were made."""
    return (await connection.execute(sa.select(channel).where(owner.owns()).order_by(_C.id))).all()


async def count(connection: AsyncConnection, owner: Owner) -> int:
    """How many there are, whoever added them."""
    everyone = Owner(owner.user_id, owner.project)
    statement = sa.select(sa.func.count()).select_from(channel).where(everyone.owns())
    found: int = (await connection.execute(statement)).scalar_one()
    return found


async def find(connection: AsyncConnection, owner: Owner, channel_id: int) -> sa.Row[Any] | None:
    statement: sa.Select[Any] = sa.select(channel).where(_C.id == channel_id, owner.owns())
    row: sa.Row[Any] | None = (await connection.execute(statement)).one_or_none()
    return row


async def add(connection: AsyncConnection, owner: Owner, values: Mapping[str, Any]) -> sa.Row[Any]:
    at = now()
    row = {"user_id": owner.user_id, "project": owner.project, **values, "created_at": at, "updated_at": at}
    added: sa.Row[Any] = (await connection.execute(sa.insert(channel).values(row).returning(channel))).one()
    return added


async def change(connection: AsyncConnection, channel_id: int, values: Mapping[str, Any]) -> sa.Row[Any]:
    statement = sa.update(channel).where(_C.id == channel_id).values(**values, updated_at=now())
    row: sa.Row[Any] = (await connection.execute(statement.returning(channel))).one()
    return row


async def delete(connection: AsyncConnection, channel_id: int) -> None:
    """With what waits for it, and the log of what it was sent."""
    await take_turn_to_tell(connection)
    await connection.execute(sa.delete(delivery).where(_D.channel_id == channel_id))
    await connection.execute(sa.delete(channel).where(_C.id == channel_id))


async def address(connection: AsyncConnection, channel_id: int) -> sa.Row[Any] | None:
    """Where it leads, if it is on."""
    statement: sa.Select[Any] = sa.select(_C.url_encrypted, _C.secret_encrypted)
    on = statement.where(_C.id == channel_id, _C.enabled.is_(True))
    row: sa.Row[Any] | None = (await connection.execute(on)).one_or_none()
    return row


async def that_may_hear(connection: AsyncConnection, people: set[int], project: str | None) -> Sequence[sa.Row[Any]]:
    """Channels of these people and of the project, if there is one, that are on."""
    of = _C.user_id.in_(people)
    statement = sa.select(channel).where(
        _C.enabled.is_(True), of if project is None else sa.or_(of, _C.project == project)
    )
    return (await connection.execute(statement.order_by(_C.id))).all()


async def deliveries(
    connection: AsyncConnection, channel_id: int, *, limit: int, before: int | None
) -> Sequence[sa.Row[Any]]:
    """What was sent to it, or is to be, the newest first."""
    statement = sa.select(delivery).where(_D.channel_id == channel_id).order_by(_D.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_D.id < before)
    return (await connection.execute(statement)).all()


def receiver_of(channel_id: int) -> str:
    """Under which name a channel has its circuit and its places."""
    return f"channel:{channel_id}"


@dataclass(frozen=True, slots=True)
class State:
    """How a channel fares: its newest delivery, and what is known of it as a receiver."""

    last: sa.Row[Any] | None = None
    failures: int = 0
    resting_until: datetime | None = None


async def states(connection: AsyncConnection, channel_ids: Sequence[int]) -> Mapping[int, State]:
    """How each of these fares."""
    of_it = delivery.alias().c
    newest = sa.select(sa.func.max(of_it.id)).where(of_it.channel_id == _C.id).correlate(channel).scalar_subquery()
    columns = (_D.channel_id, _D.status, _D.last_error, _D.created_at, _D.sent_at, _D.failed_at)
    of_these = sa.and_(_C.id.in_(channel_ids), _D.channel_id == _C.id, _D.id == newest)
    statement: sa.Select[Any] = sa.select(*columns).where(of_these)
    last = {row.channel_id: row for row in await connection.execute(statement)}
    receivers = {receiver_of(one): one for one in channel_ids}
    known = sa.select(_R.receiver, _R.failures, _R.open_until).where(_R.receiver.in_(receivers))
    circuits = {receivers[row.receiver]: row for row in await connection.execute(known)}
    return {
        one: State(last.get(one), circuits[one].failures, circuits[one].open_until)
        if one in circuits
        else State(last.get(one))
        for one in channel_ids
    }
