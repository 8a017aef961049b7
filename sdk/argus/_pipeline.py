"""The way of an event inside the process: buffer, worker, journal, sender, as one thing that starts and closes."""

from __future__ import annotations

import threading
import time

from argus._batcher import Buffer
from argus._counters import Counters
from argus._guard import absorb, tell_once
from argus._settings import (
    BUFFER_EVENTS,
    REQUEST_TIMEOUT_S,
    journal_bytes,
    journal_folder,
    journal_fsync,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from argus._adoption import Orphan
    from argus._batcher import RawEvent
    from argus._counters import Stats
    from argus._encoder import Encoder
    from argus._identity import Identity
    from argus._journal import DiskJournal, MemoryJournal, Source
    from argus._periodic import Periodic
    from argus._rejects import RejectedFile
    from argus._sender import Sender
    from argus._transport import HttpTransport
    from argus._worker import Worker


# Imports take about 0.2 s; a fork that waited longer would do more harm than the half-imported module.
FORK_WAIT_S = 2.0
# How much a power cut may take of what waits for the server, with the policy `interval`.
_SYNC_EVERY_S = 5.0


class Pipeline:
    """Takes events from any thread and brings them to one server; without one (`url` None), to a journal alone.

    Starts with the first `start()`. In a forked child it forgets everything of the parent's and starts anew with the
    child's first event.
    """

    def __init__(
        self,
        url: str | None,
        token: Callable[[], str | None],
        identity: Identity,
        batch_id: str | None,
        folder: str | None = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        self.url = url
        self.identity = identity
        self._token = token
        self._batch_id = batch_id
        self._folder = folder or journal_folder()
        self._timeout_s = timeout_s
        self._state_lock = threading.Lock()
        self._counters = Counters()
        self._starter: threading.Thread | None = None
        self._worker: Worker | None = None
        self._sender: Sender | None = None
        self._disk: DiskJournal | None = None
        self._memory: MemoryJournal | None = None
        self._syncer: Periodic | None = None
        self._dormant = True
        self.buffer = Buffer(self._refuse)
        self.add = self.buffer.add

    @property
    def stats(self) -> Stats:
        """What became of every event so far."""
        return self._counters.stats(len(self.buffer))

    def start(self, on_ready: Callable[[], None] | None = None) -> None:
        """Start the threads, once; `on_ready` is called in a thread when they run.

        Where the journal's folder cannot be written, events wait in memory instead.
        """
        # Loaded by the caller, in a few milliseconds: a thread that has to share the interpreter may need ten times as
        # long, and until the journal is open a kill -9 loses whatever was reported.
        from argus import _encoder, _identity, _journal, _rejects, _worker  # noqa: F401

        with self._state_lock:
            if not self._dormant:
                return
            self._dormant = False
            self.buffer.open(BUFFER_EVENTS)
            self._starter = threading.Thread(
                target=self._start_threads, args=(on_ready,), name="argus-starter", daemon=True
            )
            self._starter.start()
        from argus._lifecycle import end_with_multiprocessing

        end_with_multiprocessing()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Wait until the threads run. A fork must: see `_preload`."""
        starter = self._starter
        if starter is not None and starter is not threading.current_thread():
            starter.join(timeout_s)

    def settle(self, timeout_s: float) -> Stats:
        """The counts once everything reported so far is in the journal, or after `timeout_s` seconds."""
        self.wait_until_ready(timeout_s)
        if self._worker is not None:
            self._worker.settle(timeout_s)
        return self.stats

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything reported so far is acknowledged or set aside; False after `timeout_s` seconds.

        Without a server, until all of it is in the journal.
        """
        deadline = time.monotonic() + timeout_s
        if self.url is None:
            self.settle(timeout_s)
            return len(self.buffer) == 0
        while self.stats.pending > 0:
            if time.monotonic() >= deadline:
                return False
            if self._worker is not None and self._sender is not None:
                self._worker.wake()
                self._sender.wake()
            time.sleep(0.01)
        return True

    def close(self, timeout_s: float) -> None:
        """Take no more events, send what waits for at most `timeout_s` seconds, and leave the rest in the journal."""
        deadline = time.monotonic() + timeout_s
        with self._state_lock:
            self.buffer.close()
            self._dormant = False
            self.wait_until_ready(max(timeout_s, 0.5))
            worker, sender = self._worker, self._sender
            self._starter = self._worker = self._sender = None
        if worker is not None:
            worker.close()
            worker.join(max(deadline - time.monotonic(), 0.5))
        if self._syncer is not None:
            self._syncer.stop()
        if sender is not None:
            sender.close(max(deadline - time.monotonic(), 0.0))
            sender.join(max(deadline - time.monotonic(), 0.0) + 0.2)
        elif worker is not None and not worker.is_alive():  # one that still lives waits for a disk that hangs
            self._close_journal()
        if self.url is None:
            self._drop_memory()

    def after_fork(self) -> None:
        """In the child: whatever the parent's threads hold is theirs; be as one that never started."""
        sender, disk = self._sender, self._disk
        was_open = self.buffer.is_open
        self.buffer.close()
        self.buffer.clear()
        self._counters = Counters()
        self._state_lock = threading.Lock()
        self._starter = self._worker = self._sender = self._disk = self._memory = self._syncer = None
        self._dormant = self._dormant or was_open
        if disk is not None:
            disk.forget()
        if sender is not None and sender.orphan is not None:
            sender.orphan.forget()

    def _refuse(self, event: RawEvent) -> None:
        """The buffer's other way out: revive a forked child, or count a loss."""
        if self._dormant:
            self.start()
            self.buffer.append(event)
            return
        reason = "buffer_full" if self.buffer.is_open else "closed"
        self._counters.drop(reason)
        tell_once(f"drop:{reason}", "an event was dropped: the reporter is %s", reason.replace("_", " "))

    def _start_threads(self, on_ready: Callable[[], None] | None) -> None:
        """In a thread of its own, because a disk may be slow and what the sender needs takes long to import."""
        try:
            rejects, sources = self._start_worker()
            from argus import _preload  # noqa: F401 - with whatever else threads will import

            if self.url is not None:
                self._start_sender(self.url, rejects, sources)
            if on_ready is not None:
                on_ready()
        except Exception as error:  # noqa: BLE001 - the guard of this thread: training is sacred
            absorb("starting", error)
            self.buffer.close()

    def _start_worker(self) -> tuple[RejectedFile, list[Source]]:
        """First the way to the disk, which needs little: from then on a kill -9 loses at most a tick."""
        from argus._journal import DiskJournal, MemoryJournal
        from argus._rejects import RejectedFile
        from argus._worker import Worker

        memory = self._memory = MemoryJournal()
        disk: DiskJournal | None = None
        try:
            disk = DiskJournal(self._folder, self.url or "", journal_bytes(), offline=self.url is None)
        except OSError as error:
            tell_once("folder", "no journal can be kept in %s (%s); events wait in memory", self._folder, error)
        rejects = RejectedFile(self._folder)
        self._disk = disk
        policy = journal_fsync()
        self._worker = Worker(
            self.buffer, self._encoder, disk, memory, rejects, self._counters, sync_always=policy == "always"
        )
        self._worker.start()
        if disk is not None and policy == "interval":
            self._start_syncer(disk)
        return rejects, [memory] if disk is None else [disk, memory]

    def _start_syncer(self, disk: DiskJournal) -> None:
        """In a thread of its own: a disk may take seconds, in which the worker has to go on appending."""
        from argus._periodic import Periodic
        from argus._worker import sync_quietly

        self._syncer = Periodic("fsync", lambda: sync_quietly(disk), _SYNC_EVERY_S, _SYNC_EVERY_S)
        self._syncer.start()

    def _start_sender(self, url: str, rejects: RejectedFile, sources: list[Source]) -> None:
        """Then the way to the server, with HTTP and TLS."""
        from argus._adoption import adopt
        from argus._sender import Sender
        from argus._transport import HttpTransport

        def transport() -> HttpTransport:
            return HttpTransport(url, self._token, self._timeout_s)

        def orphans() -> Iterator[Orphan]:
            return adopt(self._folder, url)

        self._sender = Sender(transport, sources, orphans, rejects, self._counters, self._close_journal)
        self._sender.start()

    def _drop_memory(self) -> None:
        """Offline, on a disk that cannot be written: what is in memory has nowhere to go."""
        waiting = self._memory.waiting if self._memory is not None else 0
        if waiting:
            self._counters.drop("no_disk", waiting)
            tell_once("no_disk", "%d events are lost: the reporter is offline and no journal can be written", waiting)

    def _close_journal(self) -> None:
        if self._disk is not None:
            self._disk.close()

    def _encoder(self) -> Encoder:
        from argus._encoder import Encoder

        return Encoder(self.identity.complete(), self._batch_id)


def end_quietly(close: Callable[[], None]) -> None:
    """Run a closing step at the end of the process, where nobody could handle its error."""
    try:
        close()
    except Exception as error:  # noqa: BLE001 - the guard of interpreter exit
        absorb("closing", error)
