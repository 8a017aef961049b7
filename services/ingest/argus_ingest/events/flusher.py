"""Group commit: requests put their events into a queue and wait; one task writes all that arrived meanwhile at once.

The queue is bounded: when it is full, callers are told to come back, and when. A flush that fails because of one event
is divided until that event stands alone; a database that is away fails the requests, and nothing is acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram

from argus_contracts.errors import ErrorCode
from argus_ingest.fold.state import Arrival, Outcome
from argus_ingest.settings import IngestSettings
from argus_ingest.store.flush import Store
from argus_kit import telemetry
from argus_kit.clock import now
from argus_kit.database_errors import is_collision, is_outage
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.parts import Part

log = structlog.get_logger(__name__)

EVENTS = Counter("argus_ingest_events_total", "Events answered", ["outcome"])
FLUSH_SECONDS = Histogram(
    "argus_ingest_flush_seconds", "Time of one flush", buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
)
FLUSH_EVENTS = Histogram("argus_ingest_flush_events", "Events in one flush", buckets=(1, 5, 20, 100, 500, 2000, 10000))
QUEUED = Gauge("argus_ingest_queued_events", "Events that wait for the database")
LAG = Histogram(
    "argus_ingest_lag_seconds",
    "From the time that the sender gave a request's first event to its being stored",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400),
)

_COLLISION_TRIES: Final = 6
# A flush that keeps failing however it is divided is our own fault: then nothing is refused, only put off.
_MAX_FAILURES: Final = 64
# How the speed of writing is remembered, for a true Retry-After.
_SMOOTHING: Final = 0.2


class _Request:
    """The events of one request, and who waits for them."""

    __slots__ = ("arrivals", "done", "size")

    def __init__(self, arrivals: Sequence[Arrival], size: int, done: asyncio.Future[None]) -> None:
        self.arrivals = arrivals
        self.size = size
        self.done = done


class Flusher(Part):
    """The queue and the task that empties it."""

    name = "flusher"

    def __init__(self, store: Store, settings: IngestSettings) -> None:
        self._store = store
        self._settings = settings
        self._queue: deque[_Request] = deque()
        self._events = 0
        self._bytes = 0
        self._arriving = 0
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_open = False
        self._per_second = 5_000.0

    async def start(self) -> None:
        """See Part."""
        self._is_open = True
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Take nothing more, and write what is queued."""
        self._is_open = False
        self._awake.set()
        if self._task is not None:
            await self._task
            self._task = None

    @property
    def waiting(self) -> int:
        """Events that were taken and are not answered yet."""
        return self._events

    @contextlib.contextmanager
    def room(self, size: int) -> Iterator[None]:
        """Room for a body of `size` bytes while it is read and decoded, before it waits in the queue.

        Raises:
            RateLimited: there is none, and nothing was read (429).
        """
        if (self._bytes or self._arriving) and self._bytes + self._arriving + size > self._settings.queue_bytes:
            EVENTS.labels("queue_full").inc()
            raise self._full()
        self._arriving += size
        try:
            yield
        finally:
            self._arriving -= size

    def _full(self) -> RateLimited:
        """When half of what waits will be written: then there is room again, for more than the first who asks."""
        return RateLimited(self._events / 2 / self._per_second, ErrorCode.QUEUE_FULL)

    async def submit(self, arrivals: Sequence[Arrival], size: int) -> list[Outcome]:
        """Store events of one request, `size` bytes as they came; returns an outcome for each, in order.

        Raises:
            RateLimited: the queue is full (429).
            ArgusError: service.draining or storage.unavailable (503); send the same again.
        """
        if not self._is_open:
            raise ArgusError(ErrorCode.SERVICE_DRAINING, headers={"Retry-After": "1"})
        # One request always fits when nothing else waits, however large it is.
        over = self._events + len(arrivals) > self._settings.queue_events
        if self._events and (over or self._bytes + size > self._settings.queue_bytes):
            EVENTS.labels("queue_full").inc(len(arrivals))
            raise self._full()
        request = _Request(arrivals, size, asyncio.get_running_loop().create_future())
        self._queue.append(request)
        self._events += len(arrivals)
        self._bytes += size
        self._awake.set()
        await request.done
        return [arrival.outcome or _internal() for arrival in arrivals]

    async def _run(self) -> None:
        while self._is_open or self._queue:
            if not self._queue:
                self._awake.clear()
                await self._awake.wait()
                continue
            requests = self._take()
            await self._flush(requests)
            self._events -= sum(len(request.arrivals) for request in requests)
            self._bytes -= sum(request.size for request in requests)
            QUEUED.set(self._events)

    def _take(self) -> list[_Request]:
        requests = [self._queue.popleft()]
        count = len(requests[0].arrivals)
        while self._queue and count + len(self._queue[0].arrivals) <= self._settings.flush_events:
            requests.append(self._queue.popleft())
            count += len(requests[-1].arrivals)
        return requests

    async def _flush(self, requests: list[_Request]) -> None:
        begin = time.perf_counter()
        count = sum(len(request.arrivals) for request in requests)
        attempt = _Attempt(self._store)
        trace = next((request.arrivals[0].trace for request in requests if request.arrivals[0].trace), None)
        try:
            with telemetry.step("store events", trace, **{"argus.events": count, "argus.requests": len(requests)}):
                await attempt.write_requests([request.arrivals for request in requests])
        except Exception:
            log.exception("ingest.flush_failed", events=count)
            answer = ArgusError(ErrorCode.STORAGE_UNAVAILABLE, headers={"Retry-After": "1"})
            for request in requests:
                if any(arrival.outcome is None for arrival in request.arrivals):
                    _settle(request.done, answer)
            await asyncio.sleep(0.05)
        for request in requests:
            _settle(request.done, None)
        stored_at = now()
        for request in requests:
            LAG.observe(max((stored_at - request.arrivals[0].at).total_seconds(), 0.0))
        elapsed = time.perf_counter() - begin
        FLUSH_SECONDS.observe(elapsed)
        FLUSH_EVENTS.observe(count)
        self._per_second += _SMOOTHING * (count / max(elapsed, 1e-6) - self._per_second)


