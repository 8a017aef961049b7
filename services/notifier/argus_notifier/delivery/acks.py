"""A line on disk for each delivery that its receiver has just taken, until the database knows.

Between a receiver's yes and our commit lie milliseconds, or minutes while the database is away. A process that dies
there would send again what was taken. The line is one write to a file, which outlives the process (not the machine),
and the next process tells the database before it sends anything.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import structlog

log = structlog.get_logger(__name__)

_ENDING: Final = ".acks"


class Acks:
    """The file of this process. Where the folder cannot be written, there is none, and the log says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._file: int | None = None
        self._open: set[str] = set()

    def begin(self) -> None:
        """Make the file; its lock says that this process lives."""
        path = self._folder / f"{uuid.uuid4().hex}{_ENDING}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            log.warning("delivery.no_acks", folder=str(self._folder), error=str(error))
        self._path = path

    def note(self, dedupe_key: str) -> None:
        """The receiver has this one."""
        self._open.add(dedupe_key)
        if self._file is not None:
            os.write(self._file, msgspec.json.encode(dedupe_key) + b"\n")

    def settled(self, dedupe_key: str) -> None:
        """The database knows of it."""
        self._open.discard(dedupe_key)
        if self._file is not None and not self._open:
            os.ftruncate(self._file, 0)

    def end(self) -> None:
        """Put the file away; one with something in it stays for the next process."""
        if self._file is None or self._path is None:
            return
        if not self._open:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None

    @contextlib.contextmanager
    def left_behind(self) -> Iterator[list[str]]:
        """Keys of what processes that are dead had delivered. Their files go when the block ends without an error."""
        with contextlib.ExitStack() as held:
            read = {path: _read_if_free(path, held) for path in self._others()}
            free = {path: keys for path, keys in read.items() if keys is not None}
            yield [key for keys in free.values() for key in keys]
            for path in free:
                path.unlink(missing_ok=True)

    def _others(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.glob(f"*{_ENDING}") if path != self._path)
        except OSError:
            return []


def _read_if_free(path: Path, held: contextlib.ExitStack) -> list[str] | None:
    """The keys in a file whose process is dead; None: it lives."""
    try:
        file = held.enter_context(path.open("rb"))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    # A line without an end was being written when the machine went down.
    lines = file.read().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=str) for line in lines]
