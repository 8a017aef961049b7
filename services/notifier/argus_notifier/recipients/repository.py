"""Rows of `recipient`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.upserts import add_new
from argus_schema.notifier import recipient

_R = recipient.c


async def of_project(
    connection: AsyncConnection, project: str, *, added_by: int | None = None
) -> Sequence[sa.Row[Any]]:
    """A project's recipients in the order of their ids; with `added_by`, only that person's."""
    statement = sa.select(recipient).where(_R.project == project).order_by(_R.id)
    if added_by is not None:
        statement = statement.where(_R.added_by_user_id == added_by)
    return (await connection.execute(statement)).all()


async def find(connection: AsyncConnection, project: str, recipient_id: int) -> sa.Row[Any] | None:
    statement = sa.select(recipient).where(_R.id == recipient_id, _R.project == project)
    return (await connection.execute(statement)).one_or_none()


async def has_address(connection: AsyncConnection, project: str, email: str) -> bool:
    statement = sa.select(_R.id).where(_R.project == project, _R.email == email)
    return (await connection.execute(statement)).first() is not None


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> sa.Row[Any] | None:
    """The new row; None when the project has the address already."""
    at = now()
    row = {**values, "unsubscribe_token": secrets.token_urlsafe(24), "created_at": at, "updated_at": at}
    added = await add_new(connection, recipient, [row])
    return added[0] if added else None


async def change(connection: AsyncConnection, recipient_id: int, values: Mapping[str, Any]) -> sa.Row[Any]:
    statement = sa.update(recipient).where(_R.id == recipient_id).values(**values, updated_at=now())
    row: sa.Row[Any] = (await connection.execute(statement.returning(recipient))).one()
    return row


async def delete(connection: AsyncConnection, recipient_id: int) -> None:
    await connection.execute(sa.delete(recipient).where(_R.id == recipient_id))
