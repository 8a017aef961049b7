"""Rows of `channel`, and their deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.notifier import channel, delivery

_C, _D = channel.c, delivery.c


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
    await connection.execute(sa.delete(delivery).where(_D.channel_id == channel_id))
    await connection.execute(sa.delete(channel).where(_C.id == channel_id))


async def address(connection: AsyncConnection, channel_id: int) -> sa.Row[Any] | None:
    """Where it leads, if it is on."""
    statement: sa.Select[Any] = sa.select(_C.url_encrypted, _C.secret_encrypted)
    on = statement.where(_C.id == channel_id, _C.enabled.is_(True))
    row: sa.Row[Any] | None = (await connection.execute(on)).one_or_none()
    return row


async def that_may_hear(connection: AsyncConnection, people: set[int], project: str) -> Sequence[sa.Row[Any]]:
    """Channels of these people and of the project, that are on."""
    statement = sa.select(channel).where(_C.enabled.is_(True), sa.or_(_C.user_id.in_(people), _C.project == project))
    return (await connection.execute(statement.order_by(_C.id))).all()


async def deliveries(
    connection: AsyncConnection, channel_id: int, *, limit: int, before: int | None
) -> Sequence[sa.Row[Any]]:
    """What was sent to it, or is to be, the newest first."""
    statement = sa.select(delivery).where(_D.channel_id == channel_id).order_by(_D.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_D.id < before)
    return (await connection.execute(statement)).all()
