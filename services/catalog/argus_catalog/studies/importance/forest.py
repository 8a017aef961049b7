"""A random forest of regression trees over cells, grown a level at a time for all nodes of a tree at once. Pure.

Trees are those of Breiman, "Random forests" (2001): each grows on a sample of the trials with replacement and splits
where the squared error falls the most. An ordered parameter is split between two cells, a category from all others.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argus_catalog.studies.importance.design import Design, Floats

TREES: Final = 48
# A large table tells each tree more, and takes longer.
_LARGE: Final = 10_000
_FEWER_TREES: Final = 16
_DEEPEST: Final = 24
_MOST_LEAVES: Final = 200
_FEW_TRIALS: Final = 50

# Values have a variance of one: less is rounding.
_LEAST_GAIN: Final = 1e-12

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Leaves(NamedTuple):
    """The leaves of a tree: which cells of each parameter they cover (leaf, parameter, cell), and what they predict."""

    boxes: Bools
    values: Floats


class Forest(NamedTuple):
    """Trees, and for each trial the mean of those trees that did not see it: NaN where all did."""

    trees: list[Leaves]
    unseen: Floats


def grow(table: Design, seed: int = 0) -> Forest:
    """A forest on the trials. The same seed grows the same forest."""
    random = np.random.default_rng(seed)
    trees = TREES if table.codes.size <= _LARGE else _FEWER_TREES
    n = len(table.values)
    sums, counts = np.zeros(n), np.zeros(n)
    grown = []
    for _ in range(trees):
        taken = np.bincount(random.integers(0, n, n), minlength=n).astype(float)
        leaves, leaf_of = _tree(table, taken, random)
        grown.append(leaves)
        unseen = taken == 0
        sums[unseen] += leaves.values[leaf_of[unseen]]
        counts[unseen] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return Forest(grown, sums / counts)


class _Level(NamedTuple):
    """The nodes of a level: what they cover, how many trials they hold, and the sum of their values."""

    boxes: Bools
    counts: Floats
    sums: Floats


class _Splits(NamedTuple):
    """Of each node of a level its best split: a parameter, the cells that go left, by how much the error falls."""

    parameter: Ints
    left: Bools
    gain: Floats


class _Sample(NamedTuple):
    """The trials of a tree: how often each was taken, and how few may stand alone."""

    table: Design
    taken: Floats
    fewest: float
    random: np.random.Generator


def _tree(table: Design, taken: Floats, random: np.random.Generator) -> tuple[Leaves, Ints]:
    """A tree, and of each trial the leaf in which it lies."""
    n = len(table.values)
    sample = _Sample(table, taken, 2.0 if n < _FEW_TRIALS else max(3.0, n / _MOST_LEAVES), random)
    level = _Level(_cells(table)[None], np.array([taken.sum()]), np.array([(taken * table.values).sum()]))
    # Of each trial: its node in this level, or -1 - leaf once it lies in one.
    node = np.zeros(n, dtype=np.int64)
    boxes: list[Bools] = []
    means: list[Floats] = []
    n_leaves = 0
    for depth in range(_DEEPEST + 1):
        rows = np.flatnonzero(node >= 0)
        splits = _best_splits(sample, level, rows, node[rows])
        goes_on = (splits.gain > _LEAST_GAIN) & (depth < _DEEPEST)
        ends = np.flatnonzero(~goes_on)
        boxes.append(level.boxes[ends])
        means.append(level.sums[ends] / level.counts[ends])
        leaf = np.zeros(len(goes_on), dtype=np.int64)
        leaf[ends] = n_leaves + np.arange(len(ends))
        n_leaves += len(ends)
        over = rows[~goes_on[node[rows]]]
        node[over] = -1 - leaf[node[over]]
        if not goes_on.any():
            break
        level = _descend(sample, level, splits, np.flatnonzero(goes_on), node)
    return Leaves(np.concatenate(boxes), np.concatenate(means)), -1 - node


def _cells(table: Design) -> Bools:
    most = max(len(one.weights) for one in table.parameters)
    return np.array([np.arange(most) < len(one.weights) for one in table.parameters])


def _best_splits(sample: _Sample, level: _Level, rows: Ints, node: Ints) -> _Splits:
    table = sample.table
    shape = level.boxes.shape
    _, n_parameters, n_cells = shape
    flat = ((node[:, None] * n_parameters + np.arange(n_parameters)) * n_cells + table.codes[rows]).ravel()
    taken = sample.taken[rows]
    counts = _summed(flat, np.repeat(taken, n_parameters), shape)
    sums = _summed(flat, np.repeat(taken * table.values[rows], n_parameters), shape)
    is_ordered = np.array([one.kind != "category" for one in table.parameters])
    left_n = np.where(is_ordered[None, :, None], counts.cumsum(2), counts)
    left_sum = np.where(is_ordered[None, :, None], sums.cumsum(2), sums)
    right_n, right_sum = level.counts[:, None, None] - left_n, level.sums[:, None, None] - left_sum
    may = (left_n >= sample.fewest) & (right_n >= sample.fewest)
    whole = level.sums**2 / level.counts
    with np.errstate(invalid="ignore", divide="ignore"):
        fall = left_sum**2 / left_n + right_sum**2 / right_n - whole[:, None, None]
    # Where cells between two trials are empty, any place between them is as good: chance takes the middle on average.
    fall = np.where(may, fall * (1 + 1e-9 * sample.random.random(shape[1:])), -np.inf).reshape(len(whole), -1)
    best = fall.argmax(1)
    parameter, cell = best // n_cells, best % n_cells
    cells = np.arange(n_cells)
    left = np.where(is_ordered[parameter][:, None], cells <= cell[:, None], cells == cell[:, None])
    return _Splits(parameter, left, fall[np.arange(len(whole)), best])


def _summed(flat: Ints, weights: Floats, shape: tuple[int, ...]) -> Floats:
    found: Floats = np.bincount(flat, weights, minlength=int(np.prod(shape))).astype(float).reshape(shape)
    return found


def _descend(sample: _Sample, level: _Level, splits: _Splits, at: Ints, node: Ints) -> _Level:
    """The next level: the nodes at these places, each split in two. `node` is moved on."""
    rows = np.flatnonzero(node >= 0)
    codes, taken, values = sample.table.codes[rows], sample.taken[rows], sample.table.values[rows]
    before = node[rows]
    child = np.zeros(len(splits.gain), dtype=np.int64)
    child[at] = 2 * np.arange(len(at))
    goes_left = splits.left[before, codes[np.arange(len(rows)), splits.parameter[before]]]
    node[rows] = child[before] + ~goes_left
    boxes = np.repeat(level.boxes[at], 2, axis=0)
    left, right = 2 * np.arange(len(at)), 2 * np.arange(len(at)) + 1
    boxes[left, splits.parameter[at]] &= splits.left[at]
    boxes[right, splits.parameter[at]] &= ~splits.left[at]
    shape = (len(boxes),)
    return _Level(boxes, _summed(node[rows], taken, shape), _summed(node[rows], taken * values, shape))
