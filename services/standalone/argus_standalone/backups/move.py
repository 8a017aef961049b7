"""The way from one database to the other, while Argus stands still: all of it, or nothing."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from argus_kit.database import Database
from argus_kit.settings import Settings
from argus_schema.migrate import ensure_current, migrate
from argus_standalone.backups import archive, ends
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.make import copy_from_postgres, is_sqlite, sqlite_path
from argus_standalone.backups.restore import fill, require_alone
from argus_standalone.backups.rows import Tell
from argus_standalone.backups.snapshot import opened
from argus_standalone.preflight import claim_home


@dataclass
class Removal:
    """From where and to where."""

    settings: Settings
    target: str
    passwords: dict[str, str]
    tell: Tell = print


def move(removal: Removal) -> None:
    """Copy everything into the database of another kind. The old one stays as it is.

    Raises:
        BackupError: the target has nothing of it.
        PreflightError: a server uses the data folder.
    """
    source = removal.settings.database_url
    if is_sqlite(source) == is_sqlite(removal.target):
        raise BackupError("Both databases are of the same kind: make a backup and restore it there.")
    with claim_home(removal.settings.home):
        if is_sqlite(source):
            asyncio.run(_to_postgres(removal, sqlite_path(source)))
        else:
            _to_sqlite(removal, sqlite_path(removal.target))


async def _to_postgres(removal: Removal, path: Path) -> None:
    if not path.exists():
        raise BackupError(f"There is no database {path}: is ARGUS_HOME the folder of your Argus?")
    await ensure_current(f"sqlite+aiosqlite:///{path}")
    database = Database(removal.target, pool_size=1)
    try:
        await migrate(removal.target, removal.passwords)
        async with database.write() as connection:
            await require_alone(connection)
            if filled := await ends.PostgresEnd(connection).filled():
                raise BackupError(f"The target is not empty: {', '.join(filled[:3])} have rows. Nothing was changed.")
            with opened(path) as live:
                live.execute("BEGIN")
                await fill(connection, ends.SqliteEnd(live), {}, removal.tell)
    except (DBAPIError, OSError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise BackupError(f"The target does not take it, and has nothing of it: {why}") from error
    finally:
        await database.close()


def _to_sqlite(removal: Removal, path: Path) -> None:
    if path.exists():
        raise BackupError(f"There is a file {path} already: name another one. Nothing was changed.")
    path.parent.mkdir(parents=True, exist_ok=True)
    coming = path.with_name(f"{path.name}.coming")
    for left in path.parent.glob(f"{coming.name}*"):
        left.unlink()
    try:
        asyncio.run(_alone(removal.settings.database_url))
        asyncio.run(copy_from_postgres(removal.settings.database_url, coming, removal.tell))
        removal.tell("summing up")
        asyncio.run(migrate(f"sqlite+aiosqlite:///{coming}"))
        archive.sync(coming)
        coming.rename(path)
        archive.sync(path.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            coming.unlink()
        raise


async def _alone(url: str) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.read() as connection:
            await require_alone(connection)
    finally:
        await database.close()
