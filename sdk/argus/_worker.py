"""The thread that takes events out of the buffer, encodes them, and writes them to the journal.

It never waits for the network, so that what a kill -9 can lose stays at one tick whatever the server does.
"""

from __future__ import annotations

import threading
import time

from argus._encoder import InvalidEventError
from argus._guard import absorb, tell_once
from argus._owner import BEAT_S
from argus._settings import EVENT_BYTES, JOURNAL_TICK_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from argus._batcher import Buffer, RawEvent
    from argus._counters import Counters
    from argus._encoder import Encoder
    from argus._journal import DiskJournal, MemoryJournal
    from argus._rejects import RejectedFile

# Encoding this many takes about a third of a millisecond, for which a training that is Python all the way waits.
_SLICE = 100
# Then it gets the interpreter for at least this long: a shorter sleep, or none, would take the lock back at once, and
# the training would have to ask for it for a whole switch interval (5 ms).
_PAUSE_S = 0.0002
# With this much waiting, keeping up matters more than the training thread's next millisecond.
_DEEP = 30_000
_DEEP_SLICE = 2_000
# What a full journal drops: there are many of these, and a chart with gaps still says how the run ended.
_EXPENDABLE = frozenset({"job_epoch", "job_step", "log_line", "resource_snapshot"})


def sync_quietly(disk: DiskJournal) -> None:
    """Bring the journal to the disk itself; where that fails the events are still with the system."""
    try:
        disk.sync()
    except OSError as error:
        tell_once("fsync", "the journal cannot be synced to the disk: %s", error)


class Worker(threading.Thread):
    """Empties the buffer every tick until it is closed."""

    def __init__(
        self,
        buffer: Buffer,
        encoder: Callable[[], Encoder],
        disk: DiskJournal | None,
        memory: MemoryJournal,
        rejects: RejectedFile,
        counters: Counters,
        *,
        sync_always: bool = False,
    ) -> None:
        super().__init__(name="argus-worker", daemon=True)
        self._buffer = buffer
        self._make_encoder = encoder
        self._encoder: Encoder | None = None
        self._disk = disk
        self._memory = memory
        self._rejects = rejects
        self._counters = counters
        self._sync_always = sync_always
        # A bare lock is an alarm clock that costs one call into C per tick; an Event costs forty lines of Python.
        self._alarm = threading.Lock()
        self._alarm.acquire()
        self._drained = threading.Event()
        self._closing = False
        self._noted: dict[str, int] = {}

    def run(self) -> None:
        """The thread's body."""
        try:
            beaten_at = time.monotonic()
            while True:
                self._alarm.acquire(timeout=JOURNAL_TICK_S)
                closing = self._closing
                self._drain(to_the_last=closing)
                self._note_dropped()
                self._drained.set()
                if closing:
                    return
                if time.monotonic() - beaten_at > BEAT_S:
                    beaten_at = time.monotonic()
                    self._beat()
        except Exception as error:  # noqa: BLE001 - the guard of this thread: training is sacred
            absorb("the worker", error)
            self._buffer.close()
            left = self._buffer.take(len(self._buffer))
            self._counters.add("taken", len(left))
            self._counters.drop("worker_failed", len(left))
            self._drained.set()

    def wake(self) -> None:
        """Write what waits now instead of at the next tick."""
        try:
            self._alarm.release()
        except RuntimeError:
            pass  # it rings already

    def settle(self, timeout_s: float) -> None:
        """Wait until the buffer has been written, so that what was dropped on the way is counted."""
        deadline = time.monotonic() + timeout_s
        while len(self._buffer) and self.is_alive() and time.monotonic() < deadline:
            self._ring_and_wait(deadline)
        self._ring_and_wait(deadline)

    def close(self) -> None:
        """Write what waits, then end."""
        self._closing = True
        self.wake()

    def _ring_and_wait(self, deadline: float) -> None:
        self._drained.clear()
        self.wake()
        if self.is_alive():
            self._drained.wait(max(deadline - time.monotonic(), 0.0))

    def _drain(self, *, to_the_last: bool) -> None:
        """Write what is there now; what comes in meanwhile has the next tick, unless that is the last."""
        left = len(self._buffer)
        while left > 0:
            events = self._buffer.take(_SLICE if left < _DEEP else _DEEP_SLICE)
            self._counters.add("taken", len(events))
            # Made for the first event: only its caller knows all of the source that it carries (a batch's command).
            encoder = self._encoder = self._encoder or self._make_encoder()
            lines = self._encode(encoder, events)
            if lines:
                self._write(lines)
            left = len(self._buffer) if to_the_last else left - len(events)
            if left > 0:
                time.sleep(_PAUSE_S)

    def _encode(self, encoder: Encoder, events: list[RawEvent]) -> list[bytes]:
        full = self._disk is not None and self._disk.is_full
        encoder.begin_slice()
        lines: list[bytes] = []
        for event in events:
            if full and event[0] in _EXPENDABLE:
                self._drop("journal_full", "the journal has reached its size limit (ARGUS_JOURNAL_MAX_MB)")
                continue
            try:
                line = encoder.encode(event)
            except InvalidEventError as error:
                self._drop(error.reason, str(error))
            except Exception as error:  # noqa: BLE001 - an object of the user's that fails when it is read
                self._drop("unencodable", f"{event[0]} cannot be written as JSON: {error}")
            else:
                if len(line) > EVENT_BYTES:
                    self._rejects.add(line, f"larger than {EVENT_BYTES // 1024 // 1024} MiB")
                    self._counters.add("rejected")
                else:
                    lines.append(line)
        return lines

    def _write(self, lines: list[bytes]) -> None:
        if self._disk is not None:
            try:
                self._disk.append(lines)
            except OSError as error:
                tell_once("disk", "the journal cannot be written (%s); events wait in memory", error)
            else:
                if self._sync_always:
                    sync_quietly(self._disk)
                return
        refused = self._memory.append(lines)
        if refused:
            for _ in range(refused):
                self._drop("no_disk_no_memory", "neither disk nor memory has room for events")

    def _note_dropped(self) -> None:
        """A process that is killed reports no losses at its end, so they are written down as they come."""
        if self._disk is None:
            return
        lost = self._disk.take_lost()
        if lost:
            self._counters.drop("journal_lost", lost)
        dropped = self._counters.dropped
        if dropped == self._noted:
            return
        self._noted = dropped
        try:
            self._disk.note_dropped(dropped)
        except OSError as error:
            tell_once("note", "lost events cannot be noted beside the journal: %s", error)

    def _beat(self) -> None:
        if self._disk is None:
            return
        try:
            self._disk.beat()
        except OSError as error:
            tell_once("beat", "the journal's lock cannot be renewed: %s", error)

    def _drop(self, reason: str, message: str) -> None:
        self._counters.drop(reason)
        tell_once(f"drop:{reason}", "an event was dropped: %s", message)
