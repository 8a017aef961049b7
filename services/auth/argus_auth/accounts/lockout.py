"""Locking an account after failed logins, and the same outward behaviour for names that do not exist.

Both are counted in the database, in the transaction that answers: replicas agree, of guesses at the same time none is
one too many, and no lost Redis opens or tells anything.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import repository
from argus_auth.settings import AuthSettings
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema.auth import login_failure

_F = login_failure.c


class Locked(ArgusError):
    """423 with the seconds to wait in `Retry-After`."""

    def __init__(self, until: datetime) -> None:
        seconds = max(1, ceil((until - now()).total_seconds()))
        super().__init__(ErrorCode.AUTH_LOCKED, headers={"Retry-After": str(seconds)}, details={"retry_after": seconds})


def locked_until(row: sa.Row[Any]) -> datetime | None:
    """When the lock of an account, or of a name that nobody has, ends; None when there is none."""
    until: datetime | None = row.locked_until
    return until if until is not None and until > now() else None


async def count_failure(connection: AsyncConnection, settings: AuthSettings, user: sa.Row[Any]) -> None:
    """Count a failure of a row that is held for update; the last one locks and starts the count anew."""
    await repository.change(connection, user.id, **_counted(user, settings))


async def hold_name(connection: AsyncConnection, name: str) -> sa.Row[Any]:
    """What is known of a name that nobody has, held until the transaction ends."""
    row = {"name_hash": _hash(name), "failed_login_count": 0, "failed_at": now()}
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(insert(login_failure).values(row).on_conflict_do_nothing())
    held = sa.select(login_failure).where(_F.name_hash == row["name_hash"]).with_for_update()
    return (await connection.execute(held)).one()


async def count_name(connection: AsyncConnection, settings: AuthSettings, held: sa.Row[Any]) -> None:
    """Like `count_failure` of an account."""
    counted = sa.update(login_failure).where(_F.name_hash == held.name_hash)
    await connection.execute(counted.values(**_counted(held, settings), failed_at=now()))


async def forget_names(connection: AsyncConnection, before: datetime) -> int:
    """Delete what was last guessed at before then. Returns how many names it was."""
    result = await connection.execute(sa.delete(login_failure).where(_F.failed_at < before))
    return result.rowcount


def _counted(row: sa.Row[Any], settings: AuthSettings) -> dict[str, Any]:
    failures = row.failed_login_count + 1
    if failures >= settings.login_max_failures:
        return {"failed_login_count": 0, "locked_until": now() + timedelta(minutes=settings.login_lock_minutes)}
    return {"failed_login_count": failures, "locked_until": None}


def _hash(name: str) -> str:
    # What was typed may be a password in the wrong field, so it is not kept.
    return hashlib.sha256(name.encode()).hexdigest()
