"""The loop that sweeps, and what is remembered of the last sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from argus_ingest.retention import policy as policies
from argus_ingest.retention.settings import RetentionSettings
from argus_ingest.retention.sweep import sweep
from argus_kit.clock import now
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform

log = structlog.get_logger(__name__)

_LAST_RUN: Final = "ingest:retention:last"
_REMEMBERED_S: Final = 30 * 24 * 3600.0
# How often the loop looks whether it is time: an administrator may have changed the interval.
_LOOK_EVERY_S: Final = 60.0


class LastRun(msgspec.Struct):
    """When a sweep ended and what it removed."""

    at: datetime
    stats: dict[str, int]


class Retention(Part):
    """Sweeps on demand, and by itself when `is_periodic`."""

    name = "retention"

    def __init__(self, platform: Platform, settings: RetentionSettings, *, is_periodic: bool) -> None:
        self._platform = platform
        self._settings = settings
        self._lease = Lease(platform.database, "ingest-retention")
        self._loop = Loop(self.name, self._round, every_s=_LOOK_EVERY_S) if is_periodic else None
        self._began = now()

    async def start(self) -> None:
        """See Part."""
        if self._loop is not None:
            await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        if self._loop is not None:
            await self._loop.stop()
            await self._lease.release()

    async def policy(self) -> policies.Policy:
        """The policy that holds now."""
        async with self._platform.database.read() as connection:
            return await policies.current(connection, self._settings)

    async def run(self) -> tuple[dict[str, int], int]:
        """Sweep now. Returns rows removed by class, and milliseconds."""
        stats, elapsed_ms = await sweep(self._platform.database, await self.policy())
        await self._platform.cache.set(_LAST_RUN, msgspec.json.encode(LastRun(now(), stats)), _REMEMBERED_S)
        log.info("retention.swept", elapsed_ms=elapsed_ms, removed=stats)
        return stats, elapsed_ms

    async def last_run(self) -> LastRun | None:
        """The last sweep of any process, if it is remembered."""
        found = await self._platform.cache.get(_LAST_RUN)
        return msgspec.json.decode(found, type=LastRun) if found else None

    async def _round(self) -> None:
        minutes = (await self.policy()).sweep_minutes
        last = await self.last_run()
        due = (last.at if last else self._began) + timedelta(minutes=minutes)
        if minutes and now() >= due and await self._lease.held():
            await self.run()
