"""Backs up SQLite and its files again and again while Argus runs, and removes backups that are too old to stay."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from argus_kit.clock import now
from argus_kit.leases import LeasedLoop
from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_standalone.backups import archive
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.keep import kept
from argus_standalone.backups.make import Plan, make
from argus_standalone.backups.settings import BackupSettings
from argus_standalone.backups.snapshot import Stopped

log = structlog.get_logger(__name__)

LAST = Gauge("argus_backup_last_success_timestamp_seconds", "When the newest whole backup was made; 0: there is none")
SIZE = Gauge("argus_backup_size_bytes", "Bytes of the newest backup, files that it shares with others included")
TOOK = Gauge("argus_backup_duration_seconds", "How long the newest backup took")
FAILED = Counter("argus_backup_failures_total", "Backups on schedule that could not be made")

_LOOK_EVERY_S: Final = 60.0
# A server that was just started has better things to do.
_FIRST_AFTER: Final = timedelta(minutes=5)
_AGAIN_AFTER: Final = timedelta(hours=1)


class BackupSchedule(LeasedLoop):
    """Makes a backup when the newest one is old enough."""

    def __init__(self, platform: Platform, settings: BackupSettings, *, first_after: timedelta = _FIRST_AFTER) -> None:
        super().__init__(platform.database, "backups", every_s=_LOOK_EVERY_S)
        self._settings = settings
        self._surroundings = platform.settings
        self._folder = folder_of(platform.settings, settings)
        self._every = timedelta(hours=settings.every_hours)
        self._not_before = now() + first_after
        self._stop = threading.Event()

    async def start(self) -> None:
        """See Part."""
        if self._every:
            self._tell_of_the_newest()
            await super().start()

    async def stop(self) -> None:
        """See Part. A backup that is being made is given up."""
        self._stop.set()
        await super().stop()

    async def work(self) -> None:
        """A backup, where one is due."""
        newest = max((at for path in archive.whole(self._folder) if (at := archive.made_at(path))), default=None)
        if now() < self._not_before or (newest is not None and now() - newest < self._every):
            return
        began = time.monotonic()
        plan = Plan(self._surroundings, self._folder, self._settings.files, tell=_quiet, stop=self._stop)
        try:
            made = await asyncio.to_thread(make, plan)
        except Stopped:
            return
        except (BackupError, OSError) as error:
            FAILED.inc()
            self._not_before = now() + _AGAIN_AFTER
            log.error("backup.failed", folder=str(self._folder), reason=str(error))  # noqa: TRY400 (it says all)
            return
        TOOK.set(time.monotonic() - began)
        self._tell_of_the_newest()
        log.info("backup.made", backup=str(made))
        await asyncio.to_thread(prune, self._folder, self._settings)

    def _tell_of_the_newest(self) -> None:
        backups = archive.whole(self._folder)
        if backups:
            manifest = archive.read(backups[-1])
            LAST.set(manifest.made_at.timestamp())
            SIZE.set(manifest.size)


def folder_of(surroundings: Settings, settings: BackupSettings) -> Path:
    """Where the backups lie."""
    return Path(settings.dir) if settings.dir else surroundings.home / "backups"


def prune(folder: Path, settings: BackupSettings) -> list[Path]:
    """Remove the backups that need not stay; returns which they were."""
    with archive.locked(folder):
        by_time = {at: path for path in archive.whole(folder) if (at := archive.made_at(path))}
        staying = kept(by_time, hourly=settings.keep_hourly, daily=settings.keep_daily, weekly=settings.keep_weekly)
        leaving = [path for at, path in sorted(by_time.items()) if at not in staying]
        for path in leaving:
            archive.remove(path)
            log.info("backup.removed", backup=str(path))
    return leaving


def _quiet(said: str) -> None:
    """Nobody is there to read it."""
