"""Delivers journals from outside the process that wrote them: later, or while they grow, with proof if wanted.

`sync()` is the engine of `argus sync`. It runs in the caller's thread, loses and repeats nothing whenever it is
interrupted, and may be called again on the same path.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from argus._adoption import Orphan, groups_at, take
from argus._courier import Courier
from argus._delivery import HOLD, Verdict, backoff
from argus._following import Follower, is_followable
from argus._ledger import BatchLedger, BatchReport
from argus._locks import read_owner
from argus._owner import BEAT_S
from argus._rejects import RejectedFile
from argus._segment import Chunk
from argus._settings import SEGMENT_BYTES
from argus._transport import HttpTransport

_REQUEST_TIMEOUT_S = 30.0
# How soon a living journal's new lines are looked for.
_LIVE_POLL_S = 0.5
# How often events that the server had lost are asked for once more.
_MOST_PROOFS = 3


@dataclass(slots=True)
class Left:
    """A journal that stays on the disk: its path (without `-000001.jsonl`) and why, as a sentence."""

    path: str
    reason: str


@dataclass(slots=True)
class SyncReport:
    """What a sync did. Grows while it runs; all numbers count events except where they say otherwise.

    Attributes:
        batches: what became of each batch's events, by batch id.
        journals: how many journals were delivered to their end and removed.
        unreadable: lines that are no events; they lie in `rejected_path` now.
        rejected_path: the file that holds what was set aside; None where nothing was.
        left: journals that stay, each with the reason.
        error: what ended the sync early (server, token, time), as a sentence; None where nothing did.
        proof: whether every delivered event was proven to be on the server; None where that was not asked for.
        seconds: how long it took.
    """

    batches: dict[str, BatchReport] = field(default_factory=dict)
    journals: int = 0
    unreadable: int = 0
    rejected_path: str | None = None
    left: list[Left] = field(default_factory=list)
    error: str | None = None
    proof: bool | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all arrived: nothing stays, and no proof failed. Rejected and torn lines are for the reader."""
        return self.error is None and not self.left and self.proof is not False

    def total(self, name: str) -> int:
        """A number of all batches together: `sent`, `stored`, `duplicates`, `rejected`, `verified`, `torn`."""
        return sum(int(getattr(batch, name)) for batch in self.batches.values())


