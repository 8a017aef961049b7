"""Makes a backup: the tables in one view of the database, then the files that their rows name, then the manifest."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.artifacts.storage import Storage
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.platform import open_secret_box
from argus_kit.settings import API_VERSION, Settings
from argus_schema.migrate import migrate, newest_revision
from argus_standalone.backups import archive, ends
from argus_standalone.backups.archive import Manifest, StoredFile
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.files import Gathered, Known, Named, gather
from argus_standalone.backups.rows import Tell, copy, require_equal, tallies_of
from argus_standalone.backups.snapshot import online_copy, opened

# What must stay free on the disk: it is ingest's as well, as long as the folder is not on another one.
_RESERVE: Final = 200 * 2**20
_ROWS: Final = "select path, size_bytes, sha256 from artifact order by id"


@dataclass
class Plan:
    """What to back up, and where to."""

    settings: Settings
    folder: Path
    with_files: bool = True
    with_key: bool = False
    tell: Tell = print
    stop: threading.Event = field(default_factory=threading.Event)


class Rows(NamedTuple):
    """What lies in the database of a backup."""

    revision: str
    counts: dict[str, int]
    sequences: dict[str, int]
    artifacts: list[Named]


def make(plan: Plan) -> Path:
    """Make a backup beside a running server; returns where it is. Blocks: call it from a thread.

    Raises:
        BackupError: nothing of it is left.
        OSError: neither; a disk or a store failed.
    """
    with archive.locked(plan.folder):
        _require_room(plan)
        at = now()
        with archive.appearing(plan.folder, archive.name_of(at)) as making:
            database = making / archive.DATABASE
            url = plan.settings.database_url
            given: dict[str, int] = {}
            if is_sqlite(url):
                online_copy(sqlite_path(url), database, plan.stop)
            else:
                given = asyncio.run(copy_from_postgres(url, database, plan.tell))
            rows = read_rows(database)
            found = _gather(plan, rows.artifacts, making) if plan.with_files else Gathered([], {})
            if plan.with_key:
                _put_key(plan.settings, making)
            manifest = Manifest(
                format=archive.FORMAT,
                made_at=at,
                version=API_VERSION,
                revision=rows.revision,
                source="sqlite" if is_sqlite(url) else "postgresql",
                database=_synced(database),
                rows=rows.counts,
                sequences=given or rows.sequences,
                has_files=plan.with_files,
                files=found.files,
                faults=found.faults,
                signed_by_key=signature(plan.settings, archive.name_of(at)),
            )
            archive.write(making, manifest)
    return plan.folder / archive.name_of(at)


async def copy_from_postgres(url: str, path: Path, tell: Tell) -> dict[str, int]:
    """Copy all tables of PostgreSQL, in one view, into a new SQLite file; returns the last numbers that were given.

    Raises:
        BackupError: the tables are those of another version, cannot all be read, or did not arrive.
    """
    database = Database(url, pool_size=1)
    try:
        await migrate(f"sqlite+aiosqlite:///{path}")
        async with database.read() as connection:
            await _require_this_revision(connection)
            source = ends.PostgresEnd(connection)
            with contextlib.closing(ends.open_for_filling(path)) as filling:
                target = ends.SqliteEnd(filling)
                sent = await copy(source, target, tell)
                require_equal(sent, await tallies_of(target))
                filling.execute("COMMIT")
            return await source.sequences()
    except DBAPIError as error:
        raise BackupError(f"The database cannot be read: {_reason(error)}") from error
    finally:
        await database.close()


def read_rows(path: Path) -> Rows:
    """What the database of a backup holds; its tables may be those of an older Argus."""
    with opened(path) as connection:
        revision = connection.execute("select version_num from alembic_version").fetchone()[0]
        names = connection.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!' order by name"
        ).fetchall()
        counts = {name: _count(connection, name) for (name,) in names}
        artifacts = [Named(*row) for row in connection.execute(_ROWS)]
        sequences = {}
        if revision == newest_revision():
            sequences = asyncio.run(ends.SqliteEnd(connection).sequences())
    return Rows(revision, counts, sequences, artifacts)


def is_sqlite(url: str) -> bool:
    """Whether an address is one of SQLite."""
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_path(url: str) -> Path:
    """The file of a SQLite address."""
    found = make_url(url).database
    assert found, "an address of SQLite names a file"
    return Path(found)


def artifacts_of(settings: Settings) -> Storage:
    """Where the artifacts lie."""
    return Storage(ArtifactSettings().dir or str(settings.home / "artifacts"))


def signature(settings: Settings, name: str) -> str:
    """A text that shows which key the secrets lie under; empty where there is none here."""
    if not settings.config_key.get_secret_value() and not (settings.home / archive.KEY).exists():
        return ""
    return open_secret_box(settings).sign("backup", name)


def _gather(plan: Plan, wanted: list[Named], making: Path) -> Gathered:
    storage = artifacts_of(plan.settings)
    try:
        found = gather(storage, wanted, making / archive.FILES, Known(plan.folder), plan.stop)
    finally:
        storage.close()
    plan.tell(f"{len(found.files)} artifacts")
    return found


def _put_key(settings: Settings, making: Path) -> None:
    key = settings.config_key.get_secret_value()
    target = making / archive.KEY
    target.touch(mode=0o600)
    target.write_text(key or (settings.home / archive.KEY).read_text())
    archive.sync(target)


def _require_room(plan: Plan) -> None:
    url = plan.settings.database_url
    size = 0
    if is_sqlite(url):
        path = sqlite_path(url)
        if not path.exists():
            raise BackupError(f"There is no database {path}: is ARGUS_HOME the folder of your Argus?")
        size = path.stat().st_size
    free = shutil.disk_usage(plan.folder)[2]
    if free < size + _RESERVE:
        raise BackupError(
            f"The disk of {plan.folder} has {free >> 20} MiB free, and the backup needs {(size + _RESERVE) >> 20} MiB: "
            "make room, or name another folder with ARGUS_BACKUP_DIR."
        )


def _synced(path: Path) -> StoredFile:
    archive.sync(path)
    return archive.stored(path, archive.DATABASE)


def _count(connection: sqlite3.Connection, name: str) -> int:
    found: int = connection.execute(f'select count(*) from "{name}"').fetchone()[0]  # noqa: S608 # nosec B608
    return found


async def _require_this_revision(connection: AsyncConnection) -> None:
    found = (await connection.execute(sa.text("select version_num from alembic_version"))).scalar()
    if found != newest_revision():
        raise BackupError(
            f"The database is at revision {found} and this Argus knows {newest_revision()}: back it up with the Argus "
            "that uses it, or migrate it first."
        )


def _reason(error: DBAPIError) -> str:
    return f"{error.orig}. Use an address that may read all tables, such as the one for migrations."
