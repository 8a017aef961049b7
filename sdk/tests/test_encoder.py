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


def point(*numbers, names=(), kind="job_epoch", at=1_800_000_000.5, job_id="j"):
    return (kind, at, job_id, *numbers) if kind == "job_step" else (kind, at, job_id, *numbers[:5], names, *numbers[5:])


ODD = [float("nan"), float("inf"), None, True, "text", [1.0], 10**400, -0.0, 1e308, 7, 0.1]


class TestPoints:
    """Points take a way of their own through templates; it must end where the long way ends."""

    @pytest.mark.parametrize("odd", ODD)
    @pytest.mark.parametrize("place", range(3))
    def test_any_value_in_any_place_is_written_as_the_long_way_writes_it(self, odd, place):
        encoder = Encoder(SOURCE, "b-1")
        for round_ in range(3):  # the template is made by one, used by the next, and left by an odd value
            numbers = [round_, 0.5, None, 0.001, None, 0.25, 3]
            if round_:
                numbers[(1, 2, 5)[place]] = odd
            fast = json.loads(encoder.encode(point(*numbers, names=("acc %s", "n"))))
            names = ("epoch", "train_loss", "val_loss", "lr", "batch_time_ms", "acc %s", "n")
            data = dict(zip(names, numbers, strict=True))
            slow = json.loads(encoder.encode(("job_epoch", 1_800_000_000.5, None, "j", data)))
            assert fast.pop("event_id") != slow.pop("event_id")
            assert fast == slow

    def test_steps_with_one_name_or_several(self):
        encoder = Encoder(SOURCE, "b-1")
        for step in range(3):
            one = json.loads(encoder.encode(point(step, "reward", 0.5, kind="job_step")))
            assert one["data"] == {"step": step, "reward": 0.5}
            two = json.loads(encoder.encode(point(step, ("a", "b"), 0.5, float("nan"), kind="job_step")))
            assert two["data"] == {"step": step, "a": 0.5, "b": "NaN"}

    def test_ids_are_uuids_and_never_the_same(self):
        encoder = Encoder(SOURCE, "b-1")
        ids = []
        for _ in range(50):
            encoder.begin_slice()
            ids += [json.loads(encoder.encode(point(n, 0.5, None, None, None)))["event_id"] for n in range(20)]
        assert len(set(ids)) == 1000
        assert {uuid.UUID(one).version for one in ids} == {4}

    def test_names_without_end_do_not_fill_the_memory(self):
        encoder = Encoder(SOURCE, "b-1")
        for n in range(2000):
            encoder.encode(point(n, f"metric-{n}", 0.5, kind="job_step"))
        assert len(encoder._templates) <= 512

    def test_a_long_job_id_is_refused_here_too(self):
        with pytest.raises(InvalidEventError):
            encode_point = Encoder(SOURCE, "b-1").encode
            encode_point(point(1, 0.5, None, None, None, job_id="j" * 257))