class _Attempt:
    """The attempts to write one flush: whole at first, in parts when a part of it cannot be stored."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._failures = 0

    async def write_requests(self, groups: Sequence[Sequence[Arrival]]) -> None:
        """Write requests together; when that fails for one of them, find it by halves."""
        events = [arrival for group in groups for arrival in group]
        error = await self._write(events)
        if error is None:
            return
        if len(groups) > 1:
            middle = len(groups) // 2
            await self.write_requests(groups[:middle])
            await self.write_requests(groups[middle:])
        else:
            await self._divide(events, error)

    async def _write_events(self, events: Sequence[Arrival]) -> None:
        error = await self._write(events)
        if error is not None:
            await self._divide(events, error)

    async def _divide(self, events: Sequence[Arrival], error: Exception) -> None:
        if len(events) > 1:
            middle = len(events) // 2
            await self._write_events(events[:middle])
            await self._write_events(events[middle:])
            return
        log.error("ingest.event_refused", event_type=events[0].event.event_type, exc_info=error)
        events[0].outcome = _internal()

    async def _write(self, events: Sequence[Arrival]) -> Exception | None:
        """Write events. Returns the error when it may lie in one of them, and raises it when it does not."""
        for tries in range(1, _COLLISION_TRIES + 1):
            try:
                await self._store.write(events)
            except Exception as error:
                if tries < _COLLISION_TRIES and is_collision(error):
                    await asyncio.sleep(random.uniform(0, 0.01 * 2**tries))
                    continue
                self._failures += 1
                if is_outage(error) or self._failures > _MAX_FAILURES:
                    raise
                return error
            else:
                return None
        return None


def _internal() -> Outcome:
    code = ErrorCode.EVENT_INTERNAL
    return Outcome("rejected", None, code.message, code, code.status)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    with contextlib.suppress(asyncio.InvalidStateError):
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
