"""A journal's file of lines, and the chunks of lines that travel from it to the server."""

from __future__ import annotations

import os

_READ_BYTES = 256 * 1024


class Chunk:
    """Lines that are sent, and acknowledged, together.

    `parts` is what is still to be delivered of it: it shrinks as parts are acknowledged, so that an outage in the
    middle repeats only the rest. `end` is the place in the segment up to which the chunk reaches, `retries` how often
    the server answered that it could not store some of them just now.
    """

    __slots__ = ("count", "end", "parts", "retries", "torn", "unreadable")

    def __init__(self, lines: list[bytes], end: int, torn: int = 0, unreadable: list[bytes] | None = None) -> None:
        self.parts: list[list[bytes]] = [lines] if lines else []
        self.count = len(lines)
        self.end = end
        self.retries = 0
        self.torn = torn
        self.unreadable = unreadable or []


class Segment:
    """One file of lines, appended to and read from the front. `lines` counts those that are not acknowledged."""

    def __init__(self, path: str, *, create: bool = True) -> None:
        """Open the file, or create it. Raises OSError."""
        self.path = path
        self._descriptor = _open(path, os.O_CREAT if create else 0)
        self.size = os.fstat(self._descriptor).st_size
        self.acknowledged = 0
        self.lines = 0

    @property
    def is_gone(self) -> bool:
        """Whether somebody removed the file while it is open: what is appended would die with the process."""
        return self._descriptor < 0 or os.fstat(self._descriptor).st_nlink == 0

    def append(self, data: bytes, lines: int) -> None:
        """Write whole lines. Where the disk takes only a part, what was written is taken back and OSError raised."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:] if written else data)
        except OSError:
            if written:
                os.ftruncate(self._descriptor, self.size)
            raise
        self.size += written
        self.lines += lines

    def read_lines(self, most_lines: int, most_bytes: int) -> tuple[list[bytes], int]:
        """Complete lines after the acknowledged part, without newlines, and where the last of them ends.

        At least one line is returned where there is a complete one, however long it is.
        """
        start = self.acknowledged
        data = b""
        while True:
            block = self._read(start + len(data), max(_READ_BYTES, most_bytes - len(data)))
            data += block
            if not block or (b"\n" in data and len(data) >= most_bytes):
                break
        kept: list[bytes] = []
        end = start
        for line in data.split(b"\n", most_lines)[:-1]:
            if kept and end - start + len(line) >= most_bytes:
                break
            kept.append(line)
            end += len(line) + 1
        return kept, end

    def rest(self) -> bytes:
        """What lies after the acknowledged part: a torn line, when no complete line is left."""
        return self._read(self.acknowledged, os.fstat(self._opened()).st_size - self.acknowledged)

    def grew(self) -> bool:
        """Whether somebody else appended since it was opened; then the new size is taken over."""
        size = os.fstat(self._opened()).st_size
        if size <= self.size:
            return False
        self.size = size
        return True

    def sync(self) -> None:
        """Bring what was appended from the system's memory to the disk. Raises OSError."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def empty(self) -> None:
        """Give the room of acknowledged lines back to the disk."""
        os.ftruncate(self._opened(), 0)
        self.size = self.acknowledged = self.lines = 0

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass  # somebody tidied the folder

    def close(self) -> None:
        """Close the file and leave it where it is; reading opens it again."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            try:
                os.close(descriptor)
            except OSError:
                pass  # a late error of an earlier write; what can be read is read when it is sent

    def _read(self, offset: int, most: int) -> bytes:
        descriptor = self._opened()
        os.lseek(descriptor, offset, os.SEEK_SET)  # no pread on Windows; appends go to the end all the same
        return os.read(descriptor, most) if most > 0 else b""

    def _opened(self) -> int:
        if self._descriptor < 0:
            self._descriptor = _open(self.path, 0)
        return self._descriptor


def _open(path: str, flags: int) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | flags | getattr(os, "O_BINARY", 0), 0o600)
