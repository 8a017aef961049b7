"""What auth's requests and messages stand on: settings, password hashing, signing keys, transactions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sqlalchemy.exc import SQLAlchemyError

from argus_auth.announcer import Announcer
from argus_auth.audit import chain
from argus_auth.config.openness import warn_if_open
from argus_auth.keys.ring import KeyRing
from argus_auth.limits import Limits, neighbourhood
from argus_auth.passwords import Passwords
from argus_auth.settings import AuthSettings
from argus_auth.work import Work
from argus_kit import tasks
from argus_kit.cache import Cache
from argus_kit.database import Database
from argus_kit.errors import RateLimited
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform

# How soon a replica signs with a key that another one made.
_KEY_REFRESH_S = 10.0
# Each holds a connection to the database for as long as it takes.
_EXPORTS_AT_ONCE = 2


class AuthCore(Part):
    """One per process."""

    name = "auth"

    def __init__(self, platform: Platform, settings: AuthSettings) -> None:
        self.platform = platform
        self.settings = settings
        self.passwords = Passwords(settings)
        self.limits = Limits(platform.cache)
        self.exports = asyncio.Semaphore(_EXPORTS_AT_ONCE)
        self.keys = KeyRing(platform.database, lambda: platform.secret_box)
        self._announcer = Announcer(platform.bus, platform.identity)
        self._preparing: asyncio.Task[None] | None = None
        self._key_refresh = Loop("signing-key", self.keys.refresh, every_s=_KEY_REFRESH_S)

    @property
    def database(self) -> Database:
        """The database, for reads."""
        return self.platform.database

    @property
    def cache(self) -> Cache:
        """The cache that replicas share."""
        return self.platform.cache

    async def start(self) -> None:
        """See Part."""
        self._announcer.start()
        # Takes a processor for a tenth of a second: others start meanwhile, and nobody is let in before; see waits_for.
        self._preparing = asyncio.create_task(self.passwords.prepare(), name="passwords")
        # A database that is not there yet is waited for; see waits_for.
        with contextlib.suppress(SQLAlchemyError, OSError):
            await self.keys.refresh()
            await warn_if_open(self.platform)
        await self._key_refresh.start()

    async def stop(self) -> None:
        """See Part."""
        await self._key_refresh.stop()
        if self._preparing is not None:
            await tasks.end([self._preparing])
        await self.limits.close()

    def waits_for(self) -> str | None:
        """See Part."""
        if not self.keys.is_ready:
            return "signing-key"
        return None if self.passwords.is_prepared else "passwords"

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[Work]:
        """A write transaction: its audit lines are part of it, its announcements follow the commit."""
        async with self.platform.write("auth") as opened:
            work = Work(opened)
            yield work
            # Last, since it makes the transactions of all replicas take turns.
            await chain.append(opened.connection, work.entries)
        await self._announcer.announce(work.announcements)

    async def limit(self, what: str, who: object, *, capacity: float, per_hour: float) -> None:
        """Count one attempt.

        Raises:
            RateLimited: too many (429).
        """
        wait = await self.limits.take(f"{what}:{who}", capacity=capacity, per_hour=per_hour)
        if wait > 0:
            raise RateLimited(wait)

    async def limit_login(self, ip: str | None) -> None:
        """Count a login from this address; see `limit`."""
        attempts = self.settings.auth_attempts_per_minute
        await self.limit("login", neighbourhood(ip), capacity=attempts, per_hour=attempts * 60)

    async def limit_guesses(self, account: object) -> None:
        """Count a login to this account, from wherever; see `limit`."""
        attempts = self.settings.auth_guesses_per_minute
        await self.limit("guesses", account, capacity=attempts, per_hour=attempts * 60)

    async def limit_account(self, what: str, ip: str | None) -> None:
        """Count a registration or a use of a mail link from this address; see `limit`."""
        attempts = self.settings.auth_accounts_per_hour
        await self.limit(what, neighbourhood(ip), capacity=attempts, per_hour=attempts)


def core_of(platform: Platform) -> AuthCore | None:
    """The process's AuthCore when there is one already (standalone runs routes and worker in one process)."""
    return next((part for part in platform.parts if isinstance(part, AuthCore)), None)
