"""The thread that takes events out of the buffer, encodes them, and writes them to the journal.

It never waits for the network, so that what a kill -9 can lose stays at one tick whatever the server does.
"""

from __future__ import annotations

import threading
import time

from argus._encoder import InvalidEventError
from argus._guard import absorb, tell_once
from argus._settings import EVENT_BYTES, JOURNAL_TICK_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from argus._batcher import Buffer, RawEvent
    from argus._counters import Counters
    from argus._encoder import Encoder
    from argus._journal import DiskJournal, MemoryJournal
    from argus._rejects import RejectedFile

# Encoding this many takes under a millisecond; then the interpreter is offered back to the training thread.
_SLICE = 64
# With this much waiting, keeping up matters more than the training thread's next millisecond.
_DEEP = 20_000
_DEEP_SLICE = 2_000
# What a full journal drops: there are many of these, and a chart with gaps still says how the run ended.
_EXPENDABLE = frozenset({"job_epoch", "log_line", "resource_snapshot"})


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
    ) -> None:
        super().__init__(name="argus-worker", daemon=True)
        self._buffer = buffer
        self._make_encoder = encoder
        self._disk = disk
        self._memory = memory
        self._rejects = rejects
        self._counters = counters
        self._wake = threading.Event()
        self._drained = threading.Event()
        self._closing = False

    def run(self) -> None:
        """The thread's body."""
        try:
            encoder = self._make_encoder()
            while True:
                self._wake.wait(JOURNAL_TICK_S)
                closing = self._closing
                self._wake.clear()
                self._drain(encoder)
                self._drained.set()
                if closing:
                    return
        except Exception as error:  # noqa: BLE001 - the guard of this thread: training is sacred
            absorb("the worker", error)
            self._counters.drop("worker_failed", len(self._buffer))
            self._buffer.close()

    def wake(self) -> None:
        """Write what waits now instead of at the next tick."""
        self._wake.set()

    def settle(self, timeout_s: float) -> None:
        """Wait until the buffer has been written, so that what was dropped on the way is counted."""
        self._drained.clear()
        self._wake.set()
        self._drained.wait(timeout_s)

    def close(self) -> None:
        """Write what waits, then end."""
        self._closing = True
        self._wake.set()

    def _drain(self, encoder: Encoder) -> None:
        while events := self._buffer.take(_SLICE if len(self._buffer) < _DEEP else _DEEP_SLICE):
            self._counters.add("taken", len(events))
            lines = self._encode(encoder, events)
            if lines:
                self._write(lines)
            time.sleep(0)  # gives the interpreter lock up, or training would stall for a switch interval of 5 ms

    def _encode(self, encoder: Encoder, events: list[RawEvent]) -> list[bytes]:
        full = self._disk is not None and self._disk.is_full
        lines: list[bytes] = []
        for event in events:
            if full and event[0] in _EXPENDABLE:
                self._drop("journal_full", "the journal has reached its size limit (ARGUS_JOURNAL_MAX_MB)")
                continue
            try:
                line = encoder.encode(event)
            except InvalidEventError as error:
                self._drop(error.reason, str(error))
                continue
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
                return
        refused = self._memory.append(lines)
        if refused:
            for _ in range(refused):
                self._drop("no_disk_no_memory", "neither disk nor memory has room for events")

    def _drop(self, reason: str, message: str) -> None:
        self._counters.drop(reason)
        tell_once(f"drop:{reason}", "an event was dropped: %s", message)
