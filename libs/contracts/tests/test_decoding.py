"""Properties of the decoder: it refuses and never breaks, its two paths agree, what it lets pass can be stored."""

import json

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_contracts import decoding, jsonschema, vectors
from argus_contracts.decoding import BodyError, EventError, RejectedEvent, decode_batch, decode_single
from argus_contracts.errors import ErrorCode
from argus_contracts.events import INGESTED_TYPES, Event, encode_event, json_safe, server_event
from argus_contracts.payloads import PAYLOADS
from argus_contracts.timestamps import parse_timestamp

SCHEMA = jsonschema_rs.validator_for(jsonschema.event_schema())
KNOWN_KEYS = sorted({name for payload in PAYLOADS.values() for name in payload.__struct_fields__})

texts = st.text(max_size=20) | st.sampled_from(["", "4", "NaN", "-Infinity", "a\0b", "\ud800", "\udc00x", "true"])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from([2**63, -(2**63) - 1, 10**400])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
good_data = st.dictionaries(st.sampled_from(KNOWN_KEYS) | texts, values, max_size=5)


@st.composite
def envelopes(draw):
    """Mostly sound envelopes, with a few fields missing, replaced or added."""
    envelope = {
        "schema_version": "1.1",
        "event_id": draw(st.uuids()).hex,
        "event_type": draw(st.sampled_from(INGESTED_TYPES)),
        "timestamp": draw(st.sampled_from(["2026-11-23T14:44:22Z", "2026-11-23T14:44:22.5+02:00", "2026-11-23"])),
        "batch_id": "batch-1",
        "job_id": draw(st.sampled_from(["job-1", None, ""])),
        "source": {"project": draw(texts), "host": draw(st.none() | texts)},
        "data": {"epoch": draw(st.integers(0, 9))} | draw(good_data),
    }
    for name in draw(st.lists(st.sampled_from([*envelope, "extra"]), max_size=2)):
        envelope[name] = draw(values)
    for name in draw(st.lists(st.sampled_from(sorted(envelope)), max_size=1)):
        if draw(st.booleans()):
            del envelope[name]
    return envelope


def outcome(result):
    """What a decoded or rejected event amounts to, comparable even where it holds NaN."""
    if isinstance(result, RejectedEvent):
        return (result.event_id, result.error.code, result.error.status, result.error.message)
    return (result.event_id, result.event_type, result.at, result.job_id, result.source, json_safe(result.data))


def batch_of(*events):
    return json.dumps({"events": events}).encode()


class TestNothingBreaksIt:
    @given(st.binary(max_size=200))
    def test_arbitrary_bytes(self, body):
        with pytest.raises(BodyError):
            decode_batch(body)
        with pytest.raises(EventError):
            decode_single(body)

    @given(values)
    def test_arbitrary_json(self, value):
        body = json.dumps(value).encode()
        with pytest.raises(BodyError) as caught:
            decode_batch(body)
        assert caught.value.status == 422
        msgspec.json.encode(caught.value.detail)

    @given(st.lists(values, min_size=1, max_size=3))
    def test_arbitrary_json_as_events(self, items):
        for index, result in enumerate(decode_batch(batch_of(*items))):
            assert isinstance(result, RejectedEvent)
            assert result.index == index
            msgspec.json.encode([result.error.detail, result.error.message, result.event_id])

    @given(st.sampled_from(vectors.load()), st.data())
    def test_damaged_bytes(self, vector, data):
        body = vector.batch_body[:4000]
        at = data.draw(st.integers(0, len(body)))
        damaged = body[:at] + data.draw(st.binary(max_size=3)) + body[at + data.draw(st.integers(0, 2)) :]
        try:
            results = decode_batch(damaged)
        except BodyError as error:
            msgspec.json.encode(error.detail)
        else:
            assert all(isinstance(result, Event | RejectedEvent) for result in results)

    @pytest.mark.parametrize("bomb", [b"[" * 200_000, b'{"a":' * 200_000, b'{"events":[' + b'{"data":' * 200_000])
    def test_depth_bombs_that_never_close(self, bomb):
        with pytest.raises(BodyError) as caught:
            decode_batch(bomb)
        assert caught.value.code == ErrorCode.BODY_TOO_DEEP

    def test_many_unknown_keys_give_a_short_answer(self):
        body = json.dumps({f"key{number}": 1 for number in range(10_000)}).encode()
        for decode in (decode_batch, decode_single):
            with pytest.raises((BodyError, EventError)) as caught:
                decode(body)
            assert len(msgspec.json.encode(caught.value.detail)) < 5000

    def test_huge_input_is_not_echoed(self):
        (refused,) = decode_batch(batch_of({"event_id": "x" * 1_000_000}))
        assert len(msgspec.json.encode([refused.error.detail, refused.error.message, refused.event_id])) < 5000


