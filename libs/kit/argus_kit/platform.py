"""What one process stands on, built once: settings, database, bus, cache, identity, and its parts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
import structlog
from fastapi import Depends, Request
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.bus import Bus, Keeping
from argus_kit.cache import open_cache
from argus_kit.database import Database
from argus_kit.identity import Identity
from argus_kit.outbox import Merge, Outbox, Transaction, transaction
from argus_kit.parts import Part
from argus_kit.presence import Presence
from argus_kit.secretbox import SecretBox, key_file
from argus_kit.settings import Settings
from argus_schema.migrate import is_current

log = structlog.get_logger(__name__)

P = TypeVar("P", bound=Part)

_PING_S = 2.0


class Platform:
    """The surroundings of a process. In standalone every service shares one; otherwise each process has its own."""

    def __init__(self, settings: Settings, *, client_name: str = "argus") -> None:
        self.settings = settings
        self.database = Database(settings.database_url, pool_size=settings.db_pool_size)
        self.bus = Bus(settings.nats_url, client_name=client_name, keeping=Keeping.of(settings))
        self.cache = open_cache(settings.redis_url)
        self.identity = Identity(self.database, self.bus)
        self.outboxes: dict[str, Outbox] = {}
        self.parts: list[Part] = [self.bus, self.identity]
        self.presence = Presence(settings.drain_s)
        self._has_tables = False

    @property
    def secret_box(self) -> SecretBox:
        """See `open_secret_box`."""
        return open_secret_box(self.settings)

    def add_outbox(self, service: str, table: sa.Table, merge: Merge | None = None) -> Outbox:
        """The outbox of a service; the second call returns the first one's."""
        if service not in self.outboxes:
            self.outboxes[service] = Outbox(self.database, self.bus, table, merge)
            self.parts.append(self.outboxes[service])
        return self.outboxes[service]

    def add(self, parts: Iterable[Part]) -> None:
        """Add parts, in the order in which they start."""
        self.parts.extend(parts)

    def get(self, kind: type[P]) -> P:
        """The one part of this type.

        Raises:
            LookupError: there is none in this process.
        """
        for part in self.parts:
            if isinstance(part, kind):
                return part
        raise LookupError(f"no {kind.__name__} in this process")

    def write(self, service: str) -> contextlib.AbstractAsyncContextManager[Transaction]:
        """A write transaction whose messages go through the service's outbox."""
        return transaction(self.database, self.outboxes.get(service))

    async def waits_for(self) -> list[str]:
        """Names of what is not ready; empty when everything is."""
        waiting = [name for part in self.parts if (name := part.waits_for())]
        if self.presence.is_leaving:
            waiting.append("draining")
        try:
            async with asyncio.timeout(_PING_S):
                await (self.database.ping() if self._has_tables else self._look_for_tables())
        except Exception as error:  # noqa: BLE001 (whatever the driver raises: the database is not usable)
            log.warning("readiness.database", error=repr(error))
            waiting.append("database")
        else:
            if not self._has_tables:
                waiting.append("migration")
        return waiting

    async def _look_for_tables(self) -> None:
        # In an upgrade a process may start before its tables are there: until then nobody should ask it.
        async with self.database.engine.connect() as connection:
            try:
                self._has_tables = await is_current(connection)
            except ProgrammingError:  # a database that was never migrated, or not by a version that lets us look
                self._has_tables = False
            except OperationalError:
                if not self.database.is_sqlite:
                    raise

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start all parts, and stop them in reverse order."""
        started: list[Part] = []
        # Loaded here, so that the front door, which imports this and has no database, does not say that it has one.
        from argus_kit import vitals

        vitals.watch(self.database, self.settings.home)
        try:
            for part in self.parts:
                await part.start()
                started.append(part)
            yield
        finally:
            # Answers need what the other parts give.
            await self.bus.answer_no_more()
            for part in reversed(started):
                await _stop(part)
            await self.cache.close()
            await self.database.close()

    async def drain(self) -> None:
        """Take no new long work: readiness goes off, streams end, messages go back to other replicas."""
        self.presence.is_leaving = True
        for part in self.parts:
            await part.drain()


def open_secret_box(settings: Settings) -> SecretBox:
    """Encrypts secrets at rest: under ARGUS_CONFIG_KEY, or a key that is made once in the data folder."""
    key = settings.config_key.get_secret_value() or key_file(settings.home / "config.key")
    older = settings.config_key_previous.get_secret_value().split(",")
    return SecretBox(key, *(one.strip() for one in older if one.strip()))


async def _stop(part: Part) -> None:
    try:
        async with asyncio.timeout(10.0):
            await part.stop()
    except Exception as error:
        log.exception("part.stop_failed", part=part.name, error=repr(error))


def platform_of(request: Request) -> Platform:
    """The platform of the process that handles this request."""
    platform: Platform = request.app.state.platform
    return platform


async def _read(request: Request) -> AsyncIterator[AsyncConnection]:
    async with platform_of(request).database.read() as connection:
        yield connection


Reading = Annotated[AsyncConnection, Depends(_read, scope="function")]
"""A reading transaction for the length of the request's function."""


def writing(service: str) -> Any:
    """A dependency: the request's write transaction. Committed before the response is sent, so a failed commit reaches
    the caller. Use as `Writing = Annotated[Transaction, writing("auth")]`.
    """

    async def open_transaction(request: Request) -> AsyncIterator[Transaction]:
        async with platform_of(request).write(service) as opened:
            yield opened

    return Depends(open_transaction, scope="function")


def part_of(kind: type[P]) -> Any:
    """A dependency that finds the part of this type in the process; annotate a parameter of the same type with it."""

    def find(request: Request) -> P:
        return platform_of(request).get(kind)

    return Depends(find)
