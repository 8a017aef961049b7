"""Whether a loss grows instead of shrinking, or is no number. Pure.

Diverging: a value that is not finite, or the last `window` values each above the one before, the last at least `ratio`
times the first. Rising, of which people are warned: the last three so, by more than 1.3 times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import Final, Literal

METRICS: Final = ("val_loss", "train_loss", "loss")
"""Losses that must be finite; how the first of them grows is watched too."""

RISING_WINDOW: Final = 3
RISING_RATIO: Final = 1.3


@dataclass(frozen=True, slots=True)
class Divergence:
    """The verdict; `reference` is the value that it grew from, None where it is no number."""

    reason: Literal["nan_or_inf", "ratio"]
    value: float
    metric: str = "val_loss"
    reference: float | None = None
    ratio: float | None = None
    window: int | None = None


def of_values(values: Sequence[float], *, window: int, ratio: float) -> Divergence | None:
    """Whether these values, the oldest first, say that the loss diverges."""
    broken = next((value for value in reversed(values) if not isfinite(value)), None)
    if broken is not None:
        return Divergence("nan_or_inf", broken)
    last = values[-window:]
    if len(last) < window or not _grows(last) or last[0] <= 0:
        return None
    grown = last[-1] / last[0]
    return Divergence("ratio", last[-1], "val_loss", last[0], grown, window) if grown >= ratio else None


def is_rising(values: Sequence[float]) -> bool:
    """Whether these values, the oldest first, are worth a warning."""
    last = values[-RISING_WINDOW:]
    if len(last) < RISING_WINDOW or not all(map(isfinite, last)) or not _grows(last):
        return False
    return (last[-1] / last[0] if last[0] else inf) > RISING_RATIO


def has_recovered(values: Sequence[float], reference: float | None, *, good: int, window: int) -> bool:
    """Whether a loss that diverged is well again.

    Args:
        values: the finite values, the oldest first.
        reference: what it grew from; None: it was no number.
        good: how many finite values came since then.
        window: how many are enough after what was no number.
    """
    if not values:
        return False
    return good >= window if reference is None else values[-1] <= reference


def _grows(values: Sequence[float]) -> bool:
    return all(earlier < later for earlier, later in pairwise(values))
