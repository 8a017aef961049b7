"""The thread that brings journals to the server: our own first, then those that dead processes left.

It reads what it sends from the journal, so that an outage of any length costs no memory. Nothing leaves a journal
before the server acknowledged it or it was set aside with the server's reason.
"""

from __future__ import annotations

import threading
import time

from argus._courier import Courier
from argus._delivery import HOLD, HOLD_S, Verdict, backoff
from argus._guard import absorb, logger, tell_once
from argus._owner import BEAT_S
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
# How soon a token is noticed that replaces one that the server refused.
_TOKEN_LOOK_S = 1.0


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
        self._own_due_at = 0.0
        self._adopted_at: float | None = None
        self._beaten_at = 0.0
        # One at a time: each holds two open files, and the dead may be thousands.
        self._heritage: Iterator[Orphan] = iter(())
        self.orphan: Orphan | None = None

    def run(self) -> None:
        """The thread's body."""
        try:
            transport = self._make_transport()
            try:
                while not self._deliver_guarded(Courier(transport, self._rejects)):
                    pass
            finally:
                transport.close()
        except ValueError as error:  # an address that is none
            tell_once("address", "%s; events stay in the journal", error)
        finally:
            if self.orphan is not None:
                self.orphan.close()
            self._on_end()

    def wake(self) -> None:
        """Send what waits now instead of after the send interval."""
        self._own_due_at = 0.0
        self._wake.set()

    def close(self, timeout_s: float) -> None:
        """Send until nothing waits or `timeout_s` is over, then end."""
        self._deadline = time.monotonic() + timeout_s
        self.wake()

    def _deliver_guarded(self, courier: Courier) -> bool:
        """Deliver until closed; False where something unforeseen came between, and it is worth another try."""
        try:
            self._deliver_until_closed(courier)
        except Exception as error:  # noqa: BLE001 - the guard of this thread: training is sacred
            absorb("the sender", error)
            self._failures += 1
            self._rest(backoff(self._failures))
            return self._deadline is not None
        return True

    def _deliver_until_closed(self, courier: Courier) -> None:
        while True:
            left = self._time_left()
            if left is not None and left <= 0:
                return
            self._beat()
            source, chunk = self._next(courier.most_lines)
            if source is None or chunk is None:
                if left is not None:
                    return
                self._rest(max(self._own_due_at - time.monotonic(), SEND_INTERVAL_S / 10))
                continue
            courier.transport.timeout_s = REQUEST_TIMEOUT_S if left is None else min(REQUEST_TIMEOUT_S, left + 0.1)
            own = source in self._own
            trouble = courier.deliver(chunk, self._own_ledger if own else self._adopted_ledger)
            if trouble is None:
                source.acknowledge(chunk)
                self._failures = 0
                if own and source.waiting < _BACKLOG and left is None:
                    self._own_due_at = time.monotonic() + SEND_INTERVAL_S
            elif not self._wait_out(trouble, courier.transport):
                return

    def _next(self, most_lines: int) -> tuple[Source | None, Chunk | None]:
        """The next chunk: ours when it is due, else an orphan's, so that neither waits for the other to be empty.

        Orphans are looked for at the start and then once a minute.
        """
        now = time.monotonic()
        if now >= self._own_due_at or self._deadline is not None:
            for source in self._own:
                chunk = source.next_chunk(most_lines, SEGMENT_BYTES)
                if chunk is not None:
                    return source, chunk
            self._own_due_at = now + SEND_INTERVAL_S
        chunk = self._next_of_the_dead(now, most_lines)
        return (self.orphan, chunk) if chunk is not None else (None, None)

    def _next_of_the_dead(self, now: float, most_lines: int) -> Chunk | None:
        if self.orphan is None and (self._adopted_at is None or now - self._adopted_at > _ADOPT_EVERY_S):
            self._adopted_at = now
            self._heritage = self._adopt()
            self.orphan = next(self._heritage, None)
        while self.orphan is not None:
            try:
                chunk = self.orphan.next_chunk(most_lines, SEGMENT_BYTES)
            except OSError as error:
                tell_once("orphan", "a journal of an earlier process cannot be read: %s", error)
                self.orphan.close()
                chunk = None
            if chunk is not None:
                return chunk
            self.orphan = next(self._heritage, None)
        return None

    def _beat(self) -> None:
        """Hold on to the journals of the dead while they are delivered."""
        now = time.monotonic()
        if now - self._beaten_at > BEAT_S:
            self._beaten_at = now
            if self.orphan is not None:
                self.orphan.beat()

    def _wait_out(self, trouble: Verdict, transport: HttpTransport) -> bool:
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
        refused = transport.token
        until = time.monotonic() + (HOLD_S if trouble.action == HOLD else trouble.wait_s or backoff(self._failures))
        while (pause := until - time.monotonic()) > 0:
            left = self._time_left()
            if left is not None and not closing:
                return True  # closed while waiting: one more try now
            if left is not None and left <= pause:
                return False
            if closing:
                time.sleep(min(pause, 0.05))
            else:
                self._rest(min(pause, _TOKEN_LOOK_S))
            self._beat()
            if trouble.action == HOLD and transport.token != refused:
                return True  # somebody replaced it
        return True

    def _rest(self, seconds: float) -> None:
        self._wake.wait(seconds)
        if self._deadline is None:
            self._wake.clear()

    def _time_left(self) -> float | None:
        return None if self._deadline is None else self._deadline - time.monotonic()
