"""The thread that brings journals to the server: our own first, then those that dead processes left.

It reads what it sends from the journal, so that an outage of any length costs no memory. Nothing leaves a journal
before the server acknowledged it or it was set aside with the server's reason.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from argus._delivery import HOLD, HOLD_S, READ, SPLIT, WAIT, Verdict, backoff, judge, read_results
from argus._guard import absorb, logger, tell_once
from argus._settings import CHUNK_EVENTS, REQUEST_TIMEOUT_S, SEGMENT_BYTES, SEND_INTERVAL_S
from argus._transport import HttpTransport, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from argus._adoption import Orphan
    from argus._counters import Counters
    from argus._journal import Source
    from argus._rejects import RejectedFile
    from argus._segment import Chunk

_EVENTS_PATH = "/api/events/batch"
# What servers before this one take in one request.
_SMALL_CHUNK = 500
# From here on the next chunk follows at once instead of after the send interval.
_BACKLOG = 500
_ADOPT_EVERY_S = 60.0
# How often an event may come back as "internal error" before it is set aside.
_MOST_RETRIES = 5


class Sender(threading.Thread):
    """Delivers chunks until it is closed. `on_end` is called last, in this thread."""

    def __init__(
        self,
        transport: Callable[[], HttpTransport],
        own: list[Source],
        adopt: Callable[[], Iterator[Orphan]],
        rejects: RejectedFile,
        counters: Counters,
        on_end: Callable[[], None],
    ) -> None:
        super().__init__(name="argus-sender", daemon=True)
        self._make_transport = transport
        self._own = own
        self._adopt = adopt
        self._rejects = rejects
        self._counters = counters
        self._on_end = on_end
        self._wake = threading.Event()
        self._deadline: float | None = None
        self._failures = 0
        self._most_lines = CHUNK_EVENTS
        self._gzip_known_good = False
        self._adopted_at: float | None = None
        self.orphans: deque[Orphan] = deque()
        self.unfinished = 0

    def run(self) -> None:
        """The thread's body."""
        try:
            self._transport = self._make_transport()
            try:
                self._deliver_until_closed()
            finally:
                self._transport.close()
        except ValueError as error:  # an address that is none
            tell_once("address", "%s; events stay in the journal", error)
        except Exception as error:  # noqa: BLE001 - the guard of this thread: training is sacred
            absorb("the sender", error)
        finally:
            self.unfinished = len(self.orphans)
            for orphan in self.orphans:
                orphan.close()
            self._on_end()

    def wake(self) -> None:
        """Send what waits now instead of after the send interval."""
        self._wake.set()

    def close(self, timeout_s: float) -> None:
        """Send until nothing waits or `timeout_s` is over, then end."""
        self._deadline = time.monotonic() + timeout_s
        self._wake.set()

    def _deliver_until_closed(self) -> None:
        while True:
            left = self._time_left()
            if left is not None and left <= 0:
                return
            source, chunk = self._next()
            if source is None or chunk is None:
                if left is not None:
                    return
                self._rest(SEND_INTERVAL_S)
                continue
            self._transport.timeout_s = REQUEST_TIMEOUT_S if left is None else min(REQUEST_TIMEOUT_S, left + 0.1)
            trouble = self._deliver(source, chunk)
            if trouble is None:
                self._failures = 0
                if source in self._own and source.waiting < _BACKLOG:
                    self._rest(SEND_INTERVAL_S)
            elif not self._wait_out(trouble):
                return

    def _next(self) -> tuple[Source | None, Chunk | None]:
        """The next chunk: ours, else an orphan's, looking for orphans at the start and then once a minute."""
        for source in self._own:
            chunk = source.next_chunk(self._most_lines, SEGMENT_BYTES)
            if chunk is not None:
                return source, chunk
        now = time.monotonic()
        if not self.orphans and (self._adopted_at is None or now - self._adopted_at > _ADOPT_EVERY_S):
            self._adopted_at = now
            self.orphans.extend(self._adopt())
        while self.orphans:
            chunk = self.orphans[0].next_chunk(self._most_lines, SEGMENT_BYTES)
            if chunk is not None:
                return self.orphans[0], chunk
            self.orphans.popleft()
        return None, None

    def _deliver(self, source: Source, chunk: Chunk) -> Verdict | None:
        """Send a chunk to its end; None when all of it is acknowledged or set aside, else what stopped it."""
        own = source in self._own
        self._set_unreadable_aside(chunk)
        while chunk.parts:
            part = chunk.parts[0]
            verdict = self._post(part, chunk, own)
            if verdict is None:
                continue
            if verdict.action == SPLIT:
                self._split(chunk, verdict.reason, own)
            else:
                return verdict
        source.acknowledge(chunk)
        return None

    def _post(self, part: list[bytes], chunk: Chunk, own: bool) -> Verdict | None:
        """Send one part; None when it was settled (the chunk then has what is left of it)."""
        if own:
            self._counters.add("sent", len(part))
        try:
            reply = self._transport.post_json(_EVENTS_PATH, b'{"events":[' + b",".join(part) + b"]}")
        except Unreachable as error:
            return Verdict(WAIT, str(error))
        verdict = judge(reply)
        if verdict.action != READ:
            return verdict
        self._gzip_known_good = True
        results = read_results(reply, len(part))
        for place, reason in results.rejected:
            self._set_aside(part[place], reason, own)
        again = [part[place] for place in results.transient]
        stored = len(part) - len(results.rejected) - len(again)
        self._counters.add("acked" if own else "adopted", stored)
        if own and results.duplicates:
            self._counters.add("duplicates", results.duplicates)
        chunk.parts[0:1] = [again] if again else []
        if not again:
            return None
        chunk.retries += 1
        if chunk.retries <= _MOST_RETRIES:
            return Verdict(WAIT, "the server could not store some events just now")
        chunk.parts.pop(0)
        for line in again:
            self._set_aside(line, "the server kept failing on this event", own)
        return None

    def _split(self, chunk: Chunk, reason: str, own: bool) -> None:
        """The part was refused as a whole: try it uncompressed, then smaller, then set the one at fault aside."""
        part = chunk.parts[0]
        if self._transport.gzip and not self._gzip_known_good:
            self._transport.gzip = False
        elif len(part) == 1:
            chunk.parts.pop(0)
            self._set_aside(part[0], reason, own)
        else:
            size = (len(part) + 1) // 2
            if len(part) > _SMALL_CHUNK:
                size = self._most_lines = _SMALL_CHUNK
            chunk.parts[0:1] = [part[start : start + size] for start in range(0, len(part), size)]

    def _set_aside(self, line: bytes, reason: str, own: bool) -> None:
        self._rejects.add(line, reason)
        self._counters.add("rejected" if own else "adopted_rejected")

    def _set_unreadable_aside(self, chunk: Chunk) -> None:
        for line in chunk.unreadable:
            self._set_aside(line, "this line of a journal is no event", own=False)
        if chunk.torn:
            self._counters.add("torn", chunk.torn)
            logger().info("a journal ended in a line that a crash had cut; that line is lost")
        chunk.unreadable, chunk.torn = [], 0

    def _wait_out(self, trouble: Verdict) -> bool:
        """Wait before the next try; False when there is no point in one before the process ends."""
        self._failures += 1
        closing = self._deadline is not None
        if trouble.action == HOLD:
            tell_once(
                f"hold:{trouble.reason[:8]}",
                "the server refuses events (%s): check ARGUS_URL and ARGUS_TOKEN; events stay in the journal meanwhile",
                trouble.reason,
            )
            if closing:
                return False
        else:
            tell_once("outage", "the server does not take events now (%s); they wait in the journal", trouble.reason)
        delay = HOLD_S if trouble.action == HOLD else trouble.wait_s or backoff(self._failures)
        until = time.monotonic() + delay
        while (pause := until - time.monotonic()) > 0:
            left = self._time_left()
            if left is not None and not closing:
                return True  # closed while waiting: one more try now
            if left is not None and left <= pause:
                return False
            if closing:
                time.sleep(min(pause, 0.05))
            else:
                self._rest(pause)
        return True

    def _rest(self, seconds: float) -> None:
        self._wake.wait(seconds)
        if self._deadline is None:
            self._wake.clear()

    def _time_left(self) -> float | None:
        return None if self._deadline is None else self._deadline - time.monotonic()
