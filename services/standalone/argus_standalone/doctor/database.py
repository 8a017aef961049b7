"""The database: can it be reached, is its schema this version's, how large is it, what waits in it for too long?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_kit.database import Database
from argus_schema import auth, catalog, executor, ingest, notifier
from argus_schema.migrate import newest_revision
from argus_standalone.doctor.findings import Finding, explained, fail, ok, remark, warn

_PATIENCE_S: Final = 5.0
_OLDEST_POSTGRES: Final = 15
_LARGE_WAL: Final = 2**30
_SKEW_S: Final = 2.0
_STUCK_S: Final = 60.0
_SILENT_S: Final = 90.0
_FORGOTTEN_DAYS: Final = 14
_NAMED: Final = 5
_OUTBOXES: Final = [owner.outbox for owner in (auth, ingest, catalog, executor, notifier)]


async def database(found: Database) -> AsyncIterator[Finding]:
    """From reaching it to what waits in it; ends where it cannot be reached or is not this version's."""
    path = found.sqlite_path
    if path is not None and not path.exists():
        yield remark("database", f"{path} is not there yet", "It is made at the first start.")
        return
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await found.ping()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        todo = "Is it running, are host, name and password of ARGUS_DB_URL right, does a firewall stand between?"
        yield fail("database", f"{_address(found)}: {explained(error)}", "Nothing works without it.", todo)
        return
    is_current = False
    async for finding in _schema(found):
        is_current = finding.level == 0
        yield finding
    async for finding in _sqlite(found) if path is not None else _postgres(found):
        yield finding
    if is_current:
        async for finding in _waiting(found):
            yield finding


def _address(found: Database) -> str:
    return found.url.render_as_string(hide_password=True)


async def _schema(found: Database) -> AsyncIterator[Finding]:
    newest = newest_revision()
    try:
        async with found.read() as connection:
            revision = (await connection.execute(sa.text("select version_num from alembic_version"))).scalar()
    except DBAPIError:
        revision = None
    if revision == newest:
        yield ok("schema", f"at revision {revision}, this version's")
    elif revision is None:
        todo = "`argus-server migrate` (the stack: the migrate job) makes them."
        yield fail("schema", "there are no tables of Argus", "Nothing can be kept.", todo)
    elif str(revision) > newest:
        todo = "Use the newer Argus; to go back, restore the backup from before the upgrade."
        yield fail(
            "schema", f"revision {revision} is newer than {newest}, this version's", "A newer Argus was here.", todo
        )
    else:
        todo = "`argus-server migrate` brings it up; `argus-server up` does so by itself."
        yield fail("schema", f"revision {revision} is older than {newest}, this version's", "Queries will fail.", todo)


async def _sqlite(found: Database) -> AsyncIterator[Finding]:
    path = found.sqlite_path
    assert path is not None
    wal = path.with_name(f"{path.name}-wal")
    wal_bytes = wal.stat().st_size if wal.exists() else 0
    text = f"SQLite, {_size(path.stat().st_size)}, write-ahead log {_size(wal_bytes)}"
    if wal_bytes > _LARGE_WAL:
        why = "A reader that never ends keeps it from being written back; reads become slow."
        yield warn("database", text, why, "End what has the file open beside Argus (`fuser`), then start Argus anew.")
    else:
        yield ok("database", text)


async def _postgres(found: Database) -> AsyncIterator[Finding]:
    async with found.read() as connection:
        version = int((await connection.execute(sa.text("show server_version_num"))).scalar_one()) // 10_000
        size = int((await connection.execute(sa.text("select pg_database_size(current_database())"))).scalar_one())
        used = int((await connection.execute(sa.text("select count(*) from pg_stat_activity"))).scalar_one())
        most = int((await connection.execute(sa.text("show max_connections"))).scalar_one())
        is_replica = (await connection.execute(sa.text("select pg_is_in_recovery()"))).scalar_one()
        theirs: datetime = (await connection.execute(sa.text("select clock_timestamp()"))).scalar_one()
    yield ok("database", f"PostgreSQL {version}, {_size(size)}, {used} of {most} connections in use")
    if version < _OLDEST_POSTGRES:
        yield warn("database", f"PostgreSQL {version}", "Argus is tried with 15 and newer.", "Upgrade it.")
    if is_replica:
        yield fail("database", "it is a replica", "Nothing can be written.", "Name the primary in ARGUS_DB_URL.")
    if used > 0.9 * most:
        todo = "Raise max_connections, or lower ARGUS_DB_POOL_SIZE."
        yield warn("database", f"{used} of {most} connections in use", "New ones will be refused.", todo)
    skew = (theirs - datetime.now(UTC)).total_seconds()
    if abs(skew) > _SKEW_S:
        what = f"the database's clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
        yield warn("clock", what, "Leases, lags and stalled runs are told by comparing clocks.", "Run NTP on both.")


async def _waiting(found: Database) -> AsyncIterator[Finding]:
    for look in (_outboxes, _agents):
        try:
            async with found.read() as connection:
                findings = [finding async for finding in look(connection)]
        except DBAPIError as error:
            what = f"{look.__name__.strip('_')} cannot be looked at: {explained(error)}"
            yield remark("database", what, "This role may not read them; the migration's address may (ARGUS_DB_URL).")
            continue
        for finding in findings:
            yield finding


async def _outboxes(connection: AsyncConnection) -> AsyncIterator[Finding]:
    oldest: list[tuple[float, str]] = []
    for table in _OUTBOXES:
        since = (await connection.execute(sa.select(sa.func.min(table.c.created_at)))).scalar()
        oldest.append(((now() - since).total_seconds() if since else 0.0, table.name))
    age, name = max(oldest)
    if age > _STUCK_S:
        why = "Pages and notifications stand still; nothing is lost."
        todo = "Is NATS up, is its disk full? What waited leaves by itself once it is well."
        yield fail("outbox", f"{name} holds a message that has waited for {_duration(age)}", why, todo)
    else:
        yield ok("outbox", f"nothing waits in {len(_OUTBOXES)} outboxes" if age == 0 else f"oldest message {age:.0f} s")


async def _agents(connection: AsyncConnection) -> AsyncIterator[Finding]:
    c = executor.agent.c
    asked = sa.select(c.hostname, c.last_seen_at).where(c.revoked_at.is_(None)).order_by(c.last_seen_at)
    rows: list[Any] = list(await connection.execute(asked))
    ages = [(row.hostname, (now() - row.last_seen_at).total_seconds() if row.last_seen_at else None) for row in rows]
    silent = [host for host, age in ages if age is None or age > _SILENT_S]
    forgotten = [host for host, age in ages if age is not None and age > _FORGOTTEN_DAYS * 86_400]
    if silent:
        todo = "On the host: `argus-agent status`, `argus doctor`."
        if forgotten:
            todo += f" Revoke what is gone for good ({_listed(forgotten)})."
        why = "Nothing can be stopped or started there from a page."
        yield warn("agents", f"{len(silent)} of {len(rows)} agents are silent: {_listed(silent)}", why, todo)
    else:
        yield ok("agents", f"{len(rows)} agents, all heard of within {_SILENT_S:.0f} s" if rows else "no agent yet")


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def _duration(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.0f} h"
    )
