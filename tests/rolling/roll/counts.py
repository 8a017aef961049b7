"""What was asked and what failed, by kind."""

from __future__ import annotations

import collections
import time
from typing import NamedTuple


class Failure(NamedTuple):
    """One request that did not get its answer."""

    at: float
    kind: str
    said: str


class Counts:
    """Written by one thread, read by others."""

    def __init__(self) -> None:
        self.asked: collections.Counter[str] = collections.Counter()
        self.failures: list[Failure] = []
        self._begin = time.monotonic()

    def well(self, kind: str) -> None:
        """A request was answered as it should be."""
        self.asked[kind] += 1

    def fail(self, kind: str, said: str) -> None:
        """It was not."""
        self.asked[kind] += 1
        self.failures.append(Failure(self.now(), kind, said))

    def now(self) -> float:
        """Seconds since the traffic began."""
        return round(time.monotonic() - self._begin, 2)

    def table(self) -> str:
        """Kind x requests x failures."""
        failed = collections.Counter(failure.kind for failure in self.failures)
        lines = [f"{'kind':12}{'requests':>10}{'failed':>8}"]
        lines += [f"{kind:12}{number:>10}{failed[kind]:>8}" for kind, number in sorted(self.asked.items())]
        return "\n".join(lines)
