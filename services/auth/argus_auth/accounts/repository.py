"""Rows of `user`."""

from __future__ import annotations

import re
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_schema.auth import user

_U = user.c

# Names that stand for people who are gone; nobody else may have one.
_NAMELESS: Final = re.compile(r"deleted-\d+")


def nameless(user_id: int) -> str:
    """The name of an account that was deleted."""
    return f"deleted-{user_id}"


async def by_id(connection: AsyncConnection, user_id: int, *, for_update: bool = False) -> sa.Row[Any] | None:
    statement = sa.select(user).where(_U.id == user_id)
    return (await connection.execute(statement.with_for_update() if for_update else statement)).first()


async def by_login(connection: AsyncConnection, name: str) -> sa.Row[Any] | None:
    """By user name as written, or by email address in any case. A user name holds no @, so at most one fits."""
    found = sa.or_(_U.username == name, _U.email == name.lower())
    return (await connection.execute(sa.select(user).where(found))).first()


async def by_email(connection: AsyncConnection, email: str) -> sa.Row[Any] | None:
    return (await connection.execute(sa.select(user).where(_U.email == email))).first()


async def is_username_taken(connection: AsyncConnection, username: str) -> bool:
    """In any case: two people whose names differ in case only would be taken for each other."""
    if _NAMELESS.fullmatch(username.lower()):
        return True
    taken = await connection.execute(sa.select(_U.id).where(_U.username_lower == username.lower()))
    return taken.first() is not None


async def is_empty(connection: AsyncConnection) -> bool:
    return (await connection.execute(sa.select(_U.id).limit(1))).first() is None


async def add(connection: AsyncConnection, **values: Any) -> int:
    added = sa.insert(user).values(username_lower=values["username"].lower(), **values).returning(_U.id)
    found: int = (await connection.execute(added)).scalar_one()
    return found


async def change(connection: AsyncConnection, user_id: int, **values: Any) -> None:
    await connection.execute(sa.update(user).where(_U.id == user_id).values(values))
