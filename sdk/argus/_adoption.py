"""Journals that dead processes left, and spill files of the published clients: found, locked, and read as chunks.

A journal is an orphan when nobody holds its lock. It is adopted only by a reporter of the same server, and by a sync.
One that was kept offline (`offline-...`) is for a sync alone. A spill file
(`spill-<pid>-<time>.jsonl`) names no server and no owner; it is renamed into a journal of its own first, which one
process alone can do.
"""

from __future__ import annotations

import json
import os
import re
import time

from argus._guard import logger
from argus._journal import new_group
from argus._locks import FileLock
from argus._segment import Chunk, Segment
from argus._sent import read_sent, remove_sent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SEGMENT_NAME = re.compile(r"((?:journal|offline)-.+)-\d{6}\.jsonl")
_SPILL_NAME = re.compile(r"spill-.+\.jsonl(\.draining)?")
# A published client reads a file that it renamed to `.draining` within seconds, or has died doing so.
_DRAINING_S = 600.0
_YOUNG_LOCK_S = 60.0
# Reading this many lines takes under a millisecond.
_BREATH = 100


class Orphan:
    """One journal without an owner, locked by us; a `Source` of chunks."""

    def __init__(self, lock: FileLock, paths: list[str], group: str) -> None:
        self.group = group
        self._lock = lock
        self._paths = paths
        self._sent = read_sent(group)
        self._segment: Segment | None = None
        self._chunk: Chunk | None = None

    @property
    def dropped(self) -> dict[str, int]:
        """What the journal's owner had dropped, by reason, when it died."""
        noted = self._lock.owner.get("dropped")
        return noted if isinstance(noted, dict) else {}

    @property
    def waiting(self) -> int:
        """1 while anything is left; its lines are not counted before they are read."""
        return 1 if self._segment is not None or self._paths else 0

    def next_chunk(self, most_lines: int, most_bytes: int) -> Chunk | None:
        """The oldest unacknowledged lines. Lines that are no events are in the chunk's `unreadable` and `torn`."""
        while self._chunk is None:
            if self._segment is None:
                if not self._paths:
                    self._end()
                    return None
                self._segment = self._open(self._paths.pop(0))
            self._chunk = self._read(self._segment, most_lines, most_bytes)
            if self._chunk is None and not self._segment.grew():
                self._segment.remove()
                self._segment = None
        return self._chunk

    def acknowledge(self, chunk: Chunk) -> None:
        """Forget the chunk's lines; a file goes when its last line does."""
        self._chunk = None
        if self._segment is not None:
            self._segment.acknowledged = chunk.end

    def beat(self) -> None:
        """Say that the heir lives."""
        self._lock.beat()

    def close(self) -> None:
        """Leave what is left to another."""
        if self._segment is not None:
            self._segment.close()
        if self.waiting:
            self._lock.release(remove=False)
        self._segment, self._paths = None, []

    def forget(self) -> None:
        """In a forked child: the lock is the parent's."""
        if self._segment is not None:
            self._segment.close()
        self._lock.forget()

    def _open(self, path: str) -> Segment:
        segment = Segment(path)
        segment.acknowledged = min(self._sent.get(os.path.basename(path), 0), segment.size)
        return segment

    def _end(self) -> None:
        remove_sent(self.group)
        self._lock.release(remove=True)

    @staticmethod
    def _read(segment: Segment, most_lines: int, most_bytes: int) -> Chunk | None:
        lines, end = segment.read_lines(most_lines, most_bytes)
        if lines:
            events, unreadable = sort_lines(lines)
            return Chunk(events, end, unreadable=unreadable)
        rest = segment.rest()
        if not rest:
            return None
        events, _ = sort_lines([rest])  # complete but for its newline, or torn by a crash in the middle of a write
        return Chunk(events, segment.acknowledged + len(rest), torn=0 if events else 1)


