"""The journal of a living reporter: every event is in a file before it is on the wire.

Files of one reporter share a name, `journal-<host>-<pid>-<random>`: segments `...-000001.jsonl` and a `.lock` file
that is held while the process lives. Lines are appended, and acknowledged lines leave the disk at once. What is left
when the process ends is adopted by the next reporter (see `_adoption`). A journal that is kept offline is called
`offline-...` instead and is left to `argus sync`.
"""

from __future__ import annotations

import os
import threading
from collections import deque

from argus._guard import tell_once
from argus._locks import FileLock
from argus._rejects import folder_bytes
from argus._segment import Chunk, Segment
from argus._settings import MEMORY_BYTES, SEGMENT_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Source(Protocol):
        """Lines that wait for the server."""

        @property
        def waiting(self) -> int:
            """How many lines are not acknowledged; at least 1 where it is not known."""

        def next_chunk(self, most_lines: int, most_bytes: int) -> Chunk | None:
            """The oldest unacknowledged lines: the same chunk until it is acknowledged."""

        def acknowledge(self, chunk: Chunk) -> None:
            """The chunk is delivered or set aside: forget its lines."""


def new_group(folder: str, kind: str = "journal") -> str:
    """A path that no other journal's files begin with; `kind` is `journal` or `offline`."""
    host = os.uname().nodename if hasattr(os, "uname") else "host"
    safe = "".join(letter if letter.isalnum() else "_" for letter in host)
    return os.path.join(folder, f"{kind}-{safe}-{os.getpid()}-{os.urandom(4).hex()}")


