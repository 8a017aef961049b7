"""A copy of a SQLite database while others write to it: one view, a few pages at a time, and nobody waits.

A read transaction is held from the first page to the last. Without it SQLite would begin anew after every commit of
somebody else; with it the copy is what the database was at the beginning, and only the write-ahead log grows meanwhile.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from argus_standalone.backups.archive import sync
from argus_standalone.backups.errors import BackupError

# 1 MiB of SQLite's usual pages; then a rest as long as the step took, which leaves half of the disk to ingest.
_PAGES: Final = 256
_LONGEST_REST_S: Final = 0.25


class Stopped(BackupError):
    """The process ends, and the backup with it."""


def online_copy(source: Path, target: Path, stop: threading.Event | None = None) -> None:
    """Copy a database, from any thread, beside whoever uses it.

    Raises:
        Stopped: `stop` was set meanwhile.
        BackupError: the copy is damaged, and so the database probably is.
    """
    with opened(source) as live, contextlib.closing(sqlite3.connect(target)) as copy:
        live.execute("BEGIN")
        live.execute("select count(*) from sqlite_master").fetchone()
        copy.execute("PRAGMA synchronous=OFF")
        live.backup(copy, pages=_PAGES, progress=_Pace(target, stop or threading.Event()))
    with contextlib.closing(sqlite3.connect(target)) as copy:
        # A backup is one file: without a write-ahead log.
        copy.execute("PRAGMA journal_mode=DELETE")
        check(copy, "quick_check")
    sync(target)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that exists.

    Raises:
        BackupError: it does not, or is none.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=15)
        with contextlib.closing(connection):
            yield connection
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database {path} cannot be read ({error}).") from error


def check(connection: sqlite3.Connection, how: str) -> None:
    """Let SQLite look whether a database is sound: `quick_check`, or `integrity_check` with every index.

    Raises:
        BackupError: it is not.
    """
    found = connection.execute(f"PRAGMA {how}").fetchone()[0]
    if found != "ok":
        raise BackupError(f"The database is damaged: {found}")


class _Pace:
    """Called between two steps: rests, brings the copy onto the disk bit by bit, and gives up where it must."""

    _SYNC_EVERY: Final = 16

    def __init__(self, target: Path, stop: threading.Event) -> None:
        self._target = target
        self._stop = stop
        self._begun = time.monotonic()
        self._steps = 0

    def __call__(self, status: int, remaining: int, total: int) -> None:
        self._steps += 1
        if self._steps % self._SYNC_EVERY == 0:
            sync(self._target)
        took = time.monotonic() - self._begun
        if self._stop.wait(min(took, _LONGEST_REST_S) if remaining else 0):
            raise Stopped("Argus ends, and so this backup was given up.")
        self._begun = time.monotonic()
