"""The rules of one event: envelope, version, id, timestamp, payload, job id; in this order."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from argus_contracts.coercion import INT64_MAX, INT64_MIN, DeclaredField, declared_fields
from argus_contracts.errors import ErrorCode
from argus_contracts.events import JOB_TYPES, SCHEMA_VERSION, SUPPORTED_VERSIONS, Event, Source
from argus_contracts.payloads import PAYLOADS
from argus_contracts.refusals import UNSTORABLE, EventError, fault, sentence
from argus_contracts.timestamps import parse_timestamp

EVENT_ID_MIN: Final = 8
EVENT_ID_MAX: Final = 64
BATCH_ID_MAX: Final = 128
JOB_ID_MAX: Final = 256
# Deeper data is a mistake or an attack; every reader downstream may recurse safely.
MAX_DEPTH: Final = 64

_FIELDS: Final[dict[str, tuple[DeclaredField, ...]]] = {kind: declared_fields(PAYLOADS[kind]) for kind in PAYLOADS}
_QUICK_FIELDS: Final = {
    kind: tuple((field.name, field.reading.accepted, field.required) for field in fields)
    for kind, fields in _FIELDS.items()
}


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """An event as it is sent; what the types below cannot say, ``build_event`` checks."""

    schema_version: str
    event_type: str
    timestamp: str
    batch_id: Annotated[str, msgspec.Meta(min_length=1, max_length=BATCH_ID_MAX)]
    source: Source
    event_id: str | None = None
    job_id: Annotated[str, msgspec.Meta(max_length=JOB_ID_MAX)] | None = None
    data: dict[str, Any] = {}


def build_event(envelope: Envelope, instants: dict[str, datetime], *, unclean: bool) -> Event:
    """Check an envelope and turn it into an ``Event``. Raises EventError.

    ``instants`` remembers parsed timestamps (events of one request often share theirs). ``unclean`` says that texts may
    hold NUL or half surrogate pairs: refused in ids, replaced by U+FFFD elsewhere. ``data`` is changed in place.
    """
    event_type = envelope.event_type
    fields = _QUICK_FIELDS.get(event_type)
    if fields is None:
        raise _unknown_type(event_type)
    event_id = envelope.event_id
    if event_id is not None:
        event_id = event_id.strip()
        if not EVENT_ID_MIN <= len(event_id) <= EVENT_ID_MAX:
            raise _bad_event_id(event_id)
    if unclean:
        _check_ids(envelope)
        _clean_source(envelope.source)
    if envelope.schema_version != SCHEMA_VERSION:
        raise _unsupported_version(envelope.schema_version)
    if event_id is None:
        raise EventError(ErrorCode.EVENT_ID_MISSING, loc=("body", "event_id"))
    text = envelope.timestamp
    at = instants.get(text)
    if at is None:
        at = parse_timestamp(text)
        if at is None:
            raise _bad_timestamp(text)
        instants[text] = at
    data = _clean_object(envelope.data, 1) if unclean else _normal(envelope.data)
    for name, accepted, required in fields:
        value = data.get(name)
        if (value is None and not required) or value.__class__ in accepted:
            continue
        _read_declared(event_type, data)
        break
    job_id = envelope.job_id or None
    if job_id is None and event_type in JOB_TYPES:
        raise EventError(ErrorCode.EVENT_JOB_ID_REQUIRED, f'"{event_type}" needs a job_id.', loc=("body", "job_id"))
    return Event(event_id, event_type, text, at, envelope.batch_id, job_id, envelope.source, data)


def _read_declared(event_type: str, data: dict[str, Any]) -> None:
    """Coerce the known keys in place; raise EventError naming every one that cannot be read."""
    faults = []
    for field in _FIELDS[event_type]:
        name, reading = field.name, field.reading
        value = data.get(name)
        if name not in data and field.required:
            faults.append(fault("missing", (name,), "Field required"))
        elif (value is None and not field.required) or value.__class__ in reading.accepted:
            continue
        elif (read := reading.read(value)) is None:
            faults.append(fault(reading.fault_type, (name,), reading.fault_text, value))
        else:
            data[name] = read
    if faults:
        loc = tuple(faults[0]["loc"])
        raise EventError(ErrorCode.EVENT_DATA_INVALID, sentence(faults), detail=faults, loc=loc)


def _normal(data: dict[str, Any]) -> dict[str, Any]:
    """Bound depth and integer size of data whose texts are known to be clean."""
    for name, value in data.items():
        kind = value.__class__
        if kind is float or kind is str:
            continue
        if kind is int:
            if not INT64_MIN <= value <= INT64_MAX:
                data[name] = _nearest_float(value)
        elif kind is dict or kind is list:
            data[name] = _clean(value, 2)
    return data


def _clean(value: Any, depth: int) -> Any:
    kind = value.__class__
    if kind is str:
        return UNSTORABLE.sub("\ufffd", value)
    if kind is int:
        return value if INT64_MIN <= value <= INT64_MAX else _nearest_float(value)
    if kind is dict:
        return _clean_object(value, depth)
    if kind is list:
        _check_depth(depth)
        return [_clean(item, depth + 1) for item in value]
    return value


def _clean_object(value: dict[str, Any], depth: int) -> dict[str, Any]:
    _check_depth(depth)
    return {UNSTORABLE.sub("\ufffd", name): _clean(item, depth + 1) for name, item in value.items()}


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        text = f"data: nested more than {MAX_DEPTH} levels deep"
        raise EventError(ErrorCode.EVENT_TOO_DEEP, text, loc=("body", "data"))


def _nearest_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _check_ids(envelope: Envelope) -> None:
    for name, code in (
        ("event_id", ErrorCode.EVENT_ID_INVALID),
        ("batch_id", ErrorCode.EVENT_BATCH_ID_INVALID),
        ("job_id", ErrorCode.EVENT_JOB_ID_INVALID),
    ):
        value = getattr(envelope, name)
        if value is not None and UNSTORABLE.search(value):
            raise refuse(code, fault("string_unicode", ("body", name), "Input should be text without NUL", value))


def _clean_source(source: Source) -> None:
    for name in Source.__struct_fields__:
        value = getattr(source, name)
        if value is not None:
            setattr(source, name, UNSTORABLE.sub("\ufffd", value))


def refuse(code: ErrorCode, *faults: dict[str, Any]) -> EventError:
    """The error for these faults of an envelope."""
    return EventError(code, sentence(list(faults)), detail=list(faults), loc=tuple(faults[0]["loc"]))


def _unknown_type(event_type: str) -> EventError:
    names = ", ".join(PAYLOADS)
    item = fault("enum", ("body", "event_type"), f"Input should be one of {names}", event_type, expected=names)
    return refuse(ErrorCode.EVENT_TYPE_UNKNOWN, item)


def _bad_event_id(event_id: str) -> EventError:
    if len(event_id) < EVENT_ID_MIN:
        text = f"String should have at least {EVENT_ID_MIN} characters"
        item = fault("string_too_short", ("body", "event_id"), text, event_id, min_length=EVENT_ID_MIN)
    else:
        text = f"String should have at most {EVENT_ID_MAX} characters"
        item = fault("string_too_long", ("body", "event_id"), text, event_id, max_length=EVENT_ID_MAX)
    return refuse(ErrorCode.EVENT_ID_INVALID, item)


def _unsupported_version(version: str) -> EventError:
    shown = UNSTORABLE.sub("\ufffd", version[:EVENT_ID_MAX])
    text = f"Schema version {shown!r} is not supported."
    detail = {"message": text, "received": shown, "supported": list(SUPPORTED_VERSIONS)}
    return EventError(ErrorCode.EVENT_SCHEMA_VERSION_UNSUPPORTED, text, detail=detail, loc=("body", "schema_version"))


def _bad_timestamp(text: str) -> EventError:
    item = fault("datetime_parsing", ("body", "timestamp"), "Input should be an ISO 8601 date and time", text)
    return refuse(ErrorCode.EVENT_TIMESTAMP_INVALID, item)
