"""A block gives back what was packed, tells a NaN from a gap, and refuses what is no block."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_contracts import points

NUMBER = st.none() | st.floats(width=64)


@st.composite
def blocks(draw):
    count = draw(st.integers(0, 40))
    steps = draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=count, max_size=count))
    times = draw(st.lists(st.floats(0, 4e9), min_size=count, max_size=count))
    names = draw(st.lists(st.text(max_size=5), max_size=5, unique=True))
    columns = [draw(st.lists(NUMBER, min_size=count, max_size=count)) for _ in names]
    return steps, times, names, columns


def same(left, right):
    if left is None or right is None:
        return left is right
    return left == right or (math.isnan(left) and math.isnan(right))


@given(blocks())
def test_gives_back_what_was_packed(block):
    steps, times, names, columns = block
    got = points.unpack(points.pack(steps, times, columns), names)
    assert (got.steps, got.times, list(got.columns)) == (steps, times, names)
    for name, column in zip(names, columns, strict=True):
        assert all(same(a, b) for a, b in zip(got.columns[name], column, strict=True))


def test_a_nan_that_was_sent_is_no_gap():
    got = points.unpack(points.pack([1, 2], [0.0, 1.0], [[math.nan, None]]), ["loss"])
    assert math.isnan(got.columns["loss"][0])
    assert got.columns["loss"][1] is None


def test_bytes_are_as_documented():
    payload = points.pack([7], [1.5], [[2.5]])
    assert payload == struct.pack("<BBHIqdd", 1, 0, 1, 1, 7, 1.5, 2.5) + b"\x01"
    assert points.layout(payload) == points.Layout(1, 1, points.EPOCHS, 8, 16, 24, 32, 1)


@given(st.binary(max_size=64))
def test_garbage_is_refused_not_read(garbage):
    try:
        found = points.layout(garbage)
    except ValueError:
        return
    assert len(garbage) == found.presence + found.presence_size * found.n_names


@pytest.mark.parametrize("damage", [lambda p: p[:-1], lambda p: p + b"\0", lambda p: b"\2" + p[1:], lambda p: b""])
def test_a_damaged_block_is_refused(damage):
    payload = points.pack([1, 2], [0.0, 1.0], [[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"metric block"):
        points.unpack(damage(payload), ["loss"])


def test_wrong_names_and_lengths_are_refused():
    with pytest.raises(ValueError, match="names"):
        points.unpack(points.pack([1], [0.0], [[1.0]]), [])
    with pytest.raises(ValueError, match="one length"):
        points.pack([1], [0.0], [[1.0, 2.0]])
