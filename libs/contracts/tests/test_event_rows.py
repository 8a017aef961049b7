"""An event id comes back from its key as it was sent, and no two ids share a key."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_contracts.event_rows import TYPE_CODES, TYPES_BY_CODE, event_id, event_key
from argus_contracts.events import INGESTED_TYPES, SERVER_TYPES


@given(st.uuids().map(str) | st.text(min_size=8, max_size=64) | st.uuids().map(lambda u: str(u).upper()))
def test_an_id_survives(text):
    assert event_id(event_key(text)) == text


def test_a_canonical_uuid_takes_17_bytes():
    assert len(event_key(str(uuid.uuid4()))) == 17


@pytest.mark.parametrize(
    "text",
    [
        "3F2B8C1E-5d4a-4c6b-9e7f-0a1b2c3d4e5f",
        "3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5g",
        "3f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e-f",
        "३f2b8c1e-5d4a-4c6b-9e7f-0a1b2c3d4e5f",
        "3f2b8c1e 5d4a-4c6b-9e7f-0a1b2c3d4e5f",
    ],
)
def test_what_only_looks_like_a_uuid_stays_text(text):
    assert event_key(text)[:1] == b"t"
    assert event_id(event_key(text)) == text


def test_every_type_has_one_number():
    assert set(TYPE_CODES) == set(INGESTED_TYPES) | set(SERVER_TYPES)
    assert len(TYPES_BY_CODE) == len(TYPE_CODES)
