"""Which chunks a merge writes anew. Chunks of one job and kind never overlap, so that a reader may take them apart.

New points go after the last chunk nearly always. To keep both the number of chunks and the writing low, a merge takes
smaller neighbours in with it (a point is so written some eight times until its chunk is full); points that come late
bring the chunks into which they fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from argus_contracts.curves.rows import Cut, Rows, Steps, between

# Rows of a full chunk: 128 KiB a metric before packing.
FULL: Final = 16_384


class Head(NamedTuple):
    """A chunk without its payload. `cuts` are those that it was settled with."""

    first_step: int
    last_step: int
    n_rows: int
    first_at: float
    last_at: float
    cuts: Sequence[Cut]


def is_stale(head: Head, cuts: Sequence[Cut]) -> bool:
    """Whether a cut that the chunk does not know may have superseded points of it."""
    return any(at > head.first_at and step <= head.last_step and (at, step) not in head.cuts for at, step in cuts)


def hit(heads: Sequence[Head], steps: Steps) -> list[bool]:
    """Into which chunks some of these steps fall. `heads` in the order of steps."""
    if not heads:
        return []
    found = np.zeros(len(heads), dtype=bool)
    place = np.searchsorted([head.first_step for head in heads], steps, "right") - 1
    ends = np.array([head.last_step for head in heads])
    inside = (place >= 0) & (steps <= ends[place])
    found[place[inside]] = True
    return found.tolist()


def touched(heads: Sequence[Head], steps: Steps, cuts: Sequence[Cut]) -> list[Head]:
    """The chunks that must be settled anew with rows of these steps, in the order of steps; when it is cheap, their
    smaller neighbours too.
    """
    wanted = [a or is_stale(head, cuts) for head, a in zip(heads, hit(heads, steps), strict=True)]
    # A gap between two chunks is told by the chunk before it: rows there may be settled without a neighbour.
    weight = len(steps) + sum(head.n_rows for head, is_wanted in zip(heads, wanted, strict=True) if is_wanted)
    place = int(np.searchsorted([head.first_step for head in heads], steps.max(), "right")) - 1 if len(steps) else -1
    while place >= 0 and (wanted[place] or (heads[place].n_rows < FULL and heads[place].n_rows <= 2 * weight)):
        weight += 0 if wanted[place] else heads[place].n_rows
        wanted[place] = True
        place -= 1
    return [head for head, is_wanted in zip(heads, wanted, strict=True) if is_wanted]


def divided(rows: Rows, untouched: Sequence[Head]) -> list[Rows]:
    """Settled rows as chunks that are neither too large nor overlap one that stays as it is."""
    bounds = np.searchsorted(rows.steps, sorted(head.first_step for head in untouched)).tolist()
    ends = sorted({0, *bounds, len(rows.steps)})
    return [
        between(rows, begin, end) for low, high in pairwise(ends) for begin, end in _portions(rows.steps, low, high)
    ]


def _portions(steps: Steps, low: int, high: int) -> list[tuple[int, int]]:
    """Equal portions of about `FULL` rows; the rows of one step stay together."""
    count = max(1, round((high - low) / FULL))
    ends = [low]
    for part in range(1, count):
        end = low + (high - low) * part // count
        end = int(np.searchsorted(steps, steps[end], "left"))
        if end > ends[-1]:
            ends.append(end)
    return list(zip(ends, [*ends[1:], high], strict=True))
