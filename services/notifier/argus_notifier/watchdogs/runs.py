"""For how long a measured thing has been in a state, out of readings that may come late, twice or not at all. Pure.

A run is a window in short: the first and the newest reading of an unbroken row of readings in the state. A reading that
is older than both changes nothing; one out of the state ends the run if it is no older than its begin, so what comes
late makes a verdict later, never earlier. Times are seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

# The newest reading is noted when it is at least this part of the span newer, so that most readings write nothing.
_COARSE: Final = 0.1
# Readings of a span may miss it by this part: the first and the last do not stand on its edges.
_ENOUGH: Final = 0.9


@dataclass(frozen=True, slots=True)
class Run:
    """Readings in the state, without one out of it between them. `raised_at`: when that was last said, by its clock."""

    since: float
    newest: float
    raised_at: float | None = None

    def packed(self) -> list[float | None]:
        """For JSON."""
        return [self.since, self.newest, self.raised_at]


def unpacked(packed: Any) -> Run | None:
    """What `packed` made."""
    return None if packed is None else Run(*packed)


def fold(run: Run | None, at: float, *, is_in: bool, is_out: bool, span_s: float) -> Run | None:
    """The run after one more reading.

    Args:
        run: what was known; None: the state does not hold.
        at: when the reading was made.
        is_in: it is in the state.
        is_out: it is out of the state; neither: between them, where nothing begins and nothing ends.
        span_s: how long the state must hold; readings further apart than half of it (or five minutes) break the row.
    """
    if is_out:
        return None if run is None or at >= run.since else run
    if run is None:
        return Run(at, at) if is_in else None
    if at <= run.newest:
        return run
    if at - run.newest > max(span_s / 2, 300.0) + span_s * _COARSE:
        return replace(run, since=at, newest=at)
    return replace(run, newest=at) if at - run.newest >= span_s * _COARSE else run


def is_due(run: Run | None, at: float, *, span_s: float, again_s: float | None = None) -> bool:
    """Whether a reading at this time makes the state worth a word: for the first time, or again after `again_s`."""
    if run is None or at < run.newest:
        return False
    if run.raised_at is not None:
        return again_s is not None and at - run.raised_at >= again_s
    return at - run.since >= span_s * _ENOUGH
