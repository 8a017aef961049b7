"""What a backup is on the disk: a folder that appears whole or not at all, and a manifest that says what lies in it.

argus-20261126T020000Z/
    manifest.json   what follows, with checksums, row counts and the revision of the tables
    argus.db        all tables, as a database of SQLite, whichever database they came from
    files/          the artifacts, by the paths that their rows name
    config.key      only where somebody asked for it
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import msgspec

from argus_standalone.backups.errors import BackupError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "argus.db"
FILES: Final = "files"
KEY: Final = "config.key"
_PREFIX: Final = "argus-"
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_PIECE: Final = 2**20


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a backup."""

    path: str
    size: int
    sha256: str


class Manifest(msgspec.Struct):
    """What a backup holds."""

    format: int
    made_at: datetime
    version: str
    revision: str
    source: Literal["sqlite", "postgresql"]
    database: StoredFile
    rows: dict[str, int]
    # By table, the last number that was given to a row.
    sequences: dict[str, int]
    has_files: bool
    files: list[StoredFile]
    # Artifacts whose file was not there, or was not what its row says; by path, the reason.
    faults: dict[str, str]
    # A text signed under ARGUS_CONFIG_KEY: shows whether a key is the one that the secrets lie under. Empty: unknown.
    signed_by_key: str

    @property
    def size(self) -> int:
        """Bytes of it all. Files that several backups share are counted in each."""
        return self.database.size + sum(file.size for file in self.files)


def name_of(made_at: datetime) -> str:
    """The folder's name."""
    return f"{_PREFIX}{made_at.astimezone(UTC).strftime(_STAMP)}"


def made_at(folder: Path) -> datetime | None:
    """When a backup was made, from its name; None where that is no name of ours."""
    try:
        found = datetime.strptime(folder.name, f"{_PREFIX}{_STAMP}")  # noqa: DTZ007 (the name says Z)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC)


def whole(folder: Path) -> list[Path]:
    """The backups of a folder, oldest first. What was cut off has another name, and is none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if made_at(path) is not None and (path / MANIFEST).is_file())


def read(backup: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupError: there is none, or it cannot be read.
    """
    try:
        found = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(f"{backup} is no backup: it has no {MANIFEST}.") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupError(f"{backup / MANIFEST} cannot be read ({error}).") from error
    if found.format > FORMAT:
        raise BackupError(f"{backup} was made by a newer Argus ({found.version}): use that, or a newer one.")
    for file in found.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts:
            raise BackupError(f"{backup / MANIFEST} names a file outside of the backup: {file.path!r}.")
    return found


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder of the backups, so that one is made at a time, and what was cut off before is removed.

    Raises:
        BackupError: another process makes one right now, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise BackupError(f"The folder {folder} cannot be written ({error.strerror}).") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupError(f"Another process works on the backups in {folder} right now.") from None
        for left in folder.glob(f".{_PREFIX}*"):
            shutil.rmtree(left)
        yield


@contextlib.contextmanager
def appearing(folder: Path, name: str) -> Iterator[Path]:
    """A folder to fill, under a name that no backup has; it gets its own when the block has ended well.

    Raises:
        BackupError: there is a backup of that name.
    """
    if (folder / name).exists():
        raise BackupError(f"There is a backup {folder / name} already.")
    making = folder / f".{name}"
    making.mkdir(mode=0o700)
    try:
        yield making
        sync(making)
        making.rename(folder / name)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    sync(folder)


def remove(backup: Path) -> None:
    """Remove a backup. It ends to be one at once, whatever happens while its files go."""
    leaving = backup.with_name(f".{backup.name}")
    backup.rename(leaving)
    shutil.rmtree(leaving)


def write(backup: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all."""
    path = backup / MANIFEST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    sync(path)


def stored(path: Path, name: str) -> StoredFile:
    """What a file is."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return StoredFile(name, path.stat().st_size, digest.hexdigest())


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def room(home: Path) -> Iterator[Path]:
    """A folder to work in, which is gone afterwards; what an earlier one left goes with it."""
    path = home / ".restoring"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True, mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
