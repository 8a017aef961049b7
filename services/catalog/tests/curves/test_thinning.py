import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_catalog.curves.thinning import thin
from argus_contracts.curves.rows import Curve


def curve(values):
    steps = np.arange(len(values), dtype=np.int64)
    return Curve(steps, steps * 0.5, np.array(values, dtype=float))


def test_a_short_curve_stays_as_it_is():
    short = curve([3.0, 1.0])
    assert thin(short, 2) is short


@settings(max_examples=100)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=400),
    st.integers(min_value=2, max_value=60),
)
def test_thinning_keeps_the_bound_the_order_the_ends_and_the_extremes(values, max_points):
    whole = curve(values)
    thinned = thin(whole, max_points)
    steps = thinned.steps.tolist()
    assert len(steps) <= max_points
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, len(values) - 1)
    assert all(thinned.values[i] == values[s] or math.isnan(values[s]) for i, s in enumerate(steps))
    finite = [v for v in values if math.isfinite(v)]
    kept = [v for v in thinned.values.tolist() if math.isfinite(v)]
    if finite and max_points >= 4:
        assert (min(kept), max(kept)) == (min(finite), max(finite))


@pytest.mark.parametrize("count", [10_000, 100_003, 1_000_000])
def test_a_spike_of_one_point_survives(count):
    values = np.sin(np.linspace(0, 50, count))
    values[count // 3], values[count // 2] = 99.0, -99.0
    thinned = thin(curve(values), 2000)
    assert len(thinned.steps) <= 2000
    assert (thinned.values.max(), thinned.values.min()) == (99.0, -99.0)
    assert thinned.steps[thinned.values.argmax()] == count // 3
