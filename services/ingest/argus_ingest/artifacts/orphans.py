"""Files that no row names: what a crash between file and commit left, and what could not be removed with its row."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from argus_ingest.artifacts import repository
from argus_ingest.artifacts.service import storage_of
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_kit.clock import now
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 600.0
_FIRST_AFTER: Final = timedelta(hours=1)
_AGAIN_AFTER: Final = timedelta(hours=6)
# Room for others between two folders.
_PAUSE_S: Final = 0.01


class OrphanSweep(Part):
    """Removes orphans that are old enough to belong to no upload that is still on its way."""

    name = "artifact-orphans"

    def __init__(self, platform: Platform, settings: ArtifactSettings) -> None:
        self._database = platform.database
        self._age = timedelta(hours=settings.orphan_hours)
        self._storage = storage_of(platform, settings)
        self._lease = Lease(platform.database, "ingest-artifact-orphans")
        self._loop = Loop(self.name, self._round, every_s=_LOOK_EVERY_S)
        self._due = now() + _FIRST_AFTER

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()
        self._storage.close()

    async def look(self, before: datetime) -> int:
        """Remove orphans that were last written before then; returns how many. Raises OSError from the storage."""
        dropped = 0
        for folder in await self._storage.folders():
            # Ours are named by the keys of batches; whatever else lies there is not ours to remove.
            if folder.isascii() and folder.isdigit():
                dropped += await self._drop(folder, before)
                await asyncio.sleep(_PAUSE_S)
                if not await self._lease.held():
                    return dropped
        dropped += await self._storage.abort_unfinished(before)
        if dropped:
            log.info("artifact.orphans_dropped", count=dropped)
        return dropped

    async def _drop(self, folder: str, before: datetime) -> int:
        old = [file.path for file in await self._storage.files(folder) if file.modified < before]
        if not old:
            return 0
        # The rows are read after the files: what was committed meanwhile is known.
        async with self._database.read() as connection:
            named = await repository.named_in(connection, int(folder))
        # A preview or an unfinished file is named like its artifact, with something behind a dot.
        orphans = [path for path in old if path.partition(".")[0] not in named]
        await self._storage.drop(orphans)
        return len(orphans)

    async def _round(self) -> None:
        if now() >= self._due and await self._lease.held():
            await self.look(now() - self._age)
            self._due = now() + _AGAIN_AFTER
