"""Locking an account after failed logins, and the same outward behaviour for names that do not exist."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import repository
from argus_auth.settings import AuthSettings
from argus_contracts.errors import ErrorCode
from argus_kit.cache import Cache
from argus_kit.clock import now
from argus_kit.errors import ArgusError


class Locked(ArgusError):
    """423 with the seconds to wait in `Retry-After`."""

    def __init__(self, until: datetime) -> None:
        seconds = max(1, ceil((until - now()).total_seconds()))
        super().__init__(ErrorCode.AUTH_LOCKED, headers={"Retry-After": str(seconds)}, details={"retry_after": seconds})


def locked_until(user: sa.Row[Any]) -> datetime | None:
    """When the lock of an account ends; None when there is none."""
    until: datetime | None = user.locked_until
    return until if until is not None and until > now() else None


async def count_failure(connection: AsyncConnection, settings: AuthSettings, user: sa.Row[Any]) -> None:
    """Count a failure of a row that is held for update; the last one locks and starts the count anew."""
    failures = user.failed_login_count + 1
    if failures >= settings.login_max_failures:
        until = now() + timedelta(minutes=settings.login_lock_minutes)
        await repository.change(connection, user.id, failed_login_count=0, locked_until=until)
    else:
        await repository.change(connection, user.id, failed_login_count=failures, locked_until=None)


class UnknownNames:
    """Counts failures for names that nobody has, so that a lock does not tell which names exist."""

    def __init__(self, cache: Cache, settings: AuthSettings) -> None:
        self._cache = cache
        self._settings = settings

    async def locked_until(self, name: str) -> datetime | None:
        """When the pretended lock ends; None when there is none."""
        found = await self._cache.get(_key(name))
        if found is None or not found.startswith(b"until "):
            return None
        until = datetime.fromisoformat(found.removeprefix(b"until ").decode())
        return until if until > now() else None

    async def count_failure(self, name: str) -> None:
        """Like `count_failure` of an account."""
        found = await self._cache.get(_key(name))
        failures = (int(found) if found is not None and found.isdigit() else 0) + 1
        lock = timedelta(minutes=self._settings.login_lock_minutes)
        value = (
            b"until " + (now() + lock).isoformat().encode()
            if failures >= self._settings.login_max_failures
            else str(failures).encode()
        )
        await self._cache.set(_key(name), value, lock.total_seconds())


def _key(name: str) -> str:
    return f"auth:nobody:{hashlib.sha256(name.lower().encode()).hexdigest()}"
