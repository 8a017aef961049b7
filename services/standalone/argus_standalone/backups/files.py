"""Artifacts on their way into a backup and back. One that an earlier backup holds is linked, not copied."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from argus_ingest.artifacts.sinks import UNFINISHED
from argus_ingest.artifacts.storage import Storage
from argus_standalone.backups import archive
from argus_standalone.backups.archive import StoredFile
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.snapshot import Stopped

_PIECE: Final = 2**20


class Named(NamedTuple):
    """What a row says of its file."""

    path: str
    size: int
    sha256: str | None


class Gathered(NamedTuple):
    """The files that are in the backup, and by path why others are not, or differ."""

    files: list[StoredFile]
    faults: dict[str, str]


class Known:
    """Files that lie in earlier backups, by their content."""

    def __init__(self, folder: Path) -> None:
        self._places: dict[tuple[str, int], Path] = {}
        for backup in archive.whole(folder):
            with contextlib.suppress(BackupError):
                for file in archive.read(backup).files:
                    self.add(file, backup / archive.FILES / file.path)

    def add(self, file: StoredFile, place: Path) -> None:
        """Remember where a content lies."""
        self._places[file.sha256, file.size] = place

    def link(self, named: Named, target: Path) -> StoredFile | None:
        """Put a known content at `target`; None where it is not known."""
        place = self._places.get((named.sha256 or "", named.size))
        if place is None or not place.is_file() or place.stat().st_size != named.size:
            return None
        link_or_copy(place, target)
        return StoredFile(named.path, named.size, named.sha256 or "")


def gather(
    storage: Storage, wanted: Iterable[Named], target: Path, known: Known, stop: threading.Event | None = None
) -> Gathered:
    """Bring files into a folder of a backup. Blocks.

    Raises:
        OSError: the storage, or the disk of the backup, fails.
    """
    found = Gathered([], {})
    folders: set[Path] = set()
    for named in wanted:
        if stop is not None and stop.is_set():
            raise Stopped("Argus ends, and so this backup was given up.")
        place = target / named.path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folders.add(place.parent)
        try:
            file = known.link(named, place) or _fetched(storage, named.path, place)
        except FileNotFoundError:
            # Removed since the rows were read; or lost, which the live server would say as well.
            found.faults[named.path] = "it is not there"
            continue
        if named.sha256 not in {None, file.sha256}:
            found.faults[named.path] = "its content is not what its row says"
        known.add(file, place)
        found.files.append(file)
    for folder in sorted({*folders, *(folder.parent for folder in folders)}):
        archive.sync(folder)
    return found


def put_back(storage: Storage, source: Path, files: Sequence[StoredFile]) -> int:
    """Bring the files of a backup to where artifacts lie; those that lie there already stay. Returns how many came.

    Raises:
        OSError: the storage fails.
    """
    return sum(_put(storage, source / file.path, file) for file in files)


def link_or_copy(source: Path, target: Path) -> None:
    """Another name of the same file, where the disk is the same: files of artifacts are never written again."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES}:
            raise
        shutil.copyfile(source, target)
        archive.sync(target)


def _fetched(storage: Storage, path: str, target: Path) -> StoredFile:
    local = Path(storage.locate(path))
    if storage.is_local and local.is_file():
        link_or_copy(local, target)
        return archive.stored(target, path)
    digest, size = hashlib.sha256(), 0
    with storage.open(path) as source, target.open("xb") as copy:
        while piece := source.read(_PIECE):
            digest.update(piece)
            size += copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return StoredFile(path, size, digest.hexdigest())


def _put(storage: Storage, source: Path, file: StoredFile) -> bool:
    if storage.length(file.path) == file.size:
        return False
    # What an earlier try left when it was cut off.
    storage.remove([file.path + UNFINISHED])
    sink = storage.sink(file.path)
    try:
        with source.open("rb") as opened:
            while piece := opened.read(_PIECE):
                sink.write(piece)
        sink.finish()
    except BaseException:
        sink.abandon()
        raise
    return True
