"""Reads and writes saved views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_schema import auth
from argus_schema import catalog as own
from argus_schema.roles import MEMBERS, Role

view = own.saved_view.c
member = own.project_member.c

Row = sa.RowMapping


def _projects(actor: Actor, roles: Sequence[Role]) -> sa.Select[tuple[str]]:
    return sa.select(member.project).where(member.user_id == actor.user_id, member.role.in_(roles))


def _reached(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.project is None else view.project == actor.project


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    """One's own views, and those of projects of which one is a member; administrators see those of all projects."""
    shared = view.project.is_not(None) if actor.is_admin else view.project.in_(_projects(actor, MEMBERS))
    return sa.and_(_reached(actor), sa.or_(view.user_id == actor.user_id, shared))


def _editable(actor: Actor) -> sa.ColumnElement[bool]:
    """One's own views, and those of projects of which one is an owner."""
    if not actor.may_write:
        return sa.false()
    owned = view.project.is_not(None) if actor.is_admin else view.project.in_(_projects(actor, (Role.OWNER,)))
    return sa.or_(view.user_id == actor.user_id, sa.func.coalesce(owned, sa.false()))


async def visible(
    connection: AsyncConnection, actor: Actor, *, page: str | None = None, view_id: int | None = None
) -> Sequence[Row]:
    """The views that a person sees, one's own first, by name."""
    is_mine = sa.func.coalesce(view.user_id == actor.user_id, sa.false())
    query = (
        sa.select(
            own.saved_view,
            auth.user.c.username.label("owner"),
            is_mine.label("is_mine"),
            _editable(actor).label("can_edit"),
        )
        .select_from(own.saved_view.outerjoin(auth.user, auth.user.c.id == view.user_id))
        .where(_visible(actor))
        .order_by(is_mine.desc(), sa.func.lower(view.name), view.id)
    )
    if page is not None:
        query = query.where(view.page == page)
    if view_id is not None:
        query = query.where(view.id == view_id)
    return (await connection.execute(query)).mappings().all()


async def count(connection: AsyncConnection, user_id: int) -> int:
    """How many views a person made."""
    query = sa.select(sa.func.count()).where(view.user_id == user_id)
    return int((await connection.execute(query)).scalar_one())


async def add(connection: AsyncConnection, values: dict[str, Any]) -> int:
    """Write a new view; returns its id."""
    statement = sa.insert(own.saved_view).values(values).returning(view.id)
    return int((await connection.execute(statement)).scalar_one())


async def change(connection: AsyncConnection, view_id: int, values: dict[str, Any]) -> None:
    """Write a view anew."""
    await connection.execute(sa.update(own.saved_view).where(view.id == view_id).values(values))


async def remove(connection: AsyncConnection, view_id: int) -> None:
    """Delete a view."""
    await connection.execute(sa.delete(own.saved_view).where(view.id == view_id))
