"""A run's output on the disk: bounded, however much it prints, with its last lines for the report."""

from __future__ import annotations

import os

from argus._secrets import mask_text

# Two files of this size at most: `output.log` and the part before it.
PART_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 65_536
_LINE_LETTERS = 500


class RotatingFile:
    """Bytes appended to `path`; when it is full it becomes `path`.1 and begins anew."""

    def __init__(self, path: str, part_bytes: int = PART_BYTES) -> None:
        self._path = path
        self._part_bytes = part_bytes
        self._descriptor = _open(path)
        self._size = os.fstat(self._descriptor).st_size
        self.lost_bytes = 0

    def write(self, data: bytes) -> None:
        """Append. What a full disk does not take is counted in `lost_bytes`: the run must not stand still for it."""
        try:
            if self._size + len(data) > self._part_bytes and self._size:
                self._rotate()
            written = os.write(self._descriptor, data)
            self._size += written
            self.lost_bytes += len(data) - written
        except OSError:
            self.lost_bytes += len(data)

    def _rotate(self) -> None:
        os.replace(self._path, f"{self._path}.1")
        fresh = _open(self._path)  # where that fails, it goes on in the old one
        os.close(self._descriptor)
        self._descriptor, self._size = fresh, 0


def last_lines(path: str, count: int = 50) -> list[str]:
    """The last lines, without secrets of known shapes; of a bar that rewrites itself the last state."""
    data = _tail(path)
    if len(data) < _TAIL_BYTES:
        data = _tail(f"{path}.1") + data
    lines = data[-_TAIL_BYTES:].decode("utf-8", "replace").split("\n")
    shown = (line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return [mask_text(line[:_LINE_LETTERS]) for line in shown if line.strip()][-count:]


def _tail(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - _TAIL_BYTES))
            return file.read()
    except OSError:
        return b""


def _open(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
