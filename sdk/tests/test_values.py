"""Values from training scripts: copied when they can change, and always writable as JSON."""

from __future__ import annotations

import enum
import json
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus._values import freeze, plain


class Phase(enum.IntEnum):
    WARMUP = 1


class Tensor:
    """The duck type of a framework's 0-d tensor on a device."""

    def __init__(self, value):
        self.value = value

    def tolist(self):
        return self.value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        (True, True),
        (np.float32(0.5), 0.5),
        (np.float64(0.25), 0.25),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        (Tensor(0.125), 0.125),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({1: 2}, {"1": 2}),
        (Path("/data"), "/data"),
        (datetime(2026, 1, 2), "2026-01-02T00:00:00"),
    ],
)
def test_freeze_makes_json_like_parts(value, expected):
    frozen = freeze(value)
    assert frozen == expected
    json.dumps(frozen)


def test_freeze_copies_what_could_change_later():
    losses = [1.0]
    array = np.zeros(2)
    frozen = freeze({"losses": losses, "array": array})
    losses.append(2.0)
    array += 1
    assert frozen == {"losses": [1.0], "array": [0.0, 0.0]}


def test_freeze_ends_with_structures_that_contain_themselves():
    loop: list[object] = []
    loop.append(loop)
    json.dumps(freeze(loop))


@pytest.mark.parametrize(("value", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_plain_spells_out_what_json_has_no_numbers_for(value, text):
    assert plain(value) == text
    assert plain({"a": [value]}) == {"a": [text]}
    assert float(text) == value or math.isnan(value)


@settings(max_examples=60)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))  # fmt: skip
def test_anything_can_be_written_as_strict_json(value):
    json.dumps(plain(freeze(value)), allow_nan=False)
