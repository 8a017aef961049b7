"""What stands in a cell: which of its jobs count, what they are together, which cell is best and which worst. Pure.

The rules are those of the wire contract: the first metric decides; what is eligible is done, not flagged as idle and
has a finite number; there must be two of them; a shared extreme is nobody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from argus_catalog.derivations.metrics import Direction
from argus_catalog.seeds import Spread, seed_key, spread


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as far as boards need it; `values` are of the metrics that were asked for, the first decides."""

    batch_id: str
    job_id: str
    model: str
    dataset: str
    status: str | None
    is_idle: bool
    values: tuple[float | None, ...]
    config: Any = None
    key: tuple[int, int] = (0, 0)

    @property
    def value(self) -> float | None:
        """The number that decides."""
        return self.values[0]

    @property
    def is_eligible(self) -> bool:
        """Whether it may be the best or the worst, and counts in a mean."""
        return self.status == "done" and not self.is_idle and self.value is not None


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs that are one: those of a seed group, or one alone. `counted` are those whose numbers are summed up."""

    members: Sequence[Entry]
    counted: Sequence[Entry]
    total: Spread

    @property
    def is_eligible(self) -> bool:
        """Whether it may be the best or the worst."""
        return any(entry.is_eligible for entry in self.counted)

    def spread_of(self, place: int) -> Spread:
        """What another of the metrics is over the members that count."""
        return spread([value for entry in self.counted if (value := entry.values[place]) is not None])


@dataclass(frozen=True, slots=True)
class Cell:
    """All jobs of a model and a dataset, with the group that speaks for them."""

    shown: Group
    entries: Sequence[Entry]
    n_groups: int
    states: Mapping[str, int]

    @property
    def n_jobs(self) -> int:
        """How many jobs ran for this model and dataset."""
        return len(self.entries)


class Extremes(NamedTuple):
    """The places of the best and the worst; None where there is none."""

    best: int | None
    worst: int | None


def group(members: Sequence[Entry]) -> Group:
    """A group of its members. Where none is eligible, all that have a number count, so that something is shown."""
    counted = [entry for entry in members if entry.is_eligible]
    counted = counted or [entry for entry in members if entry.value is not None]
    return Group(members, counted, spread([entry.value for entry in counted if entry.value is not None]))


def seed_groups(entries: Sequence[Entry]) -> list[Group]:
    """Jobs that differ by their seeds alone, together; in the order in which they first come."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(seed_key(entry.config), []).append(entry)
    return [group(members) for members in found.values()]


def best_group(groups: Sequence[Group], direction: Direction) -> Group:
    """The best mean of the eligible ones, else of those with a number, else the last; of equals the larger."""
    sign = -1.0 if direction == "max" else 1.0
    ranked = [one for one in groups if one.is_eligible] or [one for one in groups if one.total.mean is not None]
    if not ranked:
        return groups[-1]
    return min(ranked, key=lambda one: (sign * (one.total.mean or 0.0), -one.total.n))


def cell(entries: Sequence[Entry], direction: Direction, *, by_seed: bool) -> Cell:
    """What stands in a cell: its best seed group, or its best job."""
    groups = seed_groups(entries) if by_seed else [group([entry]) for entry in entries]
    return _cell(entries, best_group(groups, direction), len(groups))


def latest_cell(entries: Sequence[Entry]) -> Cell:
    """What stands in a cell of a batch: its last job in the order of the list."""
    return _cell(entries, group(entries[-1:]), len(entries))


def _cell(entries: Sequence[Entry], shown: Group, n_groups: int) -> Cell:
    return Cell(shown, entries, n_groups, Counter(entry.status or "unknown" for entry in entries))


def extremes(groups: Sequence[Group | None], direction: Direction) -> Extremes:
    """Which of these is the best and which the worst."""
    means = {i: one.total.mean for i, one in enumerate(groups) if one and one.is_eligible and one.total.n}
    values = [mean for mean in means.values() if mean is not None]
    if len(values) < 2 or min(values) == max(values):
        return Extremes(None, None)
    low, high = (_only(means, extreme) for extreme in (min(values), max(values)))
    return Extremes(high, low) if direction == "max" else Extremes(low, high)


def _only(means: Mapping[int, float | None], value: float) -> int | None:
    holders = [place for place, mean in means.items() if mean == value]
    return holders[0] if len(holders) == 1 else None
