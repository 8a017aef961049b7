"""Single values are read as senders expect."""

import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_contracts.coercion import as_bool, as_float, as_int, declared_fields
from argus_contracts.payloads import PAYLOADS, AlertData, JobEpochData
from argus_contracts.timestamps import parse_timestamp

ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()) | st.just({})


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (4, 4), ("4", 4), (" -4 ", -4), ("+4.", 4), ("4.000", 4), (3.0, 3), (True, 1), (2**63 - 1, 2**63 - 1),
        (3.5, None), ("3.5", None), ("x", None), ("", None), (None, None), ([4], None), (math.nan, None),
        (math.inf, None), (2**63, None), (-(2.0**63), None), ("9" * 30, None), ("9" * 5000, None), ("1e3", None),
        ("٤", None),
    ],
)  # fmt: skip
def test_as_int(value, number):
    assert as_int(value) == number
    assert type(as_int(value)) is type(number)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (4, 4.0), ("4", 4.0), (" 1e-3 ", 0.001), (0.5, 0.5), (True, 1.0), ("Infinity", math.inf), ("-inf", -math.inf),
        ("x", None), ("", None), (None, None), ([], None), (10**400, None), ("1" * 500, None),
    ],
)  # fmt: skip
def test_as_float(value, number):
    assert as_float(value) == number


def test_nan_text_is_nan():
    assert math.isnan(as_float("NaN"))


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        (0, False),
        (1.0, True),
        ("Yes", True),
        (" off ", False),
        (2, None),
        ("perhaps", None),
        (None, None),
    ],
)
def test_as_bool(value, flag):
    assert as_bool(value) is flag


@given(ANYTHING)
def test_reading_never_raises(value):
    for read in (as_int, as_float, as_bool):
        read(value)


@given(st.text())
def test_no_text_breaks_the_timestamp(text):
    assert parse_timestamp(text) is None or parse_timestamp(text).tzinfo is not None


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-23 * 60, 23 * 60))
def test_isoformat_is_read_back(moment, offset):
    moment = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert parse_timestamp(moment.isoformat()) == moment


def test_documented_keys_are_not_checked():
    assert [field.name for field in declared_fields(JobEpochData)] == ["epoch", "train_loss", "val_loss", "lr"]
    assert [field.required for field in declared_fields(JobEpochData)] == [True, False, False, False]
    assert len(PAYLOADS) == 14


def test_texts_are_measured_and_words_are_of_a_list():
    title, text, level = declared_fields(AlertData)
    assert (title.required, text.required, level.required) == (True, False, False)
    assert [title.reading.read(value) for value in ("t", "t" * 200, "", "t" * 201, 3)] == [
        "t",
        "t" * 200,
        None,
        None,
        None,
    ]
    assert title.reading.fault_text == "Input should be a text of 1 to 200 characters"
    assert [level.reading.read(value) for value in ("warn", "fatal", 1)] == ["warn", None, None]
    assert level.reading.fault_text == "Input should be info, warn or error"
