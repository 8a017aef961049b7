"""Reads a journal beside the process that still writes it, without its lock and without changing its files.

What was delivered is noted beside it (see `_sent`). A segment that the owner has left for the next one, and that is
delivered, is removed: the owner counts its room as free.
"""

from __future__ import annotations

import os

from argus._adoption import segments_of, sort_lines
from argus._locks import FileLock
from argus._segment import Chunk, Segment
from argus._sent import read_sent, write_sent


def is_followable(group: str) -> bool:
    """Whether a journal is one that its owner does not deliver itself."""
    return os.path.basename(group).startswith("offline-")


class Follower:
    """One living journal, of which we are the only follower; a `Source` of the chunks that are complete by now."""

    def __init__(self, group: str, lock: FileLock) -> None:
        self.group = group
        self._lock = lock
        self._sent = read_sent(group)
        self._paths = segments_of(group)
        self._segment: Segment | None = None
        self._chunk: Chunk | None = None

    @classmethod
    def of(cls, group: str) -> Follower | None:
        """Follow a journal; None where another does. Raises OSError."""
        lock = FileLock.acquire(f"{group}.follow")
        return None if lock is None else cls(group, lock)

    def next_chunk(self, most_lines: int, most_bytes: int) -> Chunk | None:
        """The oldest complete lines that are not delivered; None where the writer has to write first."""
        while self._chunk is None and self._paths:
            segment = self._opened()
            lines, end = segment.read_lines(most_lines, most_bytes)
            if lines:
                events, unreadable = sort_lines(lines)
                self._chunk = Chunk(events, end, unreadable=unreadable)
            elif len(self._paths) > 1:
                self._leave(segment)
            else:
                return None
        return self._chunk

    def acknowledge(self, chunk: Chunk) -> None:
        """The chunk is delivered: note that before anything else is read."""
        segment = self._opened()
        segment.acknowledged = chunk.end
        self._chunk = None
        self._sent[os.path.basename(segment.path)] = chunk.end
        write_sent(self.group, self._sent)

    def beat(self) -> None:
        """Say that the follower lives."""
        self._lock.beat()

    def close(self) -> None:
        """Leave the rest for later."""
        if self._segment is not None:
            self._segment.close()
        self._lock.release(remove=True)

    def _opened(self) -> Segment:
        if self._segment is None:
            self._segment = Segment(self._paths[0], create=False)
            self._segment.acknowledged = self._sent.get(os.path.basename(self._paths[0]), 0)
        return self._segment

    def _leave(self, segment: Segment) -> None:
        """The owner writes to a later one by now."""
        self._sent.pop(os.path.basename(segment.path), None)
        segment.remove()
        self._segment = None
        self._paths.pop(0)
