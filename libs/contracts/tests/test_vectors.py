"""The vectors hold for a single event, in a batch alone, and in a batch between good neighbours."""

import pytest

from argus_contracts import vectors
from argus_contracts.decoding import BodyError, EventError, RejectedEvent, decode_batch, decode_single
from argus_contracts.errors import ErrorCode
from argus_contracts.events import INGESTED_TYPES, Event, json_safe

VECTORS = vectors.load()
GOOD = [vector for vector in VECTORS if vector.valid]
BAD = [vector for vector in VECTORS if not vector.valid]
NEIGHBOUR = next(vector for vector in GOOD if vector.name == "job_epoch with free metrics").body


def name_of(vector):
    return f"{vector.group}: {vector.name}"


def assert_as_promised(event, vector):
    for field, expected in vector.normalized.items():
        got = getattr(event, field)
        got = got.isoformat() if field == "at" else json_safe(got) if field == "data" else got
        assert got == expected
        if field == "data":
            assert {key: type(value) for key, value in got.items()} == {
                key: type(value) for key, value in expected.items()
            }


@pytest.mark.parametrize("vector", GOOD, ids=name_of)
def test_good_event_is_read(vector):
    assert_as_promised(decode_single(vector.body), vector)
    (event,) = decode_batch(vector.batch_body)
    assert isinstance(event, Event), event
    assert_as_promised(event, vector)


@pytest.mark.parametrize("vector", BAD, ids=name_of)
def test_bad_event_is_refused_with_its_reason(vector):
    with pytest.raises(EventError) as caught:
        decode_single(vector.body)
    assert (caught.value.code, caught.value.status) == (vector.error_code, vector.status)


@pytest.mark.parametrize("vector", BAD, ids=name_of)
def test_bad_event_does_not_cost_its_neighbours(vector):
    body = b'{"events":[' + b",".join([NEIGHBOUR, vector.body, NEIGHBOUR]) + b"]}"
    before, refused, after = decode_batch(body)
    assert isinstance(before, Event)
    assert isinstance(after, Event)
    assert before == after
    assert isinstance(refused, RejectedEvent)
    assert refused.index == 1
    assert (refused.error.code, refused.error.status) == (vector.error_code, vector.status)


@pytest.mark.parametrize("vector", vectors.load_bodies(), ids=lambda vector: vector.name)
def test_unreadable_body_is_refused_whole(vector):
    with pytest.raises(BodyError) as caught:
        decode_batch(vector.body.encode())
    assert (caught.value.code, caught.value.status) == (vector.error_code, vector.status)
    assert isinstance(caught.value.detail, list)


def test_every_type_and_every_code_has_a_vector():
    assert {decode_single(vector.body).event_type for vector in GOOD} == set(INGESTED_TYPES)
    decided_by_ingest = {ErrorCode.EVENT_FORBIDDEN, ErrorCode.EVENT_INTERNAL}
    event_codes = {code for code in ErrorCode if code.startswith("event.")} - decided_by_ingest
    assert {vector.error_code for vector in BAD} == event_codes


def test_names_are_unique():
    names = [name_of(vector) for vector in VECTORS]
    assert len(names) == len(set(names))
