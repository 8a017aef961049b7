"""Rows of `inbox_choice`: what a person's inbox is told of in one project, instead of what holds everywhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_notifier.upserts import put
from argus_schema.notifier import inbox_choice

_C = inbox_choice.c


async def of_person(connection: AsyncConnection, actor: Actor) -> Sequence[sa.Row[Any]]:
    """Their choices, by project and kind; by a token that is tied to a project, those of this project."""
    statement = sa.select(inbox_choice).where(_C.user_id == actor.user_id)
    if actor.project is not None:
        statement = statement.where(_C.project == actor.project)
    return (await connection.execute(statement.order_by(_C.project, _C.kind))).all()


async def choose(connection: AsyncConnection, user_id: int, project: str, kind: str, *, shown: bool) -> None:
    row = {"user_id": user_id, "project": project, "kind": kind, "shown": shown}
    await put(connection, inbox_choice, ("user_id", "project", "kind"), row)


async def take_back(connection: AsyncConnection, user_id: int, project: str, kind: str) -> None:
    theirs = sa.and_(_C.user_id == user_id, _C.project == project, _C.kind == kind)
    await connection.execute(sa.delete(inbox_choice).where(theirs))


async def in_project(
    connection: AsyncConnection, user_ids: Collection[int], kinds: Collection[str], project: str
) -> Mapping[tuple[int, str], bool]:
    """By (person, kind), whether they want it shown; who did not choose is not in it."""
    statement = sa.select(_C.user_id, _C.kind, _C.shown).where(
        _C.user_id.in_(user_ids), _C.project == project, _C.kind.in_(kinds)
    )
    return {(row.user_id, row.kind): row.shown for row in await connection.execute(statement)}
