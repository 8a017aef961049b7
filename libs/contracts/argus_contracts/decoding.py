"""From the bytes of a request to checked events: the door for ingest, and its hot path.

A sound request costs one pass of msgspec and a few cheap checks per event. Only when that pass refuses is the body read
again, event by event, by ``salvage``: a bad event is then rejected alone, with its reason.
"""

from datetime import datetime
from typing import Final

import msgspec

from argus_contracts.envelope import Envelope, build_event
from argus_contracts.errors import ErrorCode
from argus_contracts.events import Event
from argus_contracts.refusals import BodyError, EventError, RejectedEvent, fault
from argus_contracts.salvage import may_be_unclean, read_event, read_events, read_json, readable_event_id

__all__ = ["MAX_EVENTS", "BodyError", "EventError", "RejectedEvent", "decode_batch", "decode_single"]

MAX_EVENTS: Final = 5000

_ESCAPED_NUL: Final = b"\\u0000"


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    events: list[Envelope]


_BATCH: Final = msgspec.json.Decoder(_Batch)
_SINGLE: Final = msgspec.json.Decoder(Envelope)


def decode_batch(body: bytes, *, max_events: int = MAX_EVENTS) -> list[Event | RejectedEvent]:
    """Read ``{"events": [...]}``; the result has one entry per event, in order.

    Raises BodyError when the body cannot be read at all: no JSON, no object with only a list "events", none or more
    than ``max_events`` of them, nested beyond reading.
    """
    try:
        envelopes = _BATCH.decode(body).events
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _salvage(body, max_events)
    _check_count(len(envelopes), max_events)
    unclean = _ESCAPED_NUL in body
    instants: dict[str, datetime] = {}
    results: list[Event | RejectedEvent] = []
    for index, envelope in enumerate(envelopes):
        try:
            results.append(build_event(envelope, instants, unclean=unclean))
        except EventError as error:
            event_id = readable_event_id({"event_id": envelope.event_id})
            results.append(RejectedEvent(index, event_id, error))
    return results


def decode_single(body: bytes) -> Event:
    """Read one envelope. Raises EventError, with a ``body.*`` code when the body is no JSON."""
    try:
        envelope = _SINGLE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _salvage_single(body)
    return build_event(envelope, {}, unclean=_ESCAPED_NUL in body)


def _salvage_single(body: bytes) -> Event:
    try:
        value = read_json(body)
    except BodyError as error:
        raise EventError(error.code, error.message, error.status, error.detail, error.loc) from None
    return read_event(value, {}, unclean=may_be_unclean(body))


def _salvage(body: bytes, max_events: int) -> list[Event | RejectedEvent]:
    values = read_events(body)
    _check_count(len(values), max_events)
    unclean = may_be_unclean(body)
    instants: dict[str, datetime] = {}
    results: list[Event | RejectedEvent] = []
    for index, value in enumerate(values):
        try:
            results.append(read_event(value, instants, unclean=unclean))
        except EventError as error:
            results.append(RejectedEvent(index, readable_event_id(value), error))
    return results


def _check_count(count: int, max_events: int) -> None:
    loc = ("body", "events")
    if count == 0:
        item = fault("too_short", loc, "List should have at least 1 item", min_length=1, actual_length=0)
        raise BodyError(ErrorCode.BODY_EVENTS_EMPTY, detail=[item], loc=loc)
    if count > max_events:
        text = f"List should have at most {max_events} items, not {count}"
        item = fault("too_long", loc, text, max_length=max_events, actual_length=count)
        raise BodyError(ErrorCode.BODY_TOO_MANY_EVENTS, detail=[item], loc=loc)
