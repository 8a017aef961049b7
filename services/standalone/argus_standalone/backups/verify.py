"""Reads a backup through without bringing it back: is everything there, and is it what it was?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from argus_schema.migrate import newest_revision
from argus_standalone.backups import archive
from argus_standalone.backups.archive import Manifest, StoredFile
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.make import read_rows
from argus_standalone.backups.snapshot import check, opened


def faults_of(backup: Path, manifest: Manifest) -> Iterator[str]:
    """A sentence for each thing that is not as it was when the backup was made."""
    if (fault := _fault(backup / archive.DATABASE, manifest.database)) is not None:
        yield fault
    else:
        yield from _in_database(backup / archive.DATABASE, manifest)
    for file in manifest.files:
        if (fault := _fault(backup / archive.FILES / file.path, file)) is not None:
            yield fault


def require_known(manifest: Manifest) -> None:
    """Make sure that this Argus knows the tables of a backup.

    Raises:
        BackupError: a newer one made it.
    """
    if manifest.revision > newest_revision():
        raise BackupError(
            f"The backup's tables are at revision {manifest.revision}, which Argus {manifest.version} made; this one "
            f"knows {newest_revision()}. Install {manifest.version} or newer."
        )


def _in_database(path: Path, manifest: Manifest) -> Iterator[str]:
    try:
        with opened(path) as connection:
            check(connection, "integrity_check")
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                yield "A row of the database belongs to one that is not there."
        rows = read_rows(path)
    except BackupError as error:
        yield str(error)
        return
    if rows.revision != manifest.revision:
        yield f"The tables are at revision {rows.revision}, and the manifest says {manifest.revision}."
    for name in sorted(rows.counts.keys() | manifest.rows.keys()):
        found, said = rows.counts.get(name), manifest.rows.get(name)
        if found != said:
            yield f"The table {name} has {found} rows, and the manifest says {said}."


def _fault(path: Path, said: StoredFile) -> str | None:
    try:
        found = archive.stored(path, said.path)
    except OSError as error:
        return f"{said.path} cannot be read ({error.strerror})."
    if found != said:
        return f"{said.path} is not what it was: {found.size} bytes, SHA-256 {found.sha256}."
    return None
