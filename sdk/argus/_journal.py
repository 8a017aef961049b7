"""The journal of a living reporter: every event is in a file before it is on the wire.

Files of one reporter share a name, `journal-<host>-<pid>-<random>`: segments `...-000001.jsonl` and a `.lock` file
that is locked while the process lives. Lines are appended and not synced to the disk: they survive the death of the
process (the kernel has them), not that of the machine. Acknowledged lines leave the disk at once. What is left when
the process ends is adopted by the next reporter (see `_adoption`).
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque

from argus._locks import FileLock
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


def new_group(folder: str) -> str:
    """A path that no other journal's files begin with."""
    host = os.uname().nodename if hasattr(os, "uname") else "host"
    safe = "".join(letter if letter.isalnum() else "_" for letter in host)
    return os.path.join(folder, f"journal-{safe}-{os.getpid()}-{os.urandom(4).hex()}")


def lock_text(url: str) -> str:
    """What a journal's lock file says: its server, so that no other server is ever sent these events."""
    return json.dumps({"url": url, "pid": os.getpid(), "since": int(time.time())})


class DiskJournal:
    """Segments in a folder. The worker appends, the sender reads and acknowledges."""

    def __init__(self, folder: str, url: str, most_bytes: int) -> None:
        """Create the folder where it is missing, and the lock. Raises OSError where the folder cannot be written."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._group = new_group(folder)
        lock = FileLock.acquire(f"{self._group}.lock")
        if lock is None:
            raise OSError(f"files in {folder} cannot be locked")
        try:
            lock.write(lock_text(url))
        except OSError:
            lock.release(remove=True)
            raise
        self._file_lock = lock
        self._most_bytes = max(most_bytes - folder_bytes(folder), SEGMENT_BYTES * 2)
        self._segments: deque[Segment] = deque()
        self._number = 0
        self._guard = threading.Lock()
        self._chunk: Chunk | None = None
        self._closed = False
        self.waiting = 0

    @property
    def is_full(self) -> bool:
        """Whether the byte cap is reached; what then still comes in is for the caller to choose."""
        with self._guard:
            return sum(segment.size for segment in self._segments) >= self._most_bytes

    def append(self, lines: list[bytes]) -> None:
        """Write lines, in one write. Raises OSError (disk full, folder gone); then none of them was written."""
        with self._guard:
            if self._closed:
                raise OSError("the journal is closed")
            self._writable().append(b"".join(lines))
            self.waiting += len(lines)

    def next_chunk(self, most_lines: int, most_bytes: int) -> Chunk | None:
        """The oldest lines that are not acknowledged, the same until they are."""
        with self._guard:
            while self._chunk is None and self._segments:
                lines, end = self._segments[0].read_lines(most_lines, most_bytes)
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
            self.waiting -= chunk.count
            segment = self._segments[0]
            segment.acknowledged = chunk.end
            if segment.acknowledged < segment.size:
                return
            if len(self._segments) > 1:
                self._segments.popleft().remove()
            else:
                segment.empty()

    def close(self) -> None:
        """Leave what waits to the next reporter, remove what does not, and give up the lock."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            left = self.waiting > 0
            while self._segments:
                segment = self._segments.popleft()
                if left:
                    segment.close()
                else:
                    segment.remove()
            self._file_lock.release(remove=not left)

    def forget(self) -> None:
        """In a forked child: close the parent's files and touch nothing else. The lock may be held: do not take it."""
        for segment in self._segments:
            segment.close()
        self._file_lock.forget()

    def _writable(self) -> Segment:
        if not self._segments or self._segments[-1].size >= SEGMENT_BYTES:
            self._number += 1
            self._segments.append(Segment(f"{self._group}-{self._number:06d}.jsonl"))
        return self._segments[-1]


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


def folder_bytes(folder: str) -> int:
    """Bytes that journals and spill files take in the folder now."""
    total = 0
    for entry in os.scandir(folder):
        if entry.name.endswith(".jsonl"):
            try:
                total += entry.stat().st_size
            except FileNotFoundError:
                continue  # its owner just finished
    return total
