"""The folder of artifacts: files are written under names of our own, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError

_CHUNK: Final = 1 << 20


class StoredFile(NamedTuple):
    """A file in the folder: its path relative to it, its size in bytes, and its SHA-256."""

    path: str
    size: int
    sha256: str


class ArtifactFolder:
    """Where artifacts lie: one folder per batch."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def keep(self, batch_key: int, source: BinaryIO, limit: int) -> StoredFile:
        """Copy a file into the folder and onto the disk.

        Raises:
            ArgusError: artifact.too_large.
        """
        return await asyncio.to_thread(self._keep, batch_key, source, limit)

    async def drop(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        await asyncio.to_thread(self.locate(path).unlink, missing_ok=True)

    def locate(self, path: str) -> Path:
        """The file behind a stored path."""
        return self._root / path

    def _keep(self, batch_key: int, source: BinaryIO, limit: int) -> StoredFile:
        relative = f"{batch_key}/{uuid.uuid4().hex}"
        final = self._root / relative
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = final.with_suffix(".part")
        digest = hashlib.sha256()
        size = 0
        try:
            with partial.open("wb") as target:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise ArgusError(ErrorCode.ARTIFACT_TOO_LARGE, details={"max_bytes": limit})
                    digest.update(chunk)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            partial.rename(final)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return StoredFile(relative, size, digest.hexdigest())
