"""The loop that merges: it looks for jobs with something to merge, and takes them one slice after another.

A merge is prepared from a consistent view, outside of any lock, and taken over in a short transaction that holds the
batch's row, as every flush does. Whatever was written meanwhile has later ids and stays; when the blocks that were
merged are no longer all there, another merge came first, and this one is dropped.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from argus_ingest.compaction.due import Due, due
from argus_ingest.compaction.settings import CompactionSettings
from argus_ingest.store import batch_rows
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform

# numpy comes with these: it is loaded when there is something to merge.
if TYPE_CHECKING:
    from argus_contracts.curves.merging import Head
    from argus_contracts.curves.rollups import Stats
    from argus_contracts.curves.rows import Cut, Rows
    from argus_ingest.compaction.merge import NewChunk
    from argus_ingest.compaction.repository import Slice

log = structlog.get_logger(__name__)

MERGED: Final = Counter("argus_ingest_merged_blocks_total", "Metric blocks that were merged into chunks")
_JOBS_AT_ONCE: Final = 200
# Room for others between two slices.
_PAUSE_S: Final = 0.01


class _Prepared(NamedTuple):
    taken: Slice
    gone: dict[int, list[int]]
    new: list[NewChunk]
    others: list[tuple[int, str, Stats]]


class Compaction(Part):
    """Merges the blocks of jobs."""

    name = "compaction"

    def __init__(self, platform: Platform, settings: CompactionSettings) -> None:
        self._platform = platform
        self._settings = settings
        self._lease = Lease(platform.database, "ingest-compaction")
        self._loop = Loop(self.name, self._round, every_s=settings.every_s)

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()

    async def _round(self) -> None:
        if await self._lease.held():
            await self.run()

    async def run(self) -> int:
        """Merge all that is due now; returns how many blocks were merged."""
        merged, after = 0, (0, 0)
        while True:
            async with self._platform.database.read() as connection:
                found = await due(connection, self._settings.blocks, after, _JOBS_AT_ONCE)
            for one in found:
                merged += await self._merge_all(one)
                after = (one.batch_key, one.job_no)
            if len(found) < _JOBS_AT_ONCE:
                return merged

    async def _merge_all(self, one: Due) -> int:
        merged = 0
        try:
            while count := await self.merge(one):
                merged += count
                await asyncio.sleep(_PAUSE_S)
        except (ValueError, SQLAlchemyError):
            # A damaged block, or a name that no index takes: the blocks stay, and are read as before; other jobs go on.
            log.exception("compaction.failed", batch_key=one.batch_key, job_no=one.job_no)
        return merged

    async def merge(self, one: Due) -> int:
        """Merge one slice of a job's blocks; returns how many it took, 0 when nothing is left to take."""
        prepared = await self._prepare(one)
        if prepared is None or not await self._take_over(one, prepared):
            return 0
        MERGED.inc(len(prepared.taken.blocks))
        return len(prepared.taken.blocks)

    async def _prepare(self, one: Due) -> _Prepared | None:
        from argus_contracts.curves.merging import touched
        from argus_contracts.curves.rows import by_kind, cuts_of
        from argus_ingest.compaction import repository

        async with self._platform.database.read() as connection:
            taken = await repository.oldest_blocks(
                connection, one, self._settings.slice_blocks, self._settings.slice_bytes
            )
            if taken is None:
                return None
            resumes = await repository.resumes(connection, one)
            rows = await asyncio.to_thread(by_kind, taken.blocks)
            work: list[_Work] = []
            for kind, some in rows.items():
                cuts = cuts_of(resumes, kind)
                heads = await repository.heads(connection, one, kind)
                chosen = touched(heads, some.steps, cuts)
                stored = await repository.chunk_rows(connection, one, kind, [head.first_step for head in chosen])
                work.append(_Work(kind, [*stored, some], cuts, heads, chosen))
            stats = await repository.stats(connection, one) if taken.is_all else []
        new = await asyncio.to_thread(_merged, work)
        gone = {part.kind: [head.first_step for head in part.chosen] for part in work}
        others = [(kind, name, known) for kind, first, name, known in stats if first not in gone.get(kind, [])]
        return _Prepared(taken, gone, new, others)

    async def _take_over(self, one: Due, prepared: _Prepared) -> bool:
        from argus_ingest.compaction import repository

        taken = prepared.taken
        try:
            async with self._platform.database.write() as connection:
                if not await batch_rows.lock(connection, [one.batch_id]):
                    return False
                if await repository.remove_blocks(connection, one, taken.last_id) != len(taken.blocks):
                    raise _OvertakenError
                for kind, first_steps in prepared.gone.items():
                    await repository.remove_chunks(connection, one, kind, first_steps)
                await repository.add_chunks(connection, one, prepared.new)
                # What newer blocks add stands in the summary already; only without them is this one exact.
                is_whole = taken.is_all and not await repository.has_blocks(connection, one)
                summary = _summary(prepared) if is_whole else None
                await repository.save_job(connection, one, len(taken.blocks), summary)
        except _OvertakenError:
            log.info("compaction.overtaken", batch_key=one.batch_key, job_no=one.job_no)
            return False
        return True


class _OvertakenError(Exception):
    """Another merge took the blocks first."""


class _Work(NamedTuple):
    kind: int
    parts: Sequence[Rows]
    cuts: Sequence[Cut]
    heads: Sequence[Head]
    chosen: Sequence[Head]


def _merged(work: Sequence[_Work]) -> list[NewChunk]:
    from argus_ingest.compaction.merge import merged

    found: list[NewChunk] = []
    for kind, parts, cuts, heads, chosen in work:
        untouched = [head for head in heads if head not in chosen]
        found += merged(kind, parts, cuts, untouched)
    return found


def _summary(prepared: _Prepared) -> dict[str, dict[str, object]]:
    from argus_ingest.compaction.merge import summary

    found: dict[str, dict[int, list[Stats]]] = defaultdict(lambda: defaultdict(list))
    for kind, name, known in prepared.others:
        found[name][kind].append(known)
    for new in prepared.new:
        for part in new.columns:
            found[part.name][new.kind].append(part.stats)
    return summary(found)
