"""Brings a backup back: into an empty place, or with `force` in place of what is there.

PostgreSQL takes everything in one transaction. With SQLite a note lies in the data folder from the first change to the
last: Argus does not start while it lies there, and the same command, given again, ends what was cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.bus import STREAMS
from argus_kit.bus import Bus, BusUnavailable, Keeping
from argus_kit.database import Database
from argus_kit.settings import Settings
from argus_schema import sums
from argus_schema.migrate import migrate
from argus_standalone.backups import archive, ends
from argus_standalone.backups.archive import Manifest
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.files import put_back
from argus_standalone.backups.make import artifacts_of, is_sqlite, signature, sqlite_path
from argus_standalone.backups.rows import Tell, copy, require_equal, tallies_of
from argus_standalone.backups.snapshot import opened
from argus_standalone.backups.verify import faults_of, require_known
from argus_standalone.preflight import UNFINISHED_RESTORE, claim_home

_COMING: Final = "argus.db.coming"
_BUS_S: Final = 5.0
# A connection that was closed a moment ago, our own of the migration too, is still shown.
_LEAVING_S: Final = 3.0


@dataclass
class Order:
    """What to bring back, and where to."""

    backup: Path
    settings: Settings
    passwords: dict[str, str]
    force: bool = False
    without_key: bool = False
    tell: Tell = print


def restore(order: Order) -> Manifest:
    """Bring a backup back. Nobody may use the target meanwhile.

    Raises:
        BackupError: nothing was changed, or the same can be done again; the message says so.
        PreflightError: a server uses the data folder.
    """
    manifest = archive.read(order.backup)
    require_known(manifest)
    order.tell("looking whether the backup is sound")
    if faults := list(faults_of(order.backup, manifest)):
        raise BackupError("The backup is damaged, and nothing was changed:\n- " + "\n- ".join(faults))
    with claim_home(order.settings.home, may_be_unfinished=True):
        if not order.without_key:
            _require_key(order, manifest)
        if is_sqlite(order.settings.database_url):
            _into_sqlite(order, manifest)
        else:
            _into_postgres(order, manifest)
    return manifest


def _require_key(order: Order, manifest: Manifest) -> None:
    brought = order.backup / archive.KEY
    here = order.settings.home / archive.KEY
    if brought.exists() and not order.settings.config_key.get_secret_value() and not here.exists():
        here.touch(mode=0o600)
        here.write_text(brought.read_text())
    said = signature(order.settings, archive.name_of(manifest.made_at))
    if manifest.signed_by_key and said != manifest.signed_by_key:
        raise BackupError(
            "The backup's secrets lie under another ARGUS_CONFIG_KEY than the one here, and nothing was changed. Set "
            f"ARGUS_CONFIG_KEY to the old one, or put the old config.key into {order.settings.home}. Where it is lost, "
            "--without-key goes on without: then `argus-server admin rotate-key`, and passwords of mail and sign-in "
            "servers have to be entered anew."
        )


def _into_sqlite(order: Order, manifest: Manifest) -> None:
    home = order.settings.home
    target = sqlite_path(order.settings.database_url)
    note = home / UNFINISHED_RESTORE
    if target.exists() and not note.exists() and not order.force and asyncio.run(_filled_sqlite(target)):
        raise BackupError(f"{target} is not empty, and nothing was changed. --force puts the backup in its place.")
    note.write_text(f"{order.backup.absolute()}\n")
    archive.sync(home)
    coming = target.with_name(_COMING)
    _drop_database(coming)
    shutil.copyfile(order.backup / archive.DATABASE, coming)
    order.tell("bringing the tables to this version")
    asyncio.run(migrate(f"sqlite+aiosqlite:///{coming}"))
    _leave_log(coming)
    _bring_files(order, manifest)
    # What its streams hold is of a time that this database has not seen. New ones number on, see `Bus`.
    shutil.rmtree(home / "nats", ignore_errors=True)
    _drop_database(target)
    coming.rename(target)
    archive.sync(target.parent)
    note.unlink()
    archive.sync(home)


def _into_postgres(order: Order, manifest: Manifest) -> None:
    # An older backup is migrated in a copy of its own.
    with archive.room(order.settings.home) as room:
        path = room / archive.DATABASE
        shutil.copyfile(order.backup / archive.DATABASE, path)
        asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
        asyncio.run(_fill_postgres(order, path, manifest))
    try:
        asyncio.run(empty_streams(order.settings))
    except BackupError as error:
        order.tell(f"{error} If it has data of before, run `argus-server purge-bus` before the services start.")


async def _fill_postgres(order: Order, path: Path, manifest: Manifest) -> None:
    url = order.settings.database_url
    await migrate(url, order.passwords)
    database = Database(url, pool_size=1)
    try:
        async with database.write() as connection:
            await require_alone(connection)
            target = ends.PostgresEnd(connection)
            if filled := await target.filled():
                if not order.force:
                    raise BackupError(
                        f"The database is not empty ({', '.join(filled[:3])} have rows), and nothing was changed. "
                        "--force puts the backup in its place."
                    )
                await target.clear()
            await asyncio.to_thread(_bring_files, order, manifest)
            with opened(path) as filled_file:
                source = ends.SqliteEnd(filled_file)
                await fill(connection, source, manifest.sequences, order.tell)
    except DBAPIError as error:
        raise BackupError(f"The database does not take the backup, and nothing was changed: {error.orig}") from error
    finally:
        await database.close()


async def fill(connection: AsyncConnection, source: ends.End, given: dict[str, int], tell: Tell) -> None:
    """Copy everything into PostgreSQL's empty tables, in the caller's transaction, and sum it up.

    Raises:
        BackupError: a table did not arrive as it was.
    """
    target = ends.PostgresEnd(connection)
    await connection.run_sync(sums.remove)
    sent = await copy(source, target, tell)
    last = await source.sequences()
    await target.go_on_after({name: max(number, given.get(name, 0)) for name, number in last.items()})
    tell("looking whether all of it arrived")
    require_equal(sent, await tallies_of(target))
    tell("summing up")
    await connection.run_sync(sums.install)
    await connection.run_sync(sums.rebuild)


async def require_alone(connection: AsyncConnection) -> None:
    """Make sure that no service is connected to the database.

    Raises:
        BackupError: one is, or a person is.
    """
    deadline = time.monotonic() + _LEAVING_S
    while (others := await _others(connection)) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    if others:
        raise BackupError(
            f"{others} other connections use the database, and nothing was changed: stop the services of Argus first."
        )


async def _others(connection: AsyncConnection) -> int:
    # Within a transaction the first look would be kept.
    await connection.exec_driver_sql("select pg_stat_clear_snapshot()")
    asked = (
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
        "and backend_type = 'client backend'"
    )
    found: int = (await connection.exec_driver_sql(asked)).scalar_one()
    return found


async def empty_streams(settings: Settings) -> None:
    """Remove what the bus still holds of a time that the database has not seen. Numbers of messages go on.

    Raises:
        BackupError: the bus cannot be reached.
    """
    bus = Bus(settings.nats_url, client_name="argus-restore", keeping=Keeping.of(settings))
    await bus.start()
    try:
        await bus.wait_until_ready(_BUS_S)
        for stream in STREAMS:
            await bus.purge(stream)
    except BusUnavailable as error:
        # Without the password that is in its address.
        raise BackupError(f"NATS at {settings.nats_url.rpartition('@')[2]} does not answer.") from error
    finally:
        await bus.stop()


def _bring_files(order: Order, manifest: Manifest) -> None:
    storage = artifacts_of(order.settings)
    try:
        came = put_back(storage, order.backup / archive.FILES, manifest.files)
    except OSError as error:
        raise BackupError(f"The artifacts cannot be written ({error}): do the same again once they can.") from error
    finally:
        storage.close()
    order.tell(f"{len(manifest.files)} artifacts, of which {came} were brought")


async def _filled_sqlite(path: Path) -> bool:
    with opened(path) as connection:
        names = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
        return any(
            connection.execute(f'select exists(select 1 from "{name}")').fetchone()[0]  # noqa: S608 # nosec B608
            for name in names - {"alembic_version", "sqlite_sequence"}
        )


def _leave_log(path: Path) -> None:
    """Make the file one that needs no write-ahead log beside it."""
    with opened(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    archive.sync(path)


def _drop_database(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(name).unlink()