class DiskJournal:
    """Segments in a folder. The worker appends, the sender reads and acknowledges.

    `offline`: nobody sends from here; a live sync may read beside us, and remove segments that it has delivered.
    """

    def __init__(self, folder: str, url: str, most_bytes: int, *, offline: bool = False) -> None:
        """Create the folder where it is missing, and the lock. Raises OSError where the folder cannot be written."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._folder = folder
        self._url = url
        self._offline = offline
        self._most_bytes = most_bytes
        self._others_bytes = folder_bytes(folder)
        self._segments: deque[Segment] = deque()
        self._number = 0
        self._guard = threading.Lock()
        self._chunk: Chunk | None = None
        self._closed = False
        self._unsynced = False
        self._lost = 0
        self._group, self._file_lock = self._lock_new_group()

    @property
    def waiting(self) -> int:
        """How many lines are not acknowledged."""
        return sum(segment.lines for segment in self._segments)

    @property
    def is_full(self) -> bool:
        """Whether the byte cap is reached; what then still comes in is for the caller to choose."""
        with self._guard:
            return self._own_bytes() >= max(self._most_bytes - self._others_bytes, SEGMENT_BYTES * 2)

    def append(self, lines: list[bytes]) -> None:
        """Write lines, in one write. Raises OSError (disk full, folder gone); then none of them was written."""
        with self._guard:
            if self._closed:
                raise OSError("the journal is closed")
            self._writable().append(b"".join(lines), len(lines))
            self._unsynced = True

    def next_chunk(self, most_lines: int, most_bytes: int) -> Chunk | None:
        """The oldest lines that are not acknowledged, the same until they are."""
        with self._guard:
            while self._chunk is None and self._segments:
                segment = self._segments[0]
                try:
                    lines, end = segment.read_lines(most_lines, most_bytes)
                except OSError as error:
                    self._give_up(segment, error)
                    continue
                if lines:
                    self._chunk = Chunk(lines, end)
                elif len(self._segments) > 1:
                    self._segments.popleft().remove()
                else:
                    break
            return self._chunk

    def acknowledge(self, chunk: Chunk) -> None:
        """Forget the chunk's lines, and give their room back when nothing waits behind them."""
        with self._guard:
            self._chunk = None
            segment = self._segments[0]
            segment.acknowledged = chunk.end
            segment.lines -= chunk.count
            if segment.acknowledged < segment.size:
                return
            if len(self._segments) > 1:
                self._segments.popleft().remove()
            else:
                segment.empty()

    def take_lost(self) -> int:
        """How many lines could not be read back since the last call: their file was removed, or the disk is ill."""
        with self._guard:
            lost, self._lost = self._lost, 0
            return lost

    def sync(self) -> None:
        """Bring what was appended to the disk itself. Raises OSError."""
        with self._guard:
            if not self._unsynced or not self._segments:
                return
            self._unsynced = False
            segment = self._segments[-1]
        segment.sync()  # outside the guard: a disk may take seconds, and appending must not

    def note_dropped(self, dropped: dict[str, int]) -> None:
        """Leave word of lost events beside the journal, should the process not live to report them. Raises OSError."""
        with self._guard:
            if not self._closed:
                self._file_lock.note_dropped(dropped)

    def beat(self) -> None:
        """Say that the owner lives. A lock that an heir took meanwhile is his: then go on in files of another name."""
        with self._guard:
            if not self._closed and not self._file_lock.beat():
                self._start_anew()
                if self._segments:
                    self._segments.append(self._new_segment())

    def close(self) -> None:
        """Leave what waits to the next reporter, remove what does not, and give up the lock."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            left = self._offline or self.waiting > 0
            has_files = bool(self._segments)
            while self._segments:
                segment = self._segments.popleft()
                if left:
                    segment.close()
                else:
                    segment.remove()
            self._file_lock.release(remove=not (left and has_files))

    def forget(self) -> None:
        """In a forked child: close the parent's files and touch nothing else. The lock may be held: do not take it."""
        for segment in self._segments:
            segment.close()
        self._file_lock.forget()

    def _lock_new_group(self) -> tuple[str, FileLock]:
        group = new_group(self._folder, "offline" if self._offline else "journal")
        lock = FileLock.acquire(f"{group}.lock", url=self._url)
        if lock is None:
            raise OSError(f"files in {self._folder} cannot be locked")
        return group, lock

    def _writable(self) -> Segment:
        """The segment to append to: a new one when the last is long, or when somebody has removed it."""
        if self._segments and self._segments[-1].size < SEGMENT_BYTES and not self._segments[-1].is_gone:
            return self._segments[-1]
        if not os.path.isdir(self._folder) or not os.path.exists(self._file_lock.path):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._start_anew()
        if len(self._segments) > 1 and not self._segments[-1].is_gone:
            self._segments[-1].close()  # opened again when its turn comes: an outage must not use up all descriptors
        if self._offline:
            self._segments = deque(segment for segment in self._segments if os.path.exists(segment.path))
        self._others_bytes = max(folder_bytes(self._folder) - self._own_bytes(), 0)
        self._segments.append(self._new_segment())
        return self._segments[-1]

    def _own_bytes(self) -> int:
        return sum(segment.size for segment in self._segments)

    def _new_segment(self) -> Segment:
        self._number += 1
        return Segment(f"{self._group}-{self._number:06d}.jsonl")

    def _start_anew(self) -> None:
        """Our lock is gone. What was written stays with whoever has it now, and is read by us too while it is there."""
        self._file_lock.forget()
        self._group, self._file_lock = self._lock_new_group()
        self._number = 0

    def _give_up(self, segment: Segment, error: OSError) -> None:
        tell_once("segment", "events in %s cannot be read back and are lost: %s", segment.path, error)
        self._lost += segment.lines
        self._segments.popleft()
        segment.close()


class MemoryJournal:
    """Where lines wait when the disk does not take them: bounded, and lost with the process."""

    def __init__(self, most_bytes: int = MEMORY_BYTES) -> None:
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._most_bytes = most_bytes
        self._guard = threading.Lock()
        self._chunk: Chunk | None = None

    @property
    def waiting(self) -> int:
        """How many lines are not acknowledged."""
        return len(self._lines)

    def append(self, lines: list[bytes]) -> int:
        """Take lines in while there is room; returns how many were not."""
        with self._guard:
            for taken, line in enumerate(lines):
                if self._bytes + len(line) > self._most_bytes:
                    return len(lines) - taken
                self._lines.append(line)
                self._bytes += len(line)
            return 0

    def next_chunk(self, most_lines: int, most_bytes: int) -> Chunk | None:
        """The oldest lines that are not acknowledged, the same until they are."""
        with self._guard:
            if self._chunk is None and self._lines:
                lines: list[bytes] = []
                size = 0
                for line in self._lines:
                    if lines and (len(lines) >= most_lines or size + len(line) > most_bytes):
                        break
                    lines.append(line)
                    size += len(line)
                self._chunk = Chunk(lines, len(lines))
            return self._chunk

    def acknowledge(self, chunk: Chunk) -> None:
        """Forget the chunk's lines."""
        with self._guard:
            self._chunk = None
            for _ in range(chunk.count):
                self._bytes -= len(self._lines.popleft())
