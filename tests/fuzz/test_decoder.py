"""The decoder keeps its promises whatever it is given: see `hunt.promises`."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hunt import grammar, promises
from hunt.effort import look
from hypothesis import given
from hypothesis import strategies as st

from argus_contracts.decoding import BodyError, EventError, decode_batch, decode_single


@pytest.mark.parametrize("body", grammar.BODIES, ids=range(len(grammar.BODIES)))
def test_every_vector(body: bytes) -> None:
    promises.hold(body)


@look(5)
@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    promises.hold(body)


@look(10)
@given(grammar.damaged())
def test_damaged_vectors(body: bytes) -> None:
    promises.hold(body)


@look()
@given(grammar.texts(grammar.envelopes()))
def test_envelopes(body: bytes) -> None:
    promises.hold(body)


@look()
@given(grammar.texts(st.fixed_dictionaries({"events": st.lists(grammar.envelopes() | grammar.values, max_size=5)})))
def test_batches(body: bytes) -> None:
    promises.hold(body)


@look(0.5)
@given(st.lists(grammar.texts(grammar.envelopes()), min_size=1, max_size=5))
def test_each_fares_as_if_alone(bodies: list[bytes]) -> None:
    together = decode_batch(b'{"events":[' + b",".join(bodies) + b"]}")
    for body, result in zip(bodies, together, strict=True):
        (alone,) = decode_batch(b'{"events":[' + body + b"]}")
        assert promises.outcome(result) == promises.outcome(alone)


BOMBS = {
    "open lists": b"[" * 1_000_000,
    "open objects": b'{"a":' * 200_000,
    "a long text": json.dumps({"event_id": "x" * 1_000_000}).encode(),
    "a long number": b'{"events":[{"data":{"epoch":' + b"9" * 1_000_000 + b"}}]}",
    "many events that are none": b'{"events":[' + b",".join([b"1"] * 300_000) + b"]}",
    "many keys": json.dumps({f"k{number}": number for number in range(60_000)}).encode(),
    "many empty lists": b'{"events":[' + b",".join([b"[]"] * 300_000) + b"]}",
    "escapes": b'{"events":["' + b"\\u0000" * 160_000 + b'"]}',
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
def test_memory_stays_in_proportion(body: bytes) -> None:
    # A list in Python is 56 bytes and a place of 8 for 3 bytes of JSON: that is the worst, and no square of it.
    most = 40 * len(body) + 2**20
    for decode in (decode_batch, decode_single):
        tracemalloc.start()
        try:
            decode(body)
        except (BodyError, EventError):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < most, f"{peak / len(body):.0f} bytes for each that was sent"
