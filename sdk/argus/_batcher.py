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

    # Each begins with the event's type and Unix time in seconds. Five parts are any event; more are a point, which
    # holds no dict: a tuple of atoms alone is none of the garbage collector's business, while dicts that wait would be
    # taken for long-lived and bring on full collections.
    #
    # batch id (None: the reporter's own), job id, data
    AnyEvent: TypeAlias = tuple[str, float, str | None, str | None, dict[str, Any]]
    # job id, step, name, value; or job id, step, names, values
    StepEvent: TypeAlias = tuple[Any, ...]
    # job id, epoch, train loss, validation loss, learning rate, ms of a batch, names of other numbers, these numbers
    EpochEvent: TypeAlias = tuple[Any, ...]
    RawEvent: TypeAlias = AnyEvent | StepEvent | EpochEvent


class Buffer:
    """Events that the worker has not taken yet, at most `room` of them.

    `JobContext.epoch` writes out what `add` does with its three attributes: `items`, `room`, `append`.
    """

    __slots__ = ("append", "items", "refuse", "room")

    def __init__(self, refuse: Callable[[RawEvent], None]) -> None:
        self.items: deque[RawEvent] = deque()
        self.append = self.items.append
        self.refuse = refuse
        self.room = 0

    def __len__(self) -> int:
        return len(self.items)

    @property
    def is_open(self) -> bool:
        """Whether events are taken in at all."""
        return self.room > 0

    def add(self, event_type: str, job_id: str | None, data: dict[str, Any], batch_id: str | None = None) -> None:
        """Take one event in, or hand it to `refuse` when the buffer is full or closed."""
        if len(self.items) < self.room:
            self.append((event_type, time(), batch_id, job_id, data))
        else:
            self.refuse((event_type, time(), batch_id, job_id, data))

    def take(self, limit: int) -> list[RawEvent]:
        """Remove and return up to `limit` events, oldest first."""
        take = self.items.popleft
        taken: list[RawEvent] = []
        try:
            for _ in range(limit):
                taken.append(take())  # noqa: PERF401 - extend() would lose what came before the end
        except IndexError:
            pass
        return taken

    def open(self, capacity: int) -> None:
        """Take events in from now on."""
        self.room = capacity

    def close(self) -> None:
        """Refuse events from now on; those inside stay for the worker."""
        self.room = 0

    def clear(self) -> None:
        """Forget the events inside (in a forked child: they are the parent's)."""
        self.items.clear()


def closed_buffer() -> Buffer:
    """What takes events in where nothing is reported: it refuses them, and nobody minds."""
    return Buffer(_ignore)


def _ignore(_event: RawEvent) -> None:
    """There is no server, or ARGUS_DISABLE is set."""
