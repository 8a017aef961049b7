"""Repeats and restarts: the columns agree with a dict that later values overwrite, however points are divided."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_contracts.curves.merging import FULL, Head, divided, hit, is_stale, touched
from argus_contracts.curves.packing import (
    pack_axis,
    pack_column,
    pack_rollup,
    pack_stats,
    unpack_axis,
    unpack_column,
    unpack_rollup,
    unpack_stats,
)
from argus_contracts.curves.rollups import MARKS, merged_nonfinite, merged_stats, nonfinite, roll, stats
from argus_contracts.curves.rows import (
    NO_ROWS,
    Column,
    Curve,
    Cut,
    Rows,
    StoredBlock,
    by_kind,
    cuts_of,
    joined,
    last_of_each_step,
    settled,
)
from argus_contracts.points import EPOCHS, STEPS, pack


def block(points, kind=EPOCHS):
    """Points are (step, at, {metric: value})."""
    names = sorted({name for _, _, values in points for name in values})
    columns = [[values.get(name) for _, _, values in points] for name in names]
    return StoredBlock(names, pack([p[0] for p in points], [p[1] for p in points], columns, kind))


def rows_of(points):
    return by_kind([block(points)])[EPOCHS] if points else NO_ROWS


def told(rows):
    """By metric, its (step, time, value) in order; and the steps with the time of the last report."""
    curves = {name: rows.curve(name) for name in rows.columns}
    points = {
        name: list(zip(c.steps.tolist(), c.times.tolist(), c.values.tolist(), strict=True))
        for name, c in curves.items()
    }
    return points, dict(zip(rows.steps.tolist(), rows.times.tolist(), strict=True))


def naive(points, cuts):
    curves, steps = {}, {}
    for step, at, values in points:
        if any(at < cut.at and step >= cut.step for cut in cuts):
            continue
        steps[step] = max(at, steps.get(step, at))
        for name, value in values.items():
            curve = curves.setdefault(name, {})
            if step not in curve or at >= curve[step][1]:
                curve[step] = (step, at, value)
    return {name: [curve[step] for step in sorted(curve)] for name, curve in curves.items()}, steps


VALUES = st.dictionaries(st.sampled_from("abc"), st.floats(allow_nan=False), max_size=3)
POINTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 50).map(float), VALUES), max_size=40)
CUTS = st.lists(st.builds(Cut, st.integers(0, 50).map(float), st.integers(0, 30)), max_size=3)


@settings(max_examples=200, deadline=None)
@given(POINTS, CUTS, st.data())
def test_settled_rows_agree_with_a_dict_wherever_they_are_cut_into_blocks_and_settled_before(points, cuts, data):
    divisions = sorted(data.draw(st.lists(st.integers(0, len(points)), max_size=3)))
    rows, known = NO_ROWS, 0
    for begin, end in pairwise([0, *divisions, len(points)]):
        part = rows_of(points[begin:end])
        # Cuts become known one after another.
        known = data.draw(st.integers(known, len(cuts)))
        rows = joined([rows, part]) if not data.draw(st.booleans()) else settled(joined([rows, part]), cuts[:known])
    assert told(settled(rows, cuts)) == naive(points, cuts)


def test_a_row_stays_for_each_metric_that_it_told_last():
    rows = settled(rows_of([(5, 1.0, {"a": 1.0}), (5, 2.0, {"b": 2.0}), (4, 3.0, {})]), [])
    assert told(rows) == ({"a": [(5, 1.0, 1.0)], "b": [(5, 2.0, 2.0)]}, {4: 3.0, 5: 2.0})
    assert rows.steps.tolist() == [4, 5, 5]


def test_blocks_are_told_apart_by_the_kind_of_their_steps():
    found = by_kind([block([(1, 0.0, {"a": 1.0})]), block([(100, 0.0, {"a": 2.0})], STEPS)])
    assert {kind: told(rows)[0]["a"] for kind, rows in found.items()} == {
        EPOCHS: [(1, 0.0, 1.0)],
        STEPS: [(100, 0.0, 2.0)],
    }


def test_a_damaged_block_is_an_error():
    with pytest.raises(ValueError, match="length"):
        by_kind([StoredBlock(["a"], pack([1], [0.0], [[1.0]])[:-1])])
    with pytest.raises(ValueError, match="names"):
        by_kind([StoredBlock(["a", "b"], pack([1], [0.0], [[1.0]]))])


def test_a_run_that_told_nothing_yet_supersedes_nothing():
    resumes = [{"at": 5.0, "epoch": None, "step": 7}, {"at": 9.0, "epoch": 3, "step": None}]
    assert cuts_of(resumes, EPOCHS) == [(9.0, 3)]
    assert cuts_of(resumes, STEPS) == [(5.0, 7)]
    assert cuts_of(None, EPOCHS) == []


INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2**52).map(lambda n: n / 1e6))


@settings(max_examples=150)
@given(st.lists(st.tuples(INT64, TIMES), max_size=60))
def test_an_axis_comes_back_to_the_last_bit(points):
    steps, times = np.array([s for s, _ in points], np.int64), np.array([t for _, t in points], float)
    got_steps, got_times = unpack_axis(pack_axis(steps, times))
    assert got_steps.tolist() == steps.tolist()
    assert got_times.tolist() == times.tolist()


@settings(max_examples=150)
@given(st.lists(st.one_of(st.none(), st.floats()), max_size=60))
def test_values_and_gaps_come_back_to_the_last_bit(values):
    rows = np.array([i for i, v in enumerate(values) if v is not None], np.intp)
    column = Column(rows, np.array([v for v in values if v is not None], float))
    got = unpack_column(pack_column(column, len(values)))
    assert got.rows.tolist() == rows.tolist()
    assert got.values.tobytes() == column.values.tobytes()


@settings(max_examples=150)
@given(st.lists(st.floats(), min_size=1, max_size=300))
def test_a_roll_up_comes_back_and_keeps_the_extremes_the_ends_and_what_is_no_number(values):
    curve = Curve(np.arange(len(values)) * 3, np.arange(len(values)) * 0.25, np.array(values))
    rolled = unpack_rollup(pack_rollup(roll(curve)))
    assert rolled.n_points == len(values)
    assert len(rolled.outline.steps) <= 2 * -(-len(values) // 64) + 2
    assert rolled.outline.values.tobytes() == np.array(values)[rolled.outline.steps // 3].tobytes()
    assert (rolled.outline.steps[0], rolled.outline.steps[-1]) == (0, 3 * (len(values) - 1))
    finite = [v for v in values if math.isfinite(v)]
    kept = stats(rolled.outline)
    assert (kept.min, kept.max) == (min(finite, default=None), max(finite, default=None))
    assert repr(kept[1:]) == repr(stats(curve)[1:])
    named = rolled.nonfinite or ([], [], [])
    assert [len(some) for some in named] == [
        min(MARKS, sum(map(test, values))) for test in (math.isnan, lambda v: v == math.inf, lambda v: v == -math.inf)
    ]


@settings(max_examples=100)
@given(st.lists(st.floats(), min_size=1, max_size=60), st.data())
def test_stats_of_parts_are_the_stats_of_the_whole(values, data):
    whole = Curve(np.arange(len(values)), np.arange(len(values)) * 1.0, np.array(values))
    ends = sorted({0, len(values), *data.draw(st.sets(st.integers(0, len(values)), max_size=3))})
    parts = [unpack_stats(pack_stats(stats(whole.at(slice(*ends_))))) for ends_ in pairwise(ends)]
    assert repr(merged_stats(reversed(parts))) == repr(stats(whole))
    named = [nonfinite(whole.at(slice(*ends_))) for ends_ in pairwise(ends)]
    assert merged_nonfinite(named) == nonfinite(whole)


def test_a_damaged_chunk_is_an_error():
    with pytest.raises(ValueError, match="version"):
        unpack_axis(b"\x09\x00rest")
    with pytest.raises(ValueError, match="damaged"):
        unpack_column(pack_column(Column(np.arange(3), np.ones(3)), 3)[:-5])


def head(first, last, n_rows=FULL, cuts=()):
    return Head(first, last, n_rows, 0.0, 100.0, cuts)


class TestMerging:
    def test_points_after_the_last_chunk_take_smaller_neighbours_with_them(self):
        heads = [head(0, 99), head(100, 199, 4000), head(200, 299, 900), head(300, 399, 100)]
        assert touched(heads, np.array([400, 500] * 200), []) == heads[2:]

    def test_a_full_chunk_is_left_alone(self):
        assert touched([head(0, 99)], np.arange(100, 40_000), []) == []

    def test_a_late_point_brings_the_chunk_into_which_it_falls(self):
        heads = [head(0, 99), head(100, 199), head(200, 299)]
        assert touched(heads, np.array([150, 400]), []) == [heads[1]]
        assert hit(heads, np.array([-5, 99, 299, 300])) == [True, False, True]

    def test_a_new_cut_brings_the_chunks_that_it_may_shorten(self):
        cut = Cut(50.0, 150)
        heads = [head(0, 99), head(100, 199), head(200, 299, cuts=[cut])]
        assert [is_stale(one, [cut]) for one in heads] == [False, True, False]
        assert touched(heads, np.array([1000]), [cut]) == [heads[1]]
        assert not is_stale(Head(100, 199, 1, 60.0, 90.0, ()), [cut])

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(0, 40_000), min_size=1, max_size=5), st.integers(1, 60_000))
    def test_portions_hold_every_row_once_and_overlap_nothing(self, others, n_rows):
        steps = np.sort(np.random.default_rng(7).integers(0, 40_000, n_rows))
        rows = Rows(steps, steps * 1.0, {"a": Column(np.arange(n_rows), steps * 2.0)})
        untouched = [head(step, step) for step in set(others)]
        parts = divided(rows, untouched)
        assert np.concatenate([part.steps for part in parts]).tolist() == steps.tolist()
        assert all(len(part.steps) <= 1.5 * FULL + 100 for part in parts)
        assert all(a.steps[-1] < b.steps[0] for a, b in pairwise(parts))
        for part in parts:
            assert not any(part.steps[0] < one.first_step <= part.steps[-1] for one in untouched)
            assert (part.columns["a"].values == part.steps * 2.0).all()


def test_of_equal_steps_the_last_stays():
    curve = Curve(np.array([3, 1, 3]), np.array([0.0, 1.0, 2.0]), np.array([7.0, 8.0, 9.0]))
    assert [column.tolist() for column in last_of_each_step(curve)] == [[1, 3], [1.0, 2.0], [8.0, 9.0]]
