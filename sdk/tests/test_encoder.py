"""Events on the wire: the envelope of the contract, one per line."""

from __future__ import annotations

import json
import uuid

import pytest

from argus._encoder import Encoder, InvalidEventError

SOURCE = {"project": "p", "host": "h", "user": None, "commit": "abc", "command": 'python "x"'}


def encode(event_type="job_epoch", at=1_800_000_000.123456, batch_id=None, job_id="j", data=None):
    return Encoder(SOURCE, "b-1").encode((event_type, at, batch_id, job_id, data if data is not None else {"epoch": 1}))


def test_an_event_is_one_line_with_the_contracts_envelope():
    line = encode(data={"epoch": 1, "train_loss": None, "note": "two\nlines", "lr": 0.1})
    assert line.count(b"\n") == 1
    event = json.loads(line)
    uuid.UUID(event.pop("event_id"))
    assert event == {
        "schema_version": "1.1",
        "event_type": "job_epoch",
        "timestamp": "2027-01-15T08:00:00.123Z",
        "batch_id": "b-1",
        "job_id": "j",
        "source": {"project": "p", "host": "h", "commit": "abc", "command": 'python "x"'},
        "data": {"epoch": 1, "note": "two\nlines", "lr": 0.1},
    }


def test_numbers_that_json_lacks_are_spelled_out():
    data = {"epoch": 1, "a": float("nan"), "b": float("-inf"), "c": [float("inf")]}
    event = json.loads(encode(data=data), parse_constant=pytest.fail)
    assert event["data"] == {"epoch": 1, "a": "NaN", "b": "-Infinity", "c": ["Infinity"]}


def test_text_that_is_no_unicode_does_not_break_the_line():
    assert json.loads(encode("log_line", data={"line": "bad \udcff byte"}))["data"]["line"] == "bad ? byte"


def test_an_event_may_name_another_batch():
    assert json.loads(encode(batch_id="b-2"))["batch_id"] == "b-2"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"event_type": "telemetry"}, "unknown_type"),
        ({"event_type": "job_done", "job_id": None}, "no_job"),
        ({"event_type": "job_done", "job_id": "j" * 257}, "long_job_id"),
    ],
)
def test_what_no_server_would_take_is_refused_with_a_reason(event, reason):
    with pytest.raises(InvalidEventError) as refusal:
        encode(**event)
    assert refusal.value.reason == reason


def test_without_a_batch_there_is_no_event():
    with pytest.raises(InvalidEventError):
        Encoder(SOURCE, None).encode(("batch_done", 0.0, None, None, {}))
