import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_catalog.curves.decoding import StoredBlock, all_steps, decode
from argus_contracts.points import pack


def block(steps, begin, **columns):
    times = [begin + i for i in range(len(steps))]
    return StoredBlock(list(columns), pack(steps, times, list(columns.values())))


def points(curve):
    return list(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))


def test_blocks_follow_each_other():
    curves = decode([block([1, 2], 0, a=[1.0, 2.0]), block([3], 10, a=[3.0], b=[0.5])])
    assert points(curves["a"]) == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert points(curves["b"]) == [(3, 0.5)]


def test_a_repeated_step_takes_the_later_value():
    curves = decode([block([1, 2, 3], 0, a=[1.0, 2.0, 3.0]), block([2], 10, a=[9.0])])
    assert points(curves["a"]) == [(1, 1.0), (2, 9.0), (3, 3.0)]


def test_what_was_not_sent_is_no_point_but_a_nan_is():
    curves = decode([block([1, 2, 3], 0, a=[None, math.nan, 3.0])])
    assert curves["a"].steps.tolist() == [2, 3]
    assert math.isnan(curves["a"].values[0])


def test_only_the_wanted_metrics_are_read():
    assert list(decode([block([1], 0, a=[1.0], b=[2.0])], ["b", "c"])) == ["b"]


def test_a_run_from_scratch_replaces_the_earlier_run():
    blocks = [block([1, 2, 3], 0, a=[1.0, 2.0, 3.0]), block([1], 100, a=[7.0])]
    assert points(decode(blocks, None, 100.0)["a"]) == [(1, 7.0)]
    assert all_steps(blocks, 100.0).steps.tolist() == [1]


def test_a_resumed_run_keeps_the_curve_before_its_checkpoint():
    blocks = [block([1, 2, 3, 4], 0, a=[1.0, 2.0, 3.0, 4.0]), block([3], 100, a=[7.0])]
    assert points(decode(blocks, None, 100.0)["a"]) == [(1, 1.0), (2, 2.0), (3, 7.0)]


def test_steps_without_numbers_are_steps():
    assert all_steps([block([1, 2], 0), block([3], 5, a=[1.0])]).steps.tolist() == [1, 2, 3]


def test_a_damaged_block_is_an_error():
    with pytest.raises(ValueError, match="length"):
        decode([StoredBlock(["a"], pack([1], [0.0], [[1.0]])[:-1])])


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.floats())), min_size=1, max_size=12), max_size=6
    )
)
def test_decoding_agrees_with_a_dict_that_later_values_overwrite(flushes):
    blocks = [block([s for s, _ in flush], i * 100, a=[v for _, v in flush]) for i, flush in enumerate(flushes)]
    expected = {step: value for flush in flushes for step, value in flush if value is not None}
    found = decode(blocks)
    got = dict(points(found["a"])) if "a" in found else {}
    assert list(got) == sorted(expected)
    assert all(got[s] == v or (math.isnan(v) and math.isnan(got[s])) for s, v in expected.items())
