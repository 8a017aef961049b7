"""The hand-over from the training thread: a deque that one thread fills and the worker empties, with no lock.

`deque.append` and `deque.popleft` are atomic in CPython, so the training thread pays for one tuple and one append.
Time is taken here; everything else about an event is made later, in the worker.
"""

from __future__ import annotations

from collections import deque
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    # event type, Unix time in seconds, batch id (None: the reporter's own), job id, data
    RawEvent: TypeAlias = tuple[str, float, str | None, str | None, dict[str, Any]]


class Buffer:
    """Events that the worker has not taken yet, at most `capacity` of them."""

    __slots__ = ("_append", "_items", "_refuse", "_room")

    def __init__(self, refuse: Callable[[RawEvent], None]) -> None:
        self._items: deque[RawEvent] = deque()
        self._append = self._items.append
        self._refuse = refuse
        self._room = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def is_open(self) -> bool:
        """Whether events are taken in at all."""
        return self._room > 0

    def add(self, event_type: str, job_id: str | None, data: dict[str, Any], batch_id: str | None = None) -> None:
        """Take one event in, or hand it to `refuse` when the buffer is full or closed."""
        if len(self._items) < self._room:
            self._append((event_type, time(), batch_id, job_id, data))
        else:
            self._refuse((event_type, time(), batch_id, job_id, data))

    def put(self, event: RawEvent) -> None:
        """Take in an event that already has its time, whatever the room."""
        self._append(event)

    def take(self, limit: int) -> list[RawEvent]:
        """Remove and return up to `limit` events, oldest first."""
        items = self._items
        taken: list[RawEvent] = []
        try:
            for _ in range(limit):
                taken.append(items.popleft())  # noqa: PERF401 - extend() would lose what came before the end
        except IndexError:
            pass
        return taken

    def open(self, capacity: int) -> None:
        """Take events in from now on."""
        self._room = capacity

    def close(self) -> None:
        """Refuse events from now on; those inside stay for the worker."""
        self._room = 0

    def clear(self) -> None:
        """Forget the events inside (in a forked child: they are the parent's)."""
        self._items.clear()