class TestOneBadEventCostsItselfOnly:
    @settings(max_examples=60)
    @given(st.lists(envelopes(), min_size=1, max_size=6))
    def test_each_event_fares_as_if_alone(self, events):
        together = [outcome(result) for result in decode_batch(batch_of(*events))]
        alone = [outcome(decode_batch(batch_of(event))[0]) for event in events]
        assert together == alone

    @given(envelopes())
    def test_quick_and_careful_path_agree(self, event):
        body = batch_of(event)
        assert [outcome(result) for result in decode_batch(body)] == [
            outcome(result) for result in decoding._salvage(body, 5000)
        ]

    @given(envelopes())
    def test_single_and_batch_agree(self, event):
        (expected,) = decode_batch(batch_of(event))
        body = json.dumps(event).encode()
        if isinstance(expected, Event):
            assert outcome(decode_single(body)) == outcome(expected)
        else:
            with pytest.raises(EventError) as caught:
                decode_single(body)
            assert outcome(RejectedEvent(0, expected.event_id, caught.value)) == outcome(expected)

    def test_bytes_that_are_no_utf8_are_replaced(self):
        good = vectors.load("types")[0].body
        event = b'{"schema_version":"1.1","event_id":"event-001","event_type":"log_line","timestamp":"2026-11-23",'
        event += b'"batch_id":"b","source":{"project":"p"},"data":{"line":"caf\xe9"}}'
        first, second = decode_batch(b'{"events":[' + good + b"," + event + b"]}")
        assert isinstance(first, Event)
        assert second.data == {"line": "caf\ufffd"}


class TestWhatPasses:
    @given(envelopes())
    def test_round_trip(self, envelope):
        (event,) = decode_batch(batch_of(envelope))
        if isinstance(event, Event):
            again = decode_single(encode_event(event))
            assert outcome(again) == outcome(event)

    @given(envelopes())
    def test_can_be_stored(self, envelope):
        (event,) = decode_batch(batch_of(envelope))
        if isinstance(event, Event):
            text = encode_event(event).decode("utf-8")
            assert "\\u0000" not in text.replace("\\\\", "")
            assert "NaN," not in text.replace('"NaN"', "")
            assert event.at.utcoffset().total_seconds() == 0

    @given(envelopes())
    def test_what_the_schema_accepts_is_accepted(self, envelope):
        text = json.dumps(envelope)
        try:
            sound = SCHEMA.is_valid(msgspec.json.decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # no strict JSON: the schema has no say
        except ValueError:
            return  # a number that this validator cannot hold
        (result,) = decode_batch(b'{"events":[' + text.encode() + b"]}")
        if sound and isinstance(result, RejectedEvent):
            assert parse_timestamp(envelope["timestamp"]) is None

    @pytest.mark.parametrize("vector", vectors.load("types"), ids=lambda vector: vector.name)
    def test_what_reporters_send_fits_the_schema(self, vector):
        assert SCHEMA.is_valid(json.loads(vector.body))

    def test_events_of_one_request_share_nothing(self):
        without_data = {
            "schema_version": "1.1",
            "event_id": "event-001",
            "event_type": "batch_done",
            "timestamp": "2026-11-23T14:44:22Z",
            "batch_id": "b",
            "source": {"project": "p"},
        }
        first, second = decode_batch(batch_of(without_data, without_data))
        first.data["n_done"] = 1
        assert second.data == {}


class TestLimits:
    def test_most_events_of_a_request(self):
        event = vectors.load("types")[0].body
        body = b'{"events":[' + b",".join([event] * 4) + b"]}"
        assert len(decode_batch(body, max_events=4)) == 4
        with pytest.raises(BodyError) as caught:
            decode_batch(body, max_events=3)
        assert caught.value.code == ErrorCode.BODY_TOO_MANY_EVENTS
        assert caught.value.detail[0]["loc"] == ["body", "events"]

    def test_count_comes_before_the_events_faults(self):
        with pytest.raises(BodyError) as caught:
            decode_batch(batch_of(1, 2, 3), max_events=2)
        assert caught.value.code == ErrorCode.BODY_TOO_MANY_EVENTS


class TestAnswers:
    def refused(self, **changes):
        envelope = json.loads(vectors.load("types")[6].body) | changes
        (result,) = decode_batch(batch_of(envelope))
        return result.error

    def test_payload_faults_have_bare_places(self):
        error = self.refused(data={"epoch": "x", "lr": []})
        assert [item["loc"] for item in error.detail] == [["epoch"], ["lr"]]
        assert error.loc == ("epoch",)
        assert "epoch" in error.message
        assert "lr" in error.message

    def test_envelope_faults_are_placed_in_the_body(self):
        error = self.refused(source={"host": 1})
        assert [(item["type"], item["loc"]) for item in error.detail] == [
            ("missing", ["body", "source", "project"]),
            ("string_type", ["body", "source", "host"]),
        ]

    def test_unsupported_version_names_both(self):
        detail = self.refused(schema_version="0.9").detail
        assert detail.pop("message")
        assert detail == {"received": "0.9", "supported": ["1.1"]}

    def test_missing_id_and_missing_job_are_plain_sentences(self):
        assert isinstance(self.refused(event_id=None).detail, str)
        assert isinstance(self.refused(job_id=None).detail, str)


def test_server_event_is_an_envelope_like_any_other():
    at = parse_timestamp("2026-11-23T14:44:22.5+01:00")
    event = server_event("batch_summary", batch_id="b", project="p", at=at, data={"n_done": 3})
    envelope = json.loads(encode_event(event))
    assert envelope["timestamp"] == "2026-11-23T13:44:22Z"
    assert envelope["source"] == {"project": "p", "host": None, "user": None, "commit": None, "command": None}
    assert next(iter(envelope)) == "schema_version"
    assert envelope["data"] == {"n_done": 3}
