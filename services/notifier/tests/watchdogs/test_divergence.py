"""Both formulas of the contract, by tables and for all values."""

from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.watchdogs.divergence import has_recovered, is_rising, of_values


def verdict(values, window=3, ratio=2.0):
    found = of_values(values, window=window, ratio=ratio)
    return None if found is None else found.reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], None),
        ([1.0], None),
        ([1.0, 2.0], None),
        ([1.0, 1.5, 2.0], "ratio"),
        ([1.0, 1.5, 1.99], None),
        ([1.0, 1.0, 3.0], None),
        ([1.0, 3.0, 2.0], None),
        ([0.0, 1.0, 2.0], None),
        ([-1.0, 1.0, 2.0], None),
        ([9.0, 1.0, 1.5, 2.0], "ratio"),
        ([1.0, 2.0, 4.0, 0.5], None),
        ([nan], "nan_or_inf"),
        ([inf, 1.0, 0.9], "nan_or_inf"),
        ([1.0, -inf], "nan_or_inf"),
    ],
)
def test_divergence(values, reason):
    assert verdict(values) == reason


def test_window_and_ratio_are_chosen():
    assert verdict([1.0, 1.2], window=2, ratio=1.2) == "ratio"
    assert verdict([1.0, 2.0, 3.0, 4.0], window=5) is None
    found = of_values([5.0, 1.0, 2.0, 3.0], window=3, ratio=2.0)
    assert (found.reference, found.value, found.ratio, found.window) == (1.0, 3.0, 3.0, 3)


@pytest.mark.parametrize(
    ("values", "rises"),
    [
        ([1.0, 1.2, 1.3], False),
        ([1.0, 1.2, 1.31], True),
        ([0.0, 0.1, 0.2], True),
        ([5.0, 1.0, 1.2, 1.4], True),
        # The newest three count, not the oldest.
        ([1.0, 1.2, 1.4, 0.9], False),
        ([1.0, 1.3, 1.3], False),
        ([1.0, inf, nan], False),
        ([1.0, 2.0], False),
    ],
)
def test_rising(values, rises):
    assert is_rising(values) is rises


def test_recovery():
    assert has_recovered([1.0, 2.0, 4.0, 0.9], 1.0, good=0, window=3)
    assert not has_recovered([1.0, 2.0, 4.0, 3.0], 1.0, good=9, window=3)
    assert has_recovered([1.0], None, good=3, window=3)
    assert not has_recovered([1.0], None, good=2, window=3)
    assert not has_recovered([], None, good=3, window=3)


VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30)
FINITE = st.lists(st.floats(min_value=1e-6, max_value=1e6), min_size=1, max_size=30)


@given(VALUES, st.integers(2, 20), st.floats(1, 10))
def test_what_is_no_number_is_always_divergence_and_nothing_else_is(values, window, ratio):
    found = of_values(values, window=window, ratio=ratio)
    assert (found is not None and found.reason == "nan_or_inf") is (not all(map(isfinite, values)))


@given(FINITE, st.integers(2, 20))
def test_a_loss_that_does_not_grow_does_not_diverge(values, window):
    assert of_values(sorted(values, reverse=True), window=window, ratio=1.0) is None


@given(FINITE, st.integers(2, 20), st.floats(1, 10))
def test_only_the_last_window_counts(values, window, ratio):
    assert of_values(values, window=window, ratio=ratio) == of_values([1e9, *values], window=window, ratio=ratio) or (
        len(values) < window
    )


@given(FINITE, st.floats(1.01, 10))
def test_what_diverges_has_not_recovered(values, ratio):
    found = of_values(values, window=3, ratio=ratio)
    assert found is None or not has_recovered(values, found.reference, good=0, window=3)
