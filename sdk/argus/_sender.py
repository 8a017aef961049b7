"""The thread that brings journals to the server: our own first, then those that dead processes left.

It reads what it sends from the journal, so that an outage of any length costs no memory. Nothing leaves a journal
before the server acknowledged it or it was set aside with the server's reason.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from argus._courier import Courier
from argus._delivery import HOLD, HOLD_S, Verdict, backoff
from argus._guard import absorb, logger, tell_once
from argus._settings import REQUEST_TIMEOUT_S, SEGMENT_BYTES, SEND_INTERVAL_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from argus._adoption import Orphan
    from argus._counters import Counters
    from argus._journal import Source
    from argus._rejects import RejectedFile
    from argus._segment import Chunk
    from argus._transport import HttpTransport

# From here on the next chunk follows at once instead of after the send interval.
_BACKLOG = 500
_ADOPT_EVERY_S = 60.0


class _Ledger:
    """Counts our own events, or those of dead processes, into the reporter's counters."""

    def __init__(self, counters: Counters, *, own: bool) -> None:
        self._counters = counters
        self._own = own

    def sent(self, lines: list[bytes]) -> None:
        if self._own:
            self._counters.add("sent", len(lines))

    def stored(self, lines: list[bytes], duplicates: list[bytes]) -> None:
        self._counters.add("acked" if self._own else "adopted", len(lines))
        if self._own and duplicates:
            self._counters.add("duplicates", len(duplicates))

    def set_aside(self, _line: bytes) -> None:
        self._counters.add("rejected" if self._own else "adopted_rejected")

    def torn(self, lines: int) -> None:
        self._counters.add("torn", lines)
        logger().info("a journal ended in a line that a crash had cut; that line is lost")


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
        self._own_ledger = _Ledger(counters, own=True)
        self._adopted_ledger = _Ledger(counters, own=False)
        self._on_end = on_end
        self._wake = threading.Event()
        self._deadline: float | None = None
        self._failures = 0
        self._adopted_at: float | None = None
        self.orphans: deque[Orphan] = deque()
        self.unfinished = 0

    def run(self) -> None:
        """The thread's body."""
        try:
            transport = self._make_transport()
            try:
                self._deliver_until_closed(Courier(transport, self._rejects))
            finally:
                transport.close()
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

    def _deliver_until_closed(self, courier: Courier) -> None:
        while True:
            left = self._time_left()
            if left is not None and left <= 0:
                return
            source, chunk = self._next(courier.most_lines)
            if source is None or chunk is None:
                if left is not None:
                    return
                self._rest(SEND_INTERVAL_S)
                continue
            courier.transport.timeout_s = REQUEST_TIMEOUT_S if left is None else min(REQUEST_TIMEOUT_S, left + 0.1)
            trouble = courier.deliver(chunk, self._own_ledger if source in self._own else self._adopted_ledger)
            if trouble is None:
                source.acknowledge(chunk)
                self._failures = 0
                if source in self._own and source.waiting < _BACKLOG:
                    self._rest(SEND_INTERVAL_S)
            elif not self._wait_out(trouble):
                return

    def _next(self, most_lines: int) -> tuple[Source | None, Chunk | None]:
        """The next chunk: ours, else an orphan's, looking for orphans at the start and then once a minute."""
        for source in self._own:
            chunk = source.next_chunk(most_lines, SEGMENT_BYTES)
            if chunk is not None:
                return source, chunk
        now = time.monotonic()
        if not self.orphans and (self._adopted_at is None or now - self._adopted_at > _ADOPT_EVERY_S):
            self._adopted_at = now
            self.orphans.extend(self._adopt())
        while self.orphans:
            chunk = self.orphans[0].next_chunk(most_lines, SEGMENT_BYTES)
            if chunk is not None:
                return self.orphans[0], chunk
            self.orphans.popleft()
        return None, None

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
