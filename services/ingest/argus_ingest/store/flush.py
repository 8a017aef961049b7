"""One flush: everything that arrived meanwhile, in one transaction.

Lock the batches, decide who may, insert the events and learn which are new, fold those, save what changed, promise the
bundles, commit. Only then are outcomes handed out: what is acknowledged is on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from argus_contracts.errors import ErrorCode
from argus_contracts.events import JOB_TYPES, EventType, server_event
from argus_ingest.fold.folding import fold
from argus_ingest.fold.state import Arrival, BatchState, Outcome, Tracked
from argus_ingest.store import access, batch_rows, bundles, detail_rows, event_rows, job_rows, purged_events
from argus_ingest.store.bulk import BulkDelete, BulkInsert, Work, run_all
from argus_ingest.store.link import Link, PostgresLink, SqliteLink, at_once
from argus_kit.bus import Outgoing
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.later import later
from argus_kit.outbox import Outbox, Row
from argus_schema import ingest as tables

# SQLite does without it.
if TYPE_CHECKING:
    import asyncpg
else:
    asyncpg = later("asyncpg")

_ENDS: Final = frozenset({EventType.BATCH_DONE, EventType.BATCH_FAILED, EventType.BATCH_PAUSED})
# Types that may change how many jobs of a batch are done or failed.
_COUNTS: Final = frozenset({EventType.JOB_START, EventType.JOB_DONE, EventType.JOB_FAILED})


_PROMISE = BulkInsert(tables.outbox, Outbox.COLUMNS)
_CLEAR = BulkDelete(tables.outbox, "id")


_WARY_FLUSHES: Final = 20
# A batch id and who speaks: the actor of a request is one object.
Sender = tuple[str, int]
Placed = tuple[int, Arrival]


class Store:
    """Writes arrivals. One write at a time per process; replicas meet at the batches' locks."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self._known: set[str] = set()
        # For how many flushes more repeated events are expected.
        self._wary = 0

    async def write(self, arrivals: Sequence[Arrival]) -> None:
        """Store events and set the outcome of each. Raises what the driver raises; then nothing is stored."""
        try:
            flush = await self._flushed(arrivals)
        except _PurgedError:
            # Retention removed a batch that this process knew: its id means a new one now.
            self._known.clear()
            flush = await self._flushed(arrivals)
        if len(self._known) > 100_000:
            self._known.clear()
        self._known.update(flush.batch_ids)
        for arrival, outcome in zip(arrivals, flush.outcomes, strict=True):
            arrival.outcome = outcome
        self._outbox.cleared(flush.cleared)
        self._outbox.offer(flush.promised)

    async def _flushed(self, arrivals: Sequence[Arrival]) -> _Flush:
        if not self._database.is_sqlite:
            return await self._flushed_hopefully(arrivals)
        flush = _Flush(arrivals, self._outbox)
        await self._database.write_in_thread(lambda raw: at_once(flush.run(SqliteLink(raw), self._known)))
        return flush

    async def _flushed_hopefully(self, arrivals: Sequence[Arrival]) -> _Flush:
        """Most events are new, and then they need no answer: many go by COPY, few along with what else is saved. Where
        one was known, all begins again with an insert that looks, and so do the next flushes: a sender that repeats
        itself seldom repeats one request only.
        """
        flush = _Flush(arrivals, self._outbox, is_hopeful=not self._wary)
        try:
            async with self._database.write_raw() as raw:
                await flush.run(PostgresLink(raw), self._known)
        except asyncpg.UniqueViolationError:
            if self._wary:
                raise
            self._wary = _WARY_FLUSHES
            return await self._flushed_hopefully(arrivals)
        self._wary = max(0, self._wary - 1)
        return flush


class _PurgedError(Exception):
    """A batch that was there is no more."""


