"""Bodies as somebody might send them: sound ones bent in a few places, down to single bytes."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import strategies as st

from argus_contracts import vectors
from argus_contracts.events import INGESTED_TYPES
from argus_contracts.payloads import PAYLOADS

KEYS = sorted({name for payload in PAYLOADS.values() for name in payload.__struct_fields__})
BODIES = [vector.body for vector in vectors.load()] + [vector.body.encode() for vector in vectors.load_bodies()]

words = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "4",
        "4.0",
        "1e5",
        "1_0",
        "NaN",
        "-Infinity",
        "a\0b",
        "\ud800",
        "\udc00x",
        "\ufeff",
        "true",
        "é",
        "٣",
        "0x1",
    ]
)
numbers = (
    st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2.0**63, -(2.0**63), 5e-324, 1.7e308, -0.0, 10**400])
)
scalars = st.none() | st.booleans() | numbers | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)
times = (
    st.datetimes().map(lambda at: at.isoformat())
    | st.from_regex(
        re.compile(r"\d{4}-?\d\d-?\d\d([Tt ]\d\d(:?\d\d(:?[0-6]\d([.,]\d{1,9})?)?)?([Zz]|[+-]\d\d:?\d\d)?)?"),
        fullmatch=True,
    )
    | st.sampled_from(["9999-12-31T23:59:60Z", "0001-01-01T00:00:00+14:00", "2016-12-31T23:59:60Z", "20260101", ""])
)


@st.composite
def envelopes(draw: st.DrawFn) -> dict[str, Any]:
    """Mostly sound, with a few fields missing, replaced or added."""
    kind = draw(st.sampled_from(INGESTED_TYPES))
    data = draw(
        st.dictionaries(st.sampled_from([*PAYLOADS[kind].__struct_fields__, "extra"]) | words, values, max_size=5)
    )
    envelope: dict[str, Any] = {
        "schema_version": "1.1",
        "event_id": draw(st.uuids().map(str) | st.text(min_size=8, max_size=64)),
        "event_type": kind,
        "timestamp": draw(times),
        "batch_id": draw(st.just("batch-1") | st.text(min_size=1, max_size=128)),
        "job_id": draw(st.sampled_from(["job-1", None, ""]) | st.text(max_size=20)),
        "source": {"project": draw(words), "host": draw(st.none() | words)},
        "data": {"epoch": draw(st.integers(0, 9)), "step": 1} | data,
    }
    for name in draw(st.lists(st.sampled_from([*envelope, "extra"]), max_size=2)):
        envelope[name] = draw(values)
    for name in draw(st.lists(st.sampled_from(sorted(envelope)), max_size=1)):
        del envelope[name]
    return envelope


@st.composite
def texts(draw: st.DrawFn, value: st.SearchStrategy[Any]) -> bytes:
    """JSON as different writers write it: escaped or not, spaced or not, keys twice."""
    text = json.dumps(
        draw(value),
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:")])),
    )
    if draw(st.booleans()):
        text = text.replace('"data"', '"data":{},"data"', 1)
    return text.encode("utf-8", draw(st.sampled_from(["surrogatepass", "replace"])))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A known body with bytes flipped, cut out, repeated, or put in."""
    body = bytearray(draw(st.sampled_from(BODIES))[:3000])
    for _ in range(draw(st.integers(1, 4))):
        at, size = draw(st.integers(0, len(body))), draw(st.integers(0, 8))
        match draw(st.integers(0, 3)):
            case 0 if body:
                body[at % len(body)] ^= draw(st.integers(1, 255))
            case 1:
                del body[at : at + size]
            case 2:
                body[at:at] = body[at : at + size]
            case _:
                body[at:at] = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
    return bytes(body)


PIECES = [
    *(b"NaN", b"-Infinity", b"\\u0000", b"\\ud83d", b"\\uDC00", b"\xff", b"\xed\xa0\x80", b"1e999", b"9" * 30),
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"true", b"\x00", b"\xef\xbb\xbf", b'"events":', b"-0", b"\\"),
]
