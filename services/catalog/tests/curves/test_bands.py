"""Bands over many curves, against numpy's own mean, deviation and quantiles on the values of each bucket."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_catalog.curves.bands import Fold, fitting, spanning
from argus_contracts.curves.rows import Curve


def curve(steps, values=None):
    steps = np.array(steps, np.int64)
    return Curve(steps, 100.0 + steps * 2.0, np.arange(len(steps)) * 1.0 if values is None else np.array(values, float))


def banded(curves, points=500):
    buckets = fitting(curves, points)
    fold = Fold(buckets, len(curves))
    for one in curves:
        fold.add(one, 100.0)
    return fold.band(), buckets


numbers = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@st.composite
def members(draw):
    steps = draw(st.lists(st.integers(-300, 3000), min_size=1, max_size=60, unique=True).map(sorted))
    return curve(steps, draw(st.lists(numbers, min_size=len(steps), max_size=len(steps))))


@st.composite
def seeds(draw):
    """Curves over the same steps that end at different ones."""
    steps = draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=40, unique=True).map(sorted))
    lengths = [len(steps), *draw(st.lists(st.integers(1, len(steps)), max_size=6))]
    return [curve(steps[:n], draw(st.lists(numbers, min_size=n, max_size=n))) for n in lengths]


def close(mine, theirs):
    return np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9, equal_nan=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(members(), min_size=1, max_size=7) | seeds(), st.integers(2, 80))
def test_a_band_is_what_numpy_says_of_each_bucket(curves, points):
    band, buckets = banded(curves, points)
    assert len(band.steps) <= points
    assert (np.diff(band.steps) > 0).all()
    places = [buckets.places(one.steps) for one in curves]
    there = sorted({int(place) for some in places for place in some})
    assert len(there) == len(band.steps)
    assert int(band.n.max()) <= len(curves)
    for at, bucket in enumerate(there):
        own = [one.values[where == bucket] for one, where in zip(curves, places, strict=True)]
        finite = [values[np.isfinite(values)] for values in own]
        means = np.array([values.mean() for values in finite if len(values)])
        every = np.concatenate(finite)
        assert band.n[at] == len(means)
        assert band.left_out[at] == sum(map(len, own)) - len(every)
        if not len(means):
            assert all(math.isnan(column[at]) for column in (band.mean, band.std, band.min, band.max, band.median))
            continue
        close(band.mean[at], means.mean())
        close(band.std[at], means.std(ddof=1) if len(means) > 1 else math.nan)
        assert (band.min[at], band.max[at]) == (every.min(), every.max())
        close([band.q1[at], band.median[at], band.q3[at]], np.quantile(means, [0.25, 0.5, 0.75]))
        inside = np.concatenate([one.steps[where == bucket] for one, where in zip(curves, places, strict=True)])
        assert inside.min() <= band.steps[at] <= inside.max()


@given(seeds())
def test_curves_over_the_same_steps_keep_every_step(curves):
    band, _ = banded(curves)
    assert band.steps.tolist() == curves[0].steps.tolist()


class TestBuckets:
    def test_each_member_speaks_in_each_where_they_report_unevenly_often(self):
        often, seldom = curve(range(0, 300, 10)), curve(range(0, 300, 15))
        band, buckets = banded([often, seldom])
        assert (buckets.steps, buckets.width) == (None, 15)
        assert band.n.tolist() == [2] * 20

    def test_there_are_no_more_than_wanted_of_long_curves(self):
        band, buckets = banded([curve(range(10_000))], 100)
        assert (buckets.width, len(band.steps)) == (102, 99)
        assert band.mean[0] == np.arange(102).mean()

    def test_a_member_that_said_little_widens_none(self):
        _, buckets = banded([curve(range(100)), curve([7, 2_000])])
        assert buckets.width <= 5

    def test_many_members_get_fewer(self):
        assert spanning(0, 1_000_000, 4_000, 20_000).n <= 1_000

    def test_steps_at_the_ends_of_what_is_possible_fit(self):
        band, _ = banded([curve([-(2**63), 0, 2**63 - 1]), curve([5])], 10)
        assert band.n.sum() == 4


def test_a_step_nobody_reported_is_left_out_and_one_without_numbers_interrupts():
    band, _ = banded([curve([1, 2, 9], [1.0, math.nan, 3.0])])
    assert band.steps.tolist() == [1, 2, 9]
    assert band.n.tolist() == [1, 0, 1]
    assert math.isnan(band.mean[1])
    assert band.left_out.tolist() == [0, 1, 0]


def test_times_are_told_since_the_members_began():
    band, _ = banded([curve([0, 5])])
    assert band.elapsed.tolist() == [0.0, 10.0]


@pytest.mark.parametrize("value", [1.7e308, -1.7e308, 5e-324, 1e300])
def test_the_mean_of_equal_numbers_is_that_number_whatever_their_size(value):
    band, _ = banded([curve([1], [value])] * 4)
    assert (band.mean[0], band.std[0]) == (value, 0.0)


def test_a_deviation_of_huge_numbers_does_not_overflow():
    band, _ = banded([curve([1], [1e200]), curve([1], [3e200])])
    assert band.std[0] == pytest.approx(math.sqrt(2) * 1e200)
