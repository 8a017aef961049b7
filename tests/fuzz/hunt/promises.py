"""The decoder's promises, each checked on any bytes: Hypothesis and atheris call the same functions."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from argus_contracts import decoding
from argus_contracts.decoding import BodyError, EventError, RejectedEvent, decode_batch, decode_single
from argus_contracts.event_rows import event_id, event_key
from argus_contracts.events import Event, encode_event, json_safe

# An answer repeats of a request no more than this, whatever was sent.
LONGEST_REFUSAL = 20_000


def hold(body: bytes) -> None:
    """All of them, for a body that is read as one event and as a batch."""
    alone = _one(body)
    if isinstance(alone, Event):
        hold_event(alone)
    many = _many(body)
    if isinstance(many, list):
        hold_batch(body, many)
    _hold_neighbours(body, alone)


def hold_batch(body: bytes, results: list[Event | RejectedEvent]) -> None:
    """What passes can be stored, and the quick way reads as the careful one does."""
    for index, result in enumerate(results):
        if isinstance(result, Event):
            hold_event(result)
        else:
            assert result.index == index
            _hold_refusal(result.error)
    careful = decoding._salvage(body, decoding.MAX_EVENTS)
    assert [outcome(result) for result in careful] == [outcome(result) for result in results]


def hold_event(event: Event) -> None:
    """An accepted event is written as strict JSON that a database takes, and is read back as the same event."""
    written = encode_event(event)
    json.loads(written.decode("utf-8"), parse_constant=_refuse_constant)
    _hold_clean(msgspec.to_builtins(event, builtin_types=(type(event.at),)))
    assert outcome(decode_single(written)) == outcome(event)
    assert encode_event(decode_single(written)) == written
    assert event_id(event_key(event.event_id)) == event.event_id
    assert 1 <= event.at.year <= 9999


def outcome(result: Event | RejectedEvent) -> Any:
    """What a result amounts to, comparable even where it holds NaN."""
    if isinstance(result, RejectedEvent):
        return (result.event_id, result.error.code, result.error.status)
    data = json_safe(result.data)
    return msgspec.json.encode([msgspec.structs.replace(result, data=data), _kinds(data)])


def _one(body: bytes) -> Event | EventError:
    try:
        return decode_single(body)
    except EventError as error:
        _hold_refusal(error)
        return error


def _many(body: bytes) -> list[Event | RejectedEvent] | BodyError:
    try:
        return decode_batch(body)
    except BodyError as error:
        _hold_refusal(error)
        return error


def _hold_neighbours(body: bytes, alone: Event | EventError) -> None:
    """Among others it fares as it does alone, and they as if it were not there."""
    try:
        json.loads(body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return  # with it, the whole is no JSON
    if body.startswith(b"\xef\xbb\xbf"):
        return  # in the middle a byte order mark is no JSON
    before, it, after = decode_batch(b'{"events":[' + _GOOD + b"," + body + b"," + _GOOD + b"]}")
    assert isinstance(before, Event)
    assert outcome(before) == outcome(after) == _GOOD_OUTCOME
    if isinstance(alone, Event):
        assert outcome(it) == outcome(alone)
    else:
        assert isinstance(it, RejectedEvent)
        assert (it.error.code, it.error.status) == (alone.code, alone.status)


def _hold_refusal(error: EventError | BodyError) -> None:
    assert 400 <= error.status < 500
    assert len(msgspec.json.encode([error.code, error.message, error.detail, error.loc])) < LONGEST_REFUSAL


def _hold_clean(value: Any) -> None:
    """No NUL, no half surrogate pairs, no number beyond 64 bits, anywhere."""
    match value:
        case str():
            value.encode("utf-8")
            assert "\0" not in value
        case bool():
            pass
        case int():
            assert -(2**63) <= value < 2**63
        case dict():
            for name, item in value.items():
                _hold_clean(name)
                _hold_clean(item)
        case list():
            for item in value:
                _hold_clean(item)


def _kinds(value: Any) -> Any:
    """The classes within: 1 and 1.0 and true are not the same."""
    match value:
        case dict():
            return [_kinds(item) for item in value.values()]
        case list():
            return [_kinds(item) for item in value]
    return type(value).__name__


def _refuse_constant(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


_GOOD = (
    b'{"schema_version":"1.1","event_id":"neighbour-1","event_type":"log_line","timestamp":"2026-11-23T14:44:22Z",'
    b'"batch_id":"b","source":{"project":"p"},"data":{"line":"x","level":"info"}}'
)
_GOOD_OUTCOME = outcome(decode_single(_GOOD))
