"""Trials as a table of small whole numbers: for each parameter, in which of its cells a trial lies. Pure.

A cell is a category, a value, or a range of values where there are many; it weighs what it is of the parameter's range.
Of a parameter that only some trials have (a conditional one), being absent is the first cell, and weighs what it is
of the trials.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argus_catalog.studies.importance.trials import Kind, Trial, kind_of

MOST_CELLS: Final = 32
# Of many parameters each has fewer, so that the work stays the same.
_FEWER_CELLS: Final = 16
_MANY_PARAMETERS: Final = 16

Floats = NDArray[np.float64]


class Parameter(NamedTuple):
    """A parameter and its cells; `weights` sum to one. `has_absent`: the first cell is that it was not there."""

    name: str
    kind: Kind
    weights: Floats
    has_absent: bool


class Design(NamedTuple):
    """`codes` says of each trial (row) and parameter (column) in which cell it lies."""

    parameters: list[Parameter]
    codes: NDArray[np.int64]
    values: Floats


def design(trials: Sequence[Trial], names: Sequence[str]) -> Design:
    """The trials as a table over these parameters."""
    most = MOST_CELLS if len(names) <= _MANY_PARAMETERS else _FEWER_CELLS
    columns = [_column(name, [trial.params.get(name, _ABSENT) for trial in trials], most) for name in names]
    shape = (len(trials), len(names))
    codes = np.array([codes for _, codes in columns], dtype=np.int64).T.reshape(shape)
    return Design([one for one, _ in columns], codes, np.array([trial.value for trial in trials], dtype=float))


class _Absent:
    pass


_ABSENT: Final = _Absent()


def _column(name: str, told: Sequence[Any], most: int) -> tuple[Parameter, list[int]]:
    there = [value for value in told if value is not _ABSENT]
    kind = kind_of(there)
    cells, weights = _categories(there, most) if kind == "category" else _ranges(there, most, is_log=kind == "log")
    share = 1 - len(there) / len(told)
    if share:
        weights = np.concatenate(([share], weights * (1 - share)))
    found = iter(cells)
    first = 1 if share else 0
    codes = [0 if value is _ABSENT else next(found) + first for value in told]
    return Parameter(name, kind, weights, has_absent=bool(share)), codes


def _categories(values: Sequence[Any], most: int) -> tuple[list[int], Floats]:
    texts = [json.dumps(value, sort_keys=True, default=str) for value in values]
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    # The rarest of very many share the last cell.
    names = sorted(counts, key=lambda text: (-counts[text], text))
    place = {text: min(at, most - 1) for at, text in enumerate(names)}
    n = min(len(names), most)
    return [place[text] for text in texts], np.full(n, 1 / n) if n else np.zeros(0)


def _ranges(values: Sequence[float], most: int, *, is_log: bool) -> tuple[list[int], Floats]:
    scaled = np.array(values, dtype=float)
    scaled = np.log(scaled) if is_log else scaled
    distinct = np.unique(scaled)
    if len(distinct) == 1:
        return [0] * len(values), np.ones(1)
    between = (distinct[1:] + distinct[:-1]) / 2
    if len(distinct) > most:
        wanted = np.quantile(scaled, np.linspace(0, 1, most + 1)[1:-1])
        between = between[np.unique(np.searchsorted(between, wanted).clip(0, len(between) - 1))]
    # The outermost values lie in the middle of their cells, as all others do.
    low, high = 2 * distinct[0] - between[0], 2 * distinct[-1] - between[-1]
    edges = np.concatenate(([min(low, distinct[0])], between, [max(high, distinct[-1])]))
    widths = np.diff(edges)
    return np.searchsorted(between, scaled).tolist(), widths / widths.sum()
