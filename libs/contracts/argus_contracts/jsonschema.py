"""The JSON Schema (2020-12) of an event that a client sends, put together from the structs.

It describes what a sender should write. The decoder is more tolerant (numbers as text, NaN, missing ``data``): what the
schema accepts the decoder accepts, apart from impossible dates, but not the other way round.
"""

from typing import Any, Final

import msgspec

from argus_contracts.envelope import BATCH_ID_MAX, EVENT_ID_MAX, EVENT_ID_MIN, JOB_ID_MAX
from argus_contracts.events import INGESTED_TYPES, JOB_TYPES, SCHEMA_VERSION, Source
from argus_contracts.payloads import PAYLOADS

SCHEMA_ID: Final = f"urn:argus:event:{SCHEMA_VERSION}"

# No NUL, and no blank end: ids are stored as text and trimmed.
_STORABLE: Final = r"^[^\u0000]*$"
_TRIMMED: Final = r"^[^\u0000\s]([^\u0000]*[^\u0000\s])?$"


def event_schema() -> dict[str, Any]:
    """The schema of one envelope, with a definition per payload."""
    _, definitions = msgspec.json.schema_components([Source, *PAYLOADS.values()], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": f"Argus event, schema version {SCHEMA_VERSION}",
        "type": "object",
        "required": ["schema_version", "event_id", "event_type", "timestamp", "batch_id", "source"],
        "additionalProperties": False,
        "properties": _envelope_properties(),
        "allOf": [_rule_of(event_type) for event_type in INGESTED_TYPES],
        "$defs": definitions,
    }


def _envelope_properties() -> dict[str, Any]:
    return {
        "schema_version": {"const": SCHEMA_VERSION},
        "event_id": {
            "type": "string",
            "minLength": EVENT_ID_MIN,
            "maxLength": EVENT_ID_MAX,
            "pattern": _TRIMMED,
            "description": "Chosen by the sender; the same id is stored once. A UUID is usual.",
        },
        "event_type": {"enum": list(INGESTED_TYPES)},
        "timestamp": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened, RFC 3339; without an offset it is UTC.",
        },
        "batch_id": {"type": "string", "minLength": 1, "maxLength": BATCH_ID_MAX, "pattern": _STORABLE},
        "job_id": {"type": ["string", "null"], "maxLength": JOB_ID_MAX, "pattern": _STORABLE, "default": None},
        "source": {"$ref": "#/$defs/Source"},
        "data": {"type": "object", "default": {}, "description": "See the definition of the event type."},
    }


def _rule_of(event_type: str) -> dict[str, Any]:
    payload = PAYLOADS[event_type]
    then: dict[str, Any] = {"properties": {"data": {"$ref": f"#/$defs/{payload.__name__}"}}}
    required = []
    if any(field.required for field in msgspec.structs.fields(payload)):
        required.append("data")
    if event_type in JOB_TYPES:
        required.append("job_id")
        then["properties"]["job_id"] = {"type": "string", "minLength": 1}
    if required:
        then["required"] = required
    return {"if": {"required": ["event_type"], "properties": {"event_type": {"const": event_type}}}, "then": then}