class _Flush:
    """The state of one transaction."""

    def __init__(self, arrivals: Sequence[Arrival], outbox: Outbox, *, is_hopeful: bool = False) -> None:
        self.outcomes: list[Outcome] = []
        self.batch_ids: set[str] = set()
        self.promised: list[Row] = []
        self.cleared = outbox.published()
        self._link: Link
        self._outbox = outbox
        self._is_hopeful = is_hopeful
        # What inserts the events, where that is left to the end.
        self._adding: list[Work] = []
        self._arrivals = arrivals
        self._received_at = now()
        self._tracked: dict[int, Tracked] = {}
        self._by_id: dict[str, Tracked] = {}
        self._new: dict[int, list[Arrival]] = {}

    async def run(self, link: Link, known: set[str]) -> None:
        """All of it, within the transaction of `link`."""
        self._link = link
        await self._open_batches(known)
        settled = {key: batch_rows.settled(one.batch) for key, one in self._tracked.items()}
        summaries = {key: bundles.summary_of(one.batch) for key, one in self._tracked.items()}
        refused = await self._refused()
        await self._insert(refused)
        await self._load_jobs()
        for key, arrivals in self._new.items():
            fold(self._tracked[key], arrivals, self._received_at)
        told = {key: await self._tell_turns(self._tracked[key].batch) for key in self._new}
        messages: list[Outgoing] = []
        for key, arrivals in self._new.items():
            batch = self._tracked[key].batch
            messages += bundles.of_batch(batch, arrivals, told[key], summaries[key], self._received_at)
        await self._save(settled, messages)

    async def _open_batches(self, known: set[str]) -> None:
        ids = {arrival.event.batch_id for arrival in self._arrivals}
        # Rows are made before any is locked, so that two replicas cannot wait for each other.
        missing = {
            a.event.batch_id
            for a in self._arrivals
            if a.event.batch_id not in known and a.actor.reaches(a.event.source.project)
        }
        await batch_rows.make(self._link, missing, self._received_at)
        found = await batch_rows.lock(self._link, ids)
        if not found.keys() >= missing | (ids & known):
            raise _PurgedError
        self.batch_ids = set(found)
        self._by_id = {batch_id: Tracked(batch) for batch_id, batch in found.items()}
        self._tracked = {one.batch.batch_key: one for one in self._by_id.values()}

    async def _refused(self) -> set[int]:
        """Places of the arrivals that their senders may not add to their batches."""
        wanted = {}
        asked: set[Sender] = set()
        for arrival in self._arrivals:
            sender = (arrival.event.batch_id, id(arrival.actor))
            if sender in asked:
                continue
            asked.add(sender)
            one = self._by_id.get(arrival.event.batch_id)
            if one is not None and not access.is_owner(arrival.actor, one.batch):
                wanted[one.batch.batch_key, arrival.actor.user_id] = (one.batch, arrival.actor.user_id)
        editors = await access.editors(self._link, wanted.values()) if wanted else set()
        refused = set()
        # Owners whose token is not tied to a project: nothing they send to their batch is refused.
        free: set[Sender] = set()
        for place, arrival in enumerate(self._arrivals):
            actor = arrival.actor
            sender = (arrival.event.batch_id, id(actor))
            if sender in free:
                continue
            one = self._by_id.get(arrival.event.batch_id)
            if one is None or not access.may_report(arrival, one.batch, editors):
                refused.add(place)
                continue
            if one.batch.owner_id is None:
                # The first event in decides whose batch it is, for the rest of this flush too.
                one.batch.owner_id = actor.user_id
            if actor.project is None and access.is_owner(actor, one.batch):
                free.add(sender)
        return refused

    async def _insert(self, refused: set[int]) -> None:
        placed: list[Placed] = []
        first: dict[str, dict[bytes, Arrival]] = {batch_id: {} for batch_id in self._by_id}
        for place, arrival in enumerate(self._arrivals):
            if place in refused:
                continue
            known = first[arrival.event.batch_id]
            if arrival.key in known:
                continue
            known[arrival.key] = arrival
            batch = self._by_id[arrival.event.batch_id].batch
            batch.event_seq += 1
            arrival.db_id = batch.event_seq
            placed.append((batch.batch_key, arrival))
        horizon = self._received_at - purged_events.YOUNGEST
        old = [purged_events.Seen(key, one.key, one.at) for key, one in placed if one.at < horizon]
        before = await purged_events.among(self._link, old, self._received_at) if old else {}
        fresh = [(key, one) for key, one in placed if (key, one.key) not in before] if before else placed
        if self._is_hopeful and isinstance(self._link, PostgresLink):
            self._adding = await event_rows.add(self._link, fresh)
        else:
            before |= await event_rows.insert(self._link, fresh)
        for batch_key, arrival in placed:
            if not before or (batch_key, arrival.key) not in before:
                self._new.setdefault(batch_key, []).append(arrival)
        for place, arrival in enumerate(self._arrivals):
            if place in refused:
                self.outcomes.append(_forbidden(arrival))
                continue
            original = first[arrival.event.batch_id][arrival.key]
            known_id = before.get((self._by_id[arrival.event.batch_id].batch.batch_key, arrival.key))
            is_new = original is arrival and known_id is None
            self.outcomes.append(Outcome("accepted" if is_new else "deduplicated", known_id or original.db_id))

    async def _load_jobs(self) -> None:
        pairs = {
            (key, arrival.event.job_id): arrival.event.event_type in JOB_TYPES
            for key, arrivals in self._new.items()
            for arrival in arrivals
            if arrival.event.job_id
        }
        await job_rows.load_named(self._link, self._tracked, list(pairs))
        kinds = {key: {arrival.event.event_type for arrival in arrivals} for key, arrivals in self._new.items()}
        if ended := [key for key, types in kinds.items() if types & _ENDS]:
            await job_rows.load_unended(self._link, self._tracked, ended)
        if counted := [key for key, types in kinds.items() if types & _COUNTS]:
            await job_rows.count_statuses(self._link, self._tracked, counted)
        if growing := {key for key, job_id in pairs if job_id not in self._tracked[key].jobs}:
            await job_rows.load_last_numbers(self._link, self._tracked, growing)

    async def _save(self, settled: dict[int, tuple[Any, ...]], messages: Sequence[Outgoing]) -> None:
        changed = [self._tracked[key] for key in self._new]
        batches = [one.batch for one in changed]
        snapshots = self._of_type(EventType.RESOURCE_SNAPSHOT)
        await detail_rows.insert_snapshots(self._link, snapshots, self._received_at)
        await batch_rows.save_apart(self._link, batches)
        works: list[Work] = [
            *self._adding,
            *job_rows.saving(changed),
            detail_rows.blocks(changed),
            detail_rows.log_lines(self._of_type(EventType.LOG_LINE)),
            *batch_rows.saving(batches, settled),
            # Rows of the outbox whose messages have left.
            (_CLEAR, [(row_id,) for row_id in self.cleared]),
        ]
        if messages:
            # One row of the outbox for all that this flush tells.
            packed = self._outbox.pack(messages)
            works.append((_PROMISE, [packed.values]))
            self.promised.append(packed.row)
        await run_all(self._link, works)

    def _of_type(self, event_type: str) -> list[tuple[int, Arrival]]:
        return [
            (key, arrival)
            for key, arrivals in self._new.items()
            for arrival in arrivals
            if arrival.event.event_type == event_type
        ]

    async def _tell_turns(self, batch: BatchState) -> list[bundles.Numbered]:
        """A batch that ended because it was asked to, or was resumed, says so in an event of its own."""
        told: dict[str, dict[str, Any]] = {}
        if batch.has_resumed:
            told[EventType.BATCH_RESUMED] = {}
        if batch.stopped_by is not None:
            told[EventType.BATCH_STOPPED] = {
                "reason": batch.error,
                "n_done": batch.n_done,
                "n_failed": batch.n_failed,
            }
        at = self._received_at
        events = [
            server_event(kind, batch_id=batch.id, project=batch.project, at=at, data=data)
            for kind, data in told.items()
        ]
        return [(await event_rows.append(self._link, batch, event), event) for event in events]


def _forbidden(arrival: Arrival) -> Outcome:
    code = ErrorCode.EVENT_FORBIDDEN
    return Outcome("rejected", None, access.why_not(arrival), code, code.status)
