"""Brings a database to the newest revision. `python -m argus_kit.migrate` does so for the one of the settings.

On PostgreSQL services of the version before work on meanwhile. So a migration waits for a lock a few seconds at most,
since whoever comes after it waits behind it, and tries again; and indexes of tables that are in use are built at the
end, beside everybody's work (`argus_schema.indexes`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from argus_schema import grants, indexes, sums

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"

# Two migrations at once would race; everyone takes this advisory lock first. The number is arbitrary and ours.
_LOCK = 0x41524755
# Requests that stand behind a migration's wait are answered this much later, and do not fail.
_WAIT_FOR_LOCK_MS = 3_000
_TRIES = 40
# lock_not_available, deadlock_detected
_IN_THE_WAY = frozenset({"55P03", "40P01"})


def upgrade(connection: Connection, revision: str = "head", passwords: Mapping[str, str] | None = None) -> None:
    """Run the migrations on an open connection and, on PostgreSQL, bring roles and grants in line."""
    # Alembic is loaded only when there is something to migrate, which is seldom when a process starts.
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql(f"set local lock_timeout = {_WAIT_FOR_LOCK_MS}")
    else:
        # Heard only while the file is empty: pages that retention frees can then be given back a few at a time.
        connection.exec_driver_sql("PRAGMA auto_vacuum=INCREMENTAL")
    missing = _missing(connection, config)
    # To sum up everything anew takes half a minute with 200,000 jobs: only where a revision says that it must be.
    holds = sums.are_installed(connection) and not any(getattr(one, "sums_anew", False) for one in missing)
    if missing and connection.dialect.name == "sqlite":
        sums.remove(connection)
    command.upgrade(config, revision)
    if revision == "head" and not (holds and sums.are_installed(connection)):
        sums.install(connection)
    if revision == "head" and not holds:
        sums.rebuild(connection)
    if connection.dialect.name == "postgresql" and revision == "head":
        grants.apply(connection, passwords or {})


def _missing(connection: Connection, config: Config) -> list[ModuleType]:
    """The revisions that the database does not have yet."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    return [revision.module for revision in script.iterate_revisions("head", current or "base")]


def alembic_config() -> Config:
    """Alembic's configuration, built here so that no ini file has to be found at run time."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def newest_revision() -> str:
    """The newest revision of the history, by the numbers that its files begin with."""
    return max(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


async def is_current(connection: AsyncConnection) -> bool:
    """Whether the tables are there that this code was written for, or newer ones."""
    found = (await connection.execute(sa.text("select version_num from alembic_version"))).scalar()
    return found is not None and str(found) >= newest_revision()


async def migrate(url: str, passwords: Mapping[str, str] | None = None) -> None:
    """Upgrade the database at `url` (an async SQLAlchemy address) to the newest revision."""
    engine = create_async_engine(url)
    try:
        await _upgrade_patiently(engine, passwords)
        if engine.dialect.name == "postgresql":
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.run_sync(indexes.build_missing)
    finally:
        await engine.dispose()


async def _upgrade_patiently(engine: AsyncEngine, passwords: Mapping[str, str] | None) -> None:
    for tries in range(1, _TRIES + 1):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(upgrade, "head", passwords)
        except DBAPIError as error:
            if tries == _TRIES or getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
            # Those who waited behind us go first.
            await asyncio.sleep(random.uniform(0.5, 1.5))
        else:
            return


async def ensure_current(url: str) -> None:
    """Like `migrate`, but only asks one question when the database is at the newest revision already."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            found = (await connection.execute(sa.text("select version_num from alembic_version"))).scalar()
    except DBAPIError:
        found = None
    finally:
        await engine.dispose()
    if found != newest_revision():
        await migrate(url)