def sort_lines(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Lines that are events, ready for the wire, and lines that are not. Blank lines are neither.

    A line of a `rejected-*.jsonl` file counts as the event inside it. NaN and infinities that an old client wrote as
    bare words become strings.
    """
    events: list[bytes] = []
    unreadable: list[bytes] = []
    for number, line in enumerate(lines):
        if number % _BREATH == _BREATH - 1:
            time.sleep(0.0002)  # the training has the interpreter meanwhile
        if not line.strip(b"\0 \t\r\n"):
            continue
        event = _read_event(line)
        if event is None:
            unreadable.append(line)
        else:
            events.append(event)
    return events, unreadable


def adopt(folder: str, url: str) -> Iterator[Orphan]:
    """Orphans of this server in the folder, oldest first, each locked as it is yielded."""
    try:
        _claim_spills(folder, url)
        _sweep_locks(folder)
        groups = _groups(folder)
    except OSError as error:
        logger().debug("journals in %s cannot be listed: %s", folder, error)
        return
    for group in groups:
        orphan = take(group, url) if os.path.basename(group).startswith("journal-") else None
        if orphan is not None:
            yield orphan


def groups_at(path: str) -> list[str]:
    """Path prefixes of all journals of a folder, oldest first, or the one that a file belongs to.

    A file of another kind (a spill file, rejected events) is a journal by itself. Raises OSError.
    """
    if os.path.isdir(path):
        _claim_spills(path, "")
        return _groups(path)
    match = _SEGMENT_NAME.fullmatch(os.path.basename(path))
    return [os.path.join(os.path.dirname(path), match[1]) if match else path]


def take(group: str, url: str | None) -> Orphan | None:
    """Lock a journal; None where its owner lives, it is empty, or it belongs to another server than `url`."""
    try:
        lock = FileLock.acquire(f"{group}.lock")
    except OSError:
        return None
    if lock is None:
        return None
    paths = segments_of(group)
    if not paths:
        lock.release(remove=True)
        return None
    # A journal whose lock file was lost names no server; sending it to ours is better than sending it nowhere.
    if url is not None and lock.url not in ("", url):
        lock.release(remove=False)
        return None
    return Orphan(lock, paths, group)


def segments_of(group: str) -> list[str]:
    """A journal's files, oldest first. Raises OSError."""
    if os.path.isfile(group):
        return [group]
    folder, name = os.path.split(group)
    return sorted(
        entry.path
        for entry in os.scandir(folder or ".")
        if (match := _SEGMENT_NAME.fullmatch(entry.name)) is not None and match[1] == name
    )


def _groups(folder: str) -> list[str]:
    """Path prefixes of all journals of the folder, oldest first."""
    oldest: dict[str, float] = {}
    for entry in os.scandir(folder):
        match = _SEGMENT_NAME.fullmatch(entry.name)
        if match is None:
            continue
        try:
            changed = entry.stat().st_mtime
        except FileNotFoundError:
            continue  # its owner just finished
        group = os.path.join(folder, match[1])
        oldest[group] = min(changed, oldest.get(group, changed))
    return sorted(oldest, key=lambda group: oldest[group])


def _claim_spills(folder: str, url: str) -> None:
    """Rename spill files of the published clients into journals, keeping their age."""
    for entry in list(os.scandir(folder)):
        match = _SPILL_NAME.fullmatch(entry.name)
        if match is None or (match[1] and time.time() - entry.stat().st_ctime < _DRAINING_S):
            continue
        group = new_group(folder)
        lock = FileLock.acquire(f"{group}.lock", url=url)
        if lock is None:
            continue
        try:
            os.rename(entry.path, f"{group}-000001.jsonl")
        except OSError:
            lock.release(remove=True)  # another process was quicker
        else:
            lock.release(remove=False)


def _sweep_locks(folder: str) -> None:
    """Remove lock files whose process died before it wrote anything. Young ones may just be being created."""
    for entry in list(os.scandir(folder)):
        if not (entry.name.startswith(("journal-", "offline-")) and entry.name.endswith(".lock")):
            continue
        if time.time() - entry.stat().st_mtime < _YOUNG_LOCK_S or segments_of(entry.path.removesuffix(".lock")):
            continue
        lock = FileLock.acquire(entry.path)
        if lock is not None:
            lock.release(remove=True)


def _read_event(line: bytes) -> bytes | None:
    odd_numbers: list[str] = []

    def spell_out(word: str) -> str:
        odd_numbers.append(word)
        return word

    try:
        event = json.loads(line, parse_constant=spell_out)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    inner = event.get("event")
    if "rejected_at" in event and isinstance(inner, dict):
        return json.dumps(inner, ensure_ascii=False).encode("utf-8", "replace")
    if "event_type" not in event:
        return None
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") if odd_numbers else line
