"""The careful path: reads what the quick decoder refused, so that a bad event costs itself only.

It also takes what strict JSON does not have but senders write: NaN, Infinity, half surrogate pairs, bytes that are not
UTF-8 (replaced by U+FFFD), numbers too large for a double.
"""

import json
from datetime import datetime
from typing import Any, Final

import msgspec

from argus_contracts.envelope import BATCH_ID_MAX, JOB_ID_MAX, Envelope, build_event, refuse
from argus_contracts.errors import ErrorCode
from argus_contracts.events import Event, Source
from argus_contracts.refusals import MAX_FAULTS, BodyError, EventError, fault

_BODY: Final = ("body",)
_LONGEST_INT_TEXT: Final = 20  # sign and 19 digits; longer ones do not fit 64 bits
_ENVELOPE_NAMES: Final = frozenset(Envelope.__struct_fields__)
_SOURCE_NAMES: Final = frozenset(Source.__struct_fields__)

_LIMITS: Final = {
    "batch_id": (1, BATCH_ID_MAX, ErrorCode.EVENT_BATCH_ID_INVALID),
    "job_id": (0, JOB_ID_MAX, ErrorCode.EVENT_JOB_ID_INVALID),
}


def read_json(body: bytes) -> Any:
    """Parse a body leniently. Raises BodyError when it is not JSON or nested beyond reading."""
    try:
        return json.loads(body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"), parse_int=_read_int)
    except json.JSONDecodeError as error:
        item = fault("json_invalid", ("body", error.pos), "JSON decode error", error=error.msg)
        text = f"The request body is not valid JSON: {error.msg} at character {error.pos}."
        raise BodyError(ErrorCode.BODY_JSON_INVALID, text, detail=[item], loc=("body", error.pos)) from None
    except RecursionError:
        text = ErrorCode.BODY_TOO_DEEP.message
        item = fault("recursion_loop", _BODY, text)
        raise BodyError(ErrorCode.BODY_TOO_DEEP, detail=[item], loc=_BODY) from None


def read_events(body: bytes) -> list[Any]:
    """The items of {"events": [...]}, not yet looked at. Raises BodyError when there is no such list."""
    value = read_json(body)
    if not isinstance(value, dict):
        item = fault("model_attributes_type", _BODY, "Input should be an object", value)
        raise BodyError(ErrorCode.BODY_NOT_AN_OBJECT, detail=[item], loc=_BODY)
    names = sorted(value.keys() - {"events"})[:MAX_FAULTS]
    unknown = [fault("extra_forbidden", ("body", name), "Extra inputs are not permitted") for name in names]
    if unknown:
        loc = tuple(unknown[0]["loc"])
        raise BodyError(ErrorCode.BODY_UNKNOWN_FIELD, detail=unknown, loc=loc)
    loc = ("body", "events")
    if "events" not in value:
        raise BodyError(ErrorCode.BODY_EVENTS_MISSING, detail=[fault("missing", loc, "Field required")], loc=loc)
    events = value["events"]
    if not isinstance(events, list):
        item = fault("list_type", loc, "Input should be a list", events)
        raise BodyError(ErrorCode.BODY_EVENTS_NOT_A_LIST, detail=[item], loc=loc)
    return events


def read_event(value: Any, instants: dict[str, datetime], *, unclean: bool) -> Event:
    """Turn one parsed JSON value into an event, or raise EventError that names every fault of its envelope."""
    try:
        envelope = msgspec.convert(value, Envelope)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter: a key is half a surrogate pair
        raise _envelope_error(value, str(error)) from None
    return build_event(envelope, instants, unclean=unclean)


def may_be_unclean(body: bytes) -> bool:
    """Whether parsed texts may hold NUL or half surrogate pairs: only escapes can bring them."""
    return b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body


def readable_event_id(value: Any) -> str | None:
    """The event_id to name in a rejection, when there is a plausible one."""
    event_id = value.get("event_id") if isinstance(value, dict) else None
    return event_id.strip()[:64] if isinstance(event_id, str) and event_id.isprintable() else None


def _envelope_error(value: Any, fallback: str) -> EventError:
    if not isinstance(value, dict):
        item = fault("model_attributes_type", _BODY, "Input should be an object", value)
        return refuse(ErrorCode.EVENT_NOT_AN_OBJECT, item)
    found = _envelope_faults(value)
    if not found:
        return refuse(ErrorCode.EVENT_INVALID, fault("value_error", _BODY, fallback))
    return refuse(found[0][0], *(item for _, item in found))


def _envelope_faults(value: dict[str, Any]) -> list[tuple[ErrorCode, dict[str, Any]]]:
    found = []
    for name in ("schema_version", "event_type", "timestamp"):
        found += _text_faults(value, name, "body", required=True)
    for name, required in (("batch_id", True), ("event_id", False), ("job_id", False)):
        found += _text_faults(value, name, "body", required=required) or _length_faults(value, name)
    found += _source_faults(value)
    if not isinstance(value.get("data", {}), dict):
        item = fault("dict_type", ("body", "data"), "Input should be an object", value["data"])
        found.append((ErrorCode.EVENT_DATA_INVALID, item))
    for name in sorted(value.keys() - _ENVELOPE_NAMES)[:MAX_FAULTS]:
        item = fault("extra_forbidden", ("body", name), "Extra inputs are not permitted", value[name])
        found.append((ErrorCode.EVENT_UNKNOWN_FIELD, item))
    return found


def _source_faults(value: dict[str, Any]) -> list[tuple[ErrorCode, dict[str, Any]]]:
    loc = ("body", "source")
    if "source" not in value:
        return [(ErrorCode.EVENT_INVALID, fault("missing", loc, "Field required"))]
    source = value["source"]
    if not isinstance(source, dict):
        item = fault("model_attributes_type", loc, "Input should be an object", source)
        return [(ErrorCode.EVENT_INVALID, item)]
    found = _text_faults(source, "project", *loc, required=True)
    for name in Source.__struct_fields__[1:]:
        found += _text_faults(source, name, *loc, required=False)
    for name in sorted(source.keys() - _SOURCE_NAMES)[:MAX_FAULTS]:
        item = fault("extra_forbidden", (*loc, name), "Extra inputs are not permitted", source[name])
        found.append((ErrorCode.EVENT_UNKNOWN_FIELD, item))
    return found


def _text_faults(
    holder: dict[str, Any], name: str, *place: str, required: bool
) -> list[tuple[ErrorCode, dict[str, Any]]]:
    if name not in holder:
        item = fault("missing", (*place, name), "Field required")
        return [(ErrorCode.EVENT_INVALID, item)] if required else []
    value = holder[name]
    if isinstance(value, str) or (value is None and not required):
        return []
    item = fault("string_type", (*place, name), "Input should be a valid string", value)
    return [(ErrorCode.EVENT_INVALID, item)]


def _length_faults(value: dict[str, Any], name: str) -> list[tuple[ErrorCode, dict[str, Any]]]:
    text = value.get(name)
    if name not in _LIMITS or text is None:
        return []
    shortest, longest, code = _LIMITS[name]
    loc = ("body", name)
    if len(text) < shortest:
        message = f"String should have at least {shortest} character"
        return [(code, fault("string_too_short", loc, message, text, min_length=shortest))]
    if len(text) > longest:
        message = f"String should have at most {longest} characters"
        return [(code, fault("string_too_long", loc, message, text, max_length=longest))]
    return []


def _read_int(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_INT_TEXT else float(text)
