"""Files while they are written. All of it blocks and belongs into a thread."""

from __future__ import annotations

import contextlib
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# S3 takes no part under 5 MiB but the last; this much of a large upload is in memory.
_PART: Final = 8 * 2**20
UNFINISHED: Final = ".part"


class Sink(Protocol):
    """A file that grows. `finish` makes it appear, `abandon` leaves nothing of it."""

    digest: Any
    size: int

    def write(self, data: bytes) -> None:
        """Add bytes."""

    def finish(self) -> None:
        """Put it onto the disk and under its name."""

    def abandon(self) -> None:
        """Remove what was written."""


class LocalSink:
    """A file on a disk, under another name until it is whole."""

    def __init__(self, path: str) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._final = Path(path)
        self._partial = self._final.with_name(self._final.name + UNFINISHED)
        self._final.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._partial.open("xb")

    def write(self, data: bytes) -> None:
        """See Sink."""
        self.digest.update(data)
        self._file.write(data)
        self.size += len(data)

    def finish(self) -> None:
        """See Sink."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.rename(self._final)
        _sync_folder(self._final.parent)

    def abandon(self) -> None:
        """See Sink."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._partial.unlink(missing_ok=True)
        self._final.unlink(missing_ok=True)


class RemoteSink:
    """An object of a remote store: small ones are put at once, large ones in parts."""

    def __init__(self, system: AbstractFileSystem, path: str) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._system = system
        self._path = path
        self._file = system.open(path, "wb", block_size=_PART)
        self._is_done = False

    def write(self, data: bytes) -> None:
        """See Sink."""
        self.digest.update(data)
        self._file.write(data)
        self.size += len(data)

    def finish(self) -> None:
        """See Sink."""
        self._file.close()
        self._is_done = True

    def abandon(self) -> None:
        """See Sink."""
        if self._is_done:
            with contextlib.suppress(FileNotFoundError):
                self._system.rm_file(self._path)
            return
        # First, or whoever collects the object would close it and thereby finish it.
        self._file.closed = True
        self._file.discard()


def abort_uploads(system: AbstractFileSystem, root: str, before: datetime) -> int:
    """End multipart uploads under `root` that began before then; S3 keeps, and bills, their parts for ever."""
    if not hasattr(system, "list_multipart_uploads"):
        return 0
    bucket, prefix, _ = system.split_path(root + "/")
    old = [
        upload
        for upload in system.list_multipart_uploads(bucket)
        if upload["Key"].startswith(prefix) and upload["Initiated"].astimezone(UTC) < before
    ]
    for upload in old:
        system.abort_mpu(bucket, upload["Key"], upload["UploadId"])
    return len(old)


def _sync_folder(folder: Path) -> None:
    # A name is on the disk only when its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
