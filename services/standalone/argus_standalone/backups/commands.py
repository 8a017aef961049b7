"""`argus-server backup`, `backups`, `verify`, `restore`, `move` and `purge-bus`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from argus_kit.settings import Settings
from argus_standalone.preflight import PreflightError

Backup = Annotated[Path, typer.Argument(help="The folder of one backup.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, backups, verify, restore, move):
        app.command()(command)
    app.command("purge-bus")(purge_bus)


def backup(
    folder: Annotated[Path | None, typer.Argument(help="Where to; by default ARGUS_BACKUP_DIR.")] = None,
    files: Annotated[
        bool | None, typer.Option("--files/--no-files", help="Put the artifacts in; by default ARGUS_BACKUP_FILES.")
    ] = None,
    with_key: Annotated[bool, typer.Option("--with-key", help="Put the key of stored secrets in, readable.")] = False,
) -> None:
    """Back everything up, beside a running server."""
    from argus_standalone.backups import archive
    from argus_standalone.backups.make import Plan, make
    from argus_standalone.backups.schedule import folder_of
    from argus_standalone.backups.settings import BackupSettings

    settings, said = Settings(), BackupSettings()
    place, with_files = folder or folder_of(settings, said), said.files if files is None else files
    with _in_one_sentence("There is no new backup"):
        made = make(Plan(settings, place, with_files, with_key, tell=_tell))
        manifest = archive.read(made)
    typer.echo(f"{made}\n{_size(manifest.size)}, {sum(manifest.rows.values())} rows, {len(manifest.files)} artifacts")
    for path, why in manifest.faults.items():
        typer.echo(f"artifact {path}: {why}", err=True)
    if not with_key:
        typer.echo(
            "Keep ARGUS_CONFIG_KEY (or config.key of ARGUS_HOME) as well, elsewhere: stored secrets lie under it."
        )


def backups(
    folder: Annotated[Path | None, typer.Argument(help="Where they lie; by default ARGUS_BACKUP_DIR.")] = None,
) -> None:
    """Print the backups that there are."""
    from argus_standalone.backups import archive
    from argus_standalone.backups.schedule import folder_of
    from argus_standalone.backups.settings import BackupSettings

    place = folder or folder_of(Settings(), BackupSettings())
    found = archive.whole(place)
    for path in found:
        with _in_one_sentence("It cannot be listed"):
            manifest = archive.read(path)
        made = manifest.made_at.strftime("%Y-%m-%d %H:%M:%S")
        holds = f"{sum(manifest.rows.values())} rows, {len(manifest.files)} artifacts"
        typer.echo(f"{path.name}\t{made} UTC\t{manifest.source}\t{_size(manifest.size)}\t{holds}")
    if not found:
        typer.echo(f"There are no backups in {place}.")


def verify(backup: Backup) -> None:
    """Read a backup through: checksums, the database's own checks, row counts, the revision of the tables."""
    from argus_standalone.backups import archive
    from argus_standalone.backups.verify import faults_of, require_known

    with _in_one_sentence("The backup cannot be used here"):
        manifest = archive.read(backup)
        faults = list(faults_of(backup, manifest))
        require_known(manifest)
    if faults:
        sys.exit("The backup is damaged:\n- " + "\n- ".join(faults))
    typer.echo(
        f"The backup is sound: {sum(manifest.rows.values())} rows in {len(manifest.rows)} tables at revision "
        f"{manifest.revision}, {len(manifest.files)} artifacts."
    )


def restore(
    backup: Backup,
    force: Annotated[bool, typer.Option("--force", help="Put it in place of what is there.")] = False,
    without_key: Annotated[bool, typer.Option("--without-key", help="Go on without the key of its secrets.")] = False,
) -> None:
    """Bring a backup back, into the database that ARGUS_DB_URL names. Argus must not run meanwhile."""
    from argus_standalone.backups.restore import Order
    from argus_standalone.backups.restore import restore as bring_back

    with _in_one_sentence("It was not restored"):
        order = Order(backup, Settings(), _passwords(), force, without_key, tell=_tell)
        manifest = bring_back(order)
    typer.echo(f"Restored: everything is as it was at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC.")


def move(
    to: Annotated[str, typer.Option("--to", help="The new database: postgresql://user:password@host/name.")],
) -> None:
    """Copy everything into a database of the other kind. Argus must not run meanwhile; the old one stays as it is."""
    from argus_standalone.backups.move import Removal
    from argus_standalone.backups.move import move as carry

    with _in_one_sentence("Nothing was moved"):
        carry(Removal(Settings(), _with_driver(to), _passwords(), tell=_tell))
    typer.echo("Everything is there. Set ARGUS_DB_URL to the new address; ARGUS_HOME and the artifacts stay.")


def purge_bus() -> None:
    """Empty the streams of NATS, after a database was restored by other means. The services must not run meanwhile."""
    from argus_standalone.backups.restore import empty_streams

    with _in_one_sentence("The bus was not emptied"):
        asyncio.run(empty_streams(Settings()))
    typer.echo("The bus is empty: every page will fetch anew.")


def _passwords() -> dict[str, str]:
    from argus_kit.migrate import MigrationSettings

    return MigrationSettings().passwords


def _with_driver(address: str) -> str:
    for plain, named in (("postgres://", "postgresql+asyncpg://"), ("postgresql://", "postgresql+asyncpg://")):
        if address.startswith(plain):
            return named + address.removeprefix(plain)
    return address.replace("sqlite:///", "sqlite+aiosqlite:///", 1) if address.startswith("sqlite:") else address


def _tell(said: str) -> None:
    # What a script reads comes on the output; how far the work is does not.
    typer.echo(said, err=True)


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


@contextmanager
def _in_one_sentence(so: str) -> Iterator[None]:
    from argus_standalone.backups.errors import BackupError

    try:
        yield
    except (BackupError, PreflightError) as error:
        sys.exit(f"{so}: {error}")
    except OSError as error:
        sys.exit(f"{so}: {error.strerror or error} ({os.fspath(error.filename) if error.filename else 'no file'}).")
