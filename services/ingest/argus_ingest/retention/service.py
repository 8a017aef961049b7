"""The loop that sweeps, sweeps on demand, and what is remembered of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import structlog

from argus_contracts.errors import ErrorCode
from argus_ingest.artifacts.service import storage_of
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.retention import configurations, history, space
from argus_ingest.retention import policy as policies
from argus_ingest.retention.batches import DeletedBatches
from argus_ingest.retention.files import OldFiles
from argus_ingest.retention.jobs import DeletedJobs
from argus_ingest.retention.rows import Swept, age, old_rows
from argus_ingest.retention.settings import RetentionSettings
from argus_ingest.retention.sweep import SweepStoppedError, Tallies, measure, sweep
from argus_ingest.retention.tallies import Work
from argus_kit import audit
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_schema import ingest as tables

log = structlog.get_logger(__name__)

# How often the loop looks whether it is time: an administrator may have changed the interval, an owner may want a batch
# gone at once.
_LOOK_EVERY_S: Final = 60.0

# SQLite's leases are always held: there the one process asks itself.
_TURNS: Final[WeakKeyDictionary[Database, asyncio.Lock]] = WeakKeyDictionary()


class Run(NamedTuple):
    """What a sweep did: rows and bytes by class, how it ended, and how long it took."""

    tallies: Tallies
    outcome: str
    freed_bytes: int | None
    elapsed_ms: int


class Retention(Part):
    """Sweeps on demand, and by itself when `is_periodic`."""

    name = "retention"

    def __init__(self, platform: Platform, settings: RetentionSettings, *, is_periodic: bool) -> None:
        self._platform = platform
        self._database = platform.database
        self._settings = settings
        self._storage = storage_of(platform, ArtifactSettings())
        # Two leases: who looks at the clock keeps the one; the other is for the time of a sweep.
        self._watch = Lease(platform.database, "ingest-retention")
        self._lease = Lease(platform.database, "ingest-retention-sweep")
        self._loop = Loop(self.name, self._round, every_s=_LOOK_EVERY_S) if is_periodic else None
        self._began = now()
        self._swept: Swept = {}

    async def start(self) -> None:
        """See Part."""
        if self._loop is not None:
            await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        if self._loop is not None:
            await self._loop.stop()
        await self._watch.release()
        await self._lease.release()
        self._storage.close()

    async def policy(self) -> policies.Policy:
        """The policy that holds now."""
        async with self._database.read() as connection:
            return await policies.current(connection, self._settings)

    async def last_sweep(self) -> sa.Row[Any] | None:
        """The last sweep of any process."""
        async with self._database.read() as connection:
            return await history.last_sweep(connection)

    async def runs(self, limit: int) -> Sequence[sa.Row[Any]]:
        """The history, newest first."""
        async with self._database.read() as connection:
            return await history.newest(connection, limit)

    async def run(self, actor_id: int | None = None, *, is_dry_run: bool = False) -> Run:
        """Sweep now, or say what a sweep would remove.

        Raises:
            ArgusError: retention.running.
        """
        works = self._works(await self.policy(), now())
        if is_dry_run:
            return await self._noted(works, actor_id, is_dry_run=True)
        async with self._alone():
            return await self._noted(works, actor_id, is_dry_run=False)

    def _works(self, policy: policies.Policy, at: datetime) -> list[Work]:
        grace = age(at, policy.deleted_days) if policy.deleted_days else None
        works: list[Work] = [*old_rows(self._database, policy, at, self._swept)]
        if policy.artifact_days:
            works.append(OldFiles(self._database, self._storage, age(at, policy.artifact_days)))
        batches = DeletedBatches(self._database, self._storage, grace, at)
        return [*works, DeletedJobs(self._database, self._storage, grace, at), batches]

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        turn = _TURNS.setdefault(self._database, asyncio.Lock())
        if turn.locked():
            raise ArgusError(ErrorCode.RETENTION_RUNNING)
        async with turn:
            if not await self._lease.held():
                raise ArgusError(ErrorCode.RETENTION_RUNNING)
            try:
                yield
            finally:
                await self._lease.release()

    async def _noted(self, works: Sequence[Work], actor_id: int | None, *, is_dry_run: bool) -> Run:
        began = now()
        async with self._platform.write(tables.OWNER) as tx:
            run_id = await history.begin(tx.connection, began, actor_id, is_dry_run=is_dry_run)
            if actor_id is not None and not is_dry_run:
                # Before anything leaves: a process that dies on the way has been noted.
                target = ("system", "retention")
                audit.note(tx, tables.OWNER, "retention_sweep_manual", actor_id, target=target, run=run_id)
        tallies: Tallies = {}
        outcome, freed = history.STOPPED, None
        try:
            if is_dry_run:
                await measure(works, tallies)
            else:
                freed = await self._swept_and_freed(works, tallies)
            failed = any(tally.error for tally in tallies.values())
            outcome = history.FAILED if failed else history.DONE
        except SweepStoppedError:
            log.warning("retention.stopped")
        finally:
            async with self._database.write() as connection:
                await history.end(connection, run_id, history.Ended(now(), outcome, tallies, freed))
        stats = {name: tally.stat for name, tally in tallies.items()}
        log.info("retention.swept", outcome=outcome, removed=stats, is_dry_run=is_dry_run)
        return Run(tallies, outcome, freed, int((now() - began).total_seconds() * 1000))

    async def _swept_and_freed(self, works: Sequence[Work], tallies: Tallies) -> int | None:
        before = await space.file_bytes(self._database)
        await sweep(works, tallies, self._lease.held)
        await configurations.remove_unused(self._database)
        async for _ in space.give_back(self._database):
            await asyncio.sleep(0)
        after = await space.file_bytes(self._database)
        return None if before is None or after is None else max(before - after, 0)

    async def _round(self) -> None:
        policy, last = await self.policy(), await self.last_sweep()
        due = (last.ended_at if last else self._began) + timedelta(minutes=policy.sweep_minutes)
        is_time = bool(policy.sweep_minutes) and now() >= due
        hurried = [kind(self._database, self._storage, None, now()) for kind in (DeletedJobs, DeletedBatches)]
        if not (is_time or any([await work.waits() for work in hurried])) or not await self._watch.held():
            return
        try:
            if is_time:
                await self.run()
            else:
                async with self._alone():
                    await self._noted(hurried, None, is_dry_run=False)
        except ArgusError as error:
            log.info("retention.not_now", reason=str(error.code))
