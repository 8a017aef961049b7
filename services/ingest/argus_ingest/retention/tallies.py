"""What a sweep counts, and what a class of things to remove looks like to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)
class Tally:
    """Rows (or files, or batches) and bytes that left, or that would; `error` when not all of them could."""

    rows: int = 0
    bytes: int = 0
    error: str | None = None

    def add(self, other: Tally) -> None:
        """Count a slice."""
        self.rows += other.rows
        self.bytes += other.bytes

    @property
    def stat(self) -> int:
        """Rows; -1 for a class that failed."""
        return self.rows if self.error is None else -1


class Work(Protocol):
    """One class of what can be too old."""

    name: str

    async def measure(self) -> Tally:
        """What would leave now."""

    def slices(self) -> AsyncIterator[Tally]:
        """Remove it, a little at a time: when a slice is yielded, it is committed."""
