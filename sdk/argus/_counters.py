"""What became of every event: the numbers that a run can be checked against the server with."""

from __future__ import annotations

import threading

# Reasons for which an event never enters the buffer. All other reasons lose an event that had been accepted.
AT_THE_DOOR = frozenset({"buffer_full", "closed"})


class Stats:
    """Counts of one reporter at one moment.

    `accepted` events were taken in; each ends in exactly one of `acked` (stored by the server; `duplicates` of these
    had already arrived by an earlier try), `rejected` (set aside in a file with the server's reason), or `dropped`
    after acceptance, or still is `pending`. `sent` counts events put on the wire, repeats included. `dropped` also
    counts events refused at the door, see `dropped_reasons`. `adopted` counts events of earlier processes that this
    reporter delivered. `torn` counts lines of theirs that a crash had cut.
    """

    __slots__ = (
        "accepted",
        "acked",
        "adopted",
        "dropped",
        "dropped_reasons",
        "duplicates",
        "pending",
        "rejected",
        "sent",
        "torn",
    )

    def __init__(self, counts: dict[str, int], dropped: dict[str, int], waiting: int) -> None:
        self.accepted = counts.get("taken", 0) + waiting
        self.sent = counts.get("sent", 0)
        self.acked = counts.get("acked", 0)
        self.duplicates = counts.get("duplicates", 0)
        self.rejected = counts.get("rejected", 0)
        self.adopted = counts.get("adopted", 0)
        self.torn = counts.get("torn", 0)
        self.dropped = sum(dropped.values())
        self.dropped_reasons = dropped
        lost_inside = sum(number for reason, number in dropped.items() if reason not in AT_THE_DOOR)
        self.pending = self.accepted - self.acked - self.rejected - lost_inside

    def as_dict(self) -> dict[str, object]:
        """The counts by name, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __repr__(self) -> str:
        return f"Stats({', '.join(f'{name}={value!r}' for name, value in self.as_dict().items())})"


class Counters:
    """The live counts behind `Stats`. Any thread may add; the training thread does so only when it drops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    def add(self, name: str, number: int = 1) -> None:
        """Count `number` more of `name`."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + number

    def drop(self, reason: str, number: int = 1) -> None:
        """Count `number` lost events under `reason`."""
        with self._lock:
            self._dropped[reason] = self._dropped.get(reason, 0) + number

    @property
    def dropped(self) -> dict[str, int]:
        """Lost events by reason."""
        with self._lock:
            return dict(self._dropped)

    def stats(self, waiting: int) -> Stats:
        """The counts now; `waiting` is the number of accepted events that the worker has not taken yet."""
        with self._lock:
            return Stats(dict(self._counts), dict(self._dropped), waiting)
