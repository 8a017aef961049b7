"""The way of an event inside the process: buffer, worker, journal, sender, as one thing that starts and closes."""

from __future__ import annotations

import os
import threading
import time

from argus._batcher import Buffer
from argus._counters import Counters
from argus._guard import absorb, tell_once
from argus._settings import BUFFER_EVENTS, REQUEST_TIMEOUT_S, exit_flush_s, journal_bytes, journal_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from argus._adoption import Orphan
    from argus._batcher import RawEvent
    from argus._counters import Stats
    from argus._encoder import Encoder
    from argus._journal import DiskJournal, Source
    from argus._rejects import RejectedFile
    from argus._sender import Sender
    from argus._transport import HttpTransport
    from argus._worker import Worker


# Imports take about 0.2 s; a fork that waited longer would do more harm than the half-imported module.
FORK_WAIT_S = 2.0


class Identity:
    """Where events come from: the `source` of their envelopes. `commit` is read from git when it is not given."""

    def __init__(
        self,
        project: str,
        host: str | None = None,
        user: str | None = None,
        commit: str | None = None,
        command: str | None = None,
    ) -> None:
        self.project = project or "default"
        self.host = host
        self.user = user or os.environ.get("USER") or os.environ.get("USERNAME")
        self.commit = commit
        self.command = command
        self.folder = os.getcwd()

    def complete(self) -> dict[str, str | None]:
        """All fields; asks the system and git for what is missing, so not for the training thread."""
        from argus._git import short_commit

        if self.host is None:
            self.host = host_name()
        if self.commit is None:
            self.commit = short_commit(self.folder) or ""
        return {
            "project": self.project,
            "host": self.host,
            "user": self.user,
            "commit": self.commit or None,
            "command": self.command,
        }


def host_name() -> str:
    """This machine's name, as `socket.gethostname` gives it, without that import."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "unknown")


class Pipeline:
    """Takes events from any thread and brings them to one server.

    Starts with the first `start()`. In a forked child it forgets everything of the parent's and starts anew with the
    child's first event.
    """

    def __init__(
        self,
        url: str,
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
        with self._state_lock:
            if not self._dormant:
                return
            self._dormant = False
            self.buffer.open(BUFFER_EVENTS)
            self._starter = threading.Thread(
                target=self._start_threads, args=(on_ready,), name="argus-starter", daemon=True
            )
            self._starter.start()
        self._close_with_multiprocessing()

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
        """Wait until everything reported so far is acknowledged or set aside; False after `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
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
        if sender is not None:
            sender.close(max(deadline - time.monotonic(), 0.0))
            sender.join(max(deadline - time.monotonic(), 0.0) + 0.2)

    def after_fork(self) -> None:
        """In the child: whatever the parent's threads hold is theirs; be as one that never started."""
        sender, disk = self._sender, self._disk
        was_open = self.buffer.is_open
        self.buffer.close()
        self.buffer.clear()
        self._counters = Counters()
        self._state_lock = threading.Lock()
        self._starter = self._worker = self._sender = self._disk = None
        self._dormant = self._dormant or was_open
        if disk is not None:
            disk.forget()
        if sender is not None:
            for orphan in sender.orphans:
                orphan.forget()

    def _refuse(self, event: RawEvent) -> None:
        """The buffer's other way out: revive a forked child, or count a loss."""
        if self._dormant:
            self.start()
            self.buffer.put(event)
            return
        reason = "buffer_full" if self.buffer.is_open else "closed"
        self._counters.drop(reason)
        tell_once(f"drop:{reason}", "an event was dropped: the reporter is %s", reason.replace("_", " "))

    def _start_threads(self, on_ready: Callable[[], None] | None) -> None:
        """In a thread of its own, because what the others need (HTTP, JSON, TLS) takes long to import."""
        try:
            rejects, sources = self._start_worker()
            self._start_sender(rejects, sources)
            if on_ready is not None:
                on_ready()
        except Exception as error:  # noqa: BLE001 - the guard of this thread: training is sacred
            absorb("starting", error)
            self.buffer.close()

    def _start_worker(self) -> tuple[RejectedFile, list[Source]]:
        """First the way to the disk, which needs little: from then on a kill -9 loses at most a tick."""
        from argus import _encoder, _git  # noqa: F401 - the worker needs them, and threads import nothing
        from argus._journal import DiskJournal, MemoryJournal
        from argus._rejects import RejectedFile
        from argus._worker import Worker

        memory = MemoryJournal()
        disk: DiskJournal | None = None
        try:
            disk = DiskJournal(self._folder, self.url, journal_bytes())
        except OSError as error:
            tell_once("folder", "no journal can be kept in %s (%s); events wait in memory", self._folder, error)
        rejects = RejectedFile(self._folder)
        self._disk = disk
        self._worker = Worker(self.buffer, self._encoder, disk, memory, rejects, self._counters)
        self._worker.start()
        return rejects, [memory] if disk is None else [disk, memory]

    def _start_sender(self, rejects: RejectedFile, sources: list[Source]) -> None:
        """Then the way to the server, with HTTP and TLS, and whatever else threads will import."""
        from argus import _preload  # noqa: F401
        from argus._sender import Sender

        on_end = self._disk.close if self._disk is not None else _nothing
        self._sender = Sender(self._transport, sources, self._adopt, rejects, self._counters, on_end)
        self._sender.start()

    def _close_with_multiprocessing(self) -> None:
        from argus._lifecycle import close_with_multiprocessing

        close_with_multiprocessing(lambda: self.close(exit_flush_s()))

    def _encoder(self) -> Encoder:
        from argus._encoder import Encoder

        return Encoder(self.identity.complete(), self._batch_id)

    def _transport(self) -> HttpTransport:
        from argus._transport import HttpTransport

        return HttpTransport(self.url, self._token, self._timeout_s)

    def _adopt(self) -> Iterator[Orphan]:
        from argus._adoption import adopt

        return adopt(self._folder, self.url)


def _nothing() -> None:
    """There is no journal on disk to close."""


def end_quietly(close: Callable[[], None]) -> None:
    """Run a closing step at the end of the process, where nobody could handle its error."""
    try:
        close()
    except Exception as error:  # noqa: BLE001 - the guard of interpreter exit
        absorb("closing", error)