def sync(
    path: str,
    url: str,
    token: str | Callable[[], str | None] | None,
    *,
    live: bool = False,
    verify: bool = False,
    timeout_s: float | None = 600.0,
    on_progress: Callable[[SyncReport], None] | None = None,
    stop: threading.Event | None = None,
) -> SyncReport:
    """Deliver the journals at `path`, oldest first, whatever server they were meant for.

    Parameters:
        path: a folder of journals, or one journal, spill or rejected file.
        url, token: the server; the token, or what gives the current one (`token_source`).
        live: follow offline journals that living processes still write, until these have ended. Several processes
            may follow the same folder; each journal has one follower.
        verify: post each delivered event once more and keep its journal until the server has answered that it has
            that event, with the id of its row. No other endpoint is needed.
        timeout_s: give up after so many seconds; None never does (a live sync of a long run).
        on_progress: called with the growing report after every request's worth of events.
        stop: ends the sync in order when it is set, as the timeout does, but without an error.

    Raises:
        OSError: the path cannot be read.
        ValueError: `url` is no http:// or https:// address.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(path)
    get_token = token if callable(token) else lambda: token
    transport = HttpTransport(url, get_token, _REQUEST_TIMEOUT_S)
    run = _Run(path, transport, live=live, verify=verify, timeout_s=timeout_s, on_progress=on_progress, stop=stop)
    try:
        return run.to_its_end()
    finally:
        transport.close()


class _Ended(Exception):
    """The sync ends before all is delivered; the text says why, empty where the caller asked for it."""


class _Run:
    """One sync."""

    def __init__(
        self,
        path: str,
        transport: HttpTransport,
        *,
        live: bool,
        verify: bool,
        timeout_s: float | None,
        on_progress: Callable[[SyncReport], None] | None,
        stop: threading.Event | None,
    ) -> None:
        self.report = SyncReport(proof=True if verify else None)
        self._path = path
        self._live = live
        self._verify = verify
        self._started = time.monotonic()
        self._deadline = None if timeout_s is None else self._started + timeout_s
        self._on_progress = on_progress
        self._stop = stop or threading.Event()
        self._rejects = RejectedFile(path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path)))
        self._courier = Courier(transport, self._rejects)
        self._beaten_at = self._started

    def to_its_end(self) -> SyncReport:
        """Deliver, then say what stays."""
        try:
            while self._round() and self._live:
                self._pause(_LIVE_POLL_S)
        except _Ended as end:
            self.report.error = str(end) or None
        self.report.left = self._what_stays()
        if self.report.total("rejected") or self.report.unreadable:
            self.report.rejected_path = self._rejects.path
        self._tell()
        return self.report

    def _round(self) -> bool:
        """Deliver what lies there now; whether there are journals that may still grow."""
        growing = False
        for group in groups_at(self._path):
            orphan = take(group, None)
            if orphan is not None:
                self._deliver_orphan(orphan)
            elif self._live and is_followable(group):
                growing = self._follow(group) or growing
        return growing

    def _deliver_orphan(self, orphan: Orphan) -> None:
        ledger = BatchLedger(self.report.batches, orphan.group)
        try:
            while (chunk := orphan.next_chunk(self._courier.most_lines, SEGMENT_BYTES)) is not None:
                self._deliver(chunk, ledger, orphan)
            ledger.died_having_dropped(orphan.dropped)
            self.report.journals += 1
        finally:
            self.report.unreadable += ledger.unreadable
            orphan.close()

    def _follow(self, group: str) -> bool:
        """Deliver the complete lines of a living journal; False where another sync follows it."""
        follower = Follower.of(group)
        if follower is None:
            return False
        ledger = BatchLedger(self.report.batches, group)
        try:
            while (chunk := follower.next_chunk(self._courier.most_lines, SEGMENT_BYTES)) is not None:
                self._deliver(chunk, ledger, follower)
        finally:
            self.report.unreadable += ledger.unreadable
            follower.close()
        return True

    def _deliver(self, chunk: Chunk, ledger: BatchLedger, source: Orphan | Follower) -> None:
        """Bring one chunk home, through outages; raises `_Ended`."""
        lines = [line for part in chunk.parts for line in part]
        ledger.begin()
        failures = 0
        while (trouble := self._courier.deliver(chunk, ledger)) is not None:
            failures += 1
            self._wait_out(trouble, failures, source)
        if self._verify:
            self._prove([line for line in lines if line not in ledger.aside], ledger, source)
        source.acknowledge(chunk)
        self._tell()
        self._keep(source)

    def _prove(self, lines: list[bytes], ledger: BatchLedger, source: Orphan | Follower) -> None:
        """Ask for every line by sending it again; raises `_Ended` where the server keeps losing some."""
        failures, proofs = 0, 0
        while lines and proofs < _MOST_PROOFS:
            missing = self._courier.prove(lines)
            if isinstance(missing, Verdict):
                failures += 1
                self._wait_out(missing, failures, source)
                continue
            proofs += 1
            unproven = set(missing)
            ledger.verified([line for line in lines if line not in unproven])
            lines = missing
        if lines:
            self.report.proof = False
            raise _Ended(f"the server acknowledged {len(lines)} events and does not have them")

    def _wait_out(self, trouble: Verdict, failures: int, source: Orphan | Follower) -> None:
        if trouble.action == HOLD:
            raise _Ended(f"the server refuses events ({trouble.reason})")
        delay = trouble.wait_s or backoff(failures)
        if self._deadline is not None and time.monotonic() + delay >= self._deadline:
            raise _Ended(f"not all was delivered in time: {trouble.reason}")
        self._pause(delay)
        self._keep(source)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise _Ended
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise _Ended("the journals were still growing when the time was over" if self._live else "out of time")

    def _keep(self, source: Orphan | Follower) -> None:
        """Stop where the caller says so, and hold the journal's lock against others."""
        if self._stop.is_set():
            raise _Ended
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline:
            raise _Ended("not all was delivered in time")
        if now - self._beaten_at > BEAT_S:
            self._beaten_at = now
            source.beat()

    def _what_stays(self) -> list[Left]:
        if not os.path.exists(self._path):
            return []
        return [Left(group, _why(group)) for group in groups_at(self._path) if os.path.basename(group)]

    def _tell(self) -> None:
        self.report.seconds = time.monotonic() - self._started
        if self._on_progress is not None:
            self._on_progress(self.report)


def _why(group: str) -> str:
    owner = read_owner(f"{group}.lock")
    if "pid" not in owner:
        return "it is not delivered yet"
    who = f"process {owner['pid']} on {owner.get('host', 'this host')}"
    if is_followable(group):
        return f"{who} is still writing it; --live follows it"
    return f"{who} is running, or was a moment ago, and delivers it itself"
