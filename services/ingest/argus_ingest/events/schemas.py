"""Answers of the way in: structs for the hot path, and the same shapes as models for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from pydantic import BaseModel, Field

from argus_contracts.decoding import MAX_EVENTS
from argus_contracts.events import INGESTED_TYPES, SCHEMA_VERSION


class Result(msgspec.Struct):
    """What became of one event of a batch request."""

    event_id: str | None
    status: str
    db_id: int | None
    error: str | None
    code: str | None


class BatchAnswer(msgspec.Struct):
    """Answer to a batch request. Known events count as accepted."""

    accepted: int
    rejected: int
    results: list[Result]


class SingleAnswer(msgspec.Struct):
    """Answer to one event. `event_id` is its id in the database."""

    accepted: bool
    event_id: int
    deduplicated: bool


class EventResultOut(BaseModel):
    """What became of one event of the request."""

    event_id: str | None = Field(description="The sender's id of the event, where it could be read.")
    status: Literal["accepted", "deduplicated", "rejected"]
    db_id: int | None = Field(description="Position of the event in its batch; a duplicate has the first one's.")
    error: str | None = Field(description="Why the event was rejected.")
    code: str | None = Field(description="The stable code of the rejection.")


class EventBatchOut(BaseModel):
    """Per event results, in the order of the request."""

    accepted: int = Field(description="Events that are stored, known ones included.")
    rejected: int
    results: list[EventResultOut]


class EventOut(BaseModel):
    """One event is stored."""

    accepted: bool
    event_id: int = Field(description="Position of the event in its batch.")
    deduplicated: bool = Field(description="The event was stored before; nothing changed now.")


_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
# What a sender should write. The decoder takes more; the whole of it is in event.schema.json of argus-contracts.
ENVELOPE_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "EventIn",
    "required": ["schema_version", "event_id", "event_type", "timestamp", "batch_id", "source"],
    "additionalProperties": False,
    "properties": {
        "schema_version": {"type": "string", "enum": [SCHEMA_VERSION]},
        "event_id": {"type": "string", "minLength": 8, "maxLength": 64},
        "event_type": {"type": "string", "enum": list(INGESTED_TYPES)},
        "timestamp": {"type": "string", "format": "date-time"},
        "batch_id": {"type": "string", "minLength": 1, "maxLength": 128},
        "job_id": {**_TEXT_OR_NULL, "maxLength": 256},
        "source": {
            "type": "object",
            "required": ["project"],
            "additionalProperties": False,
            "properties": {
                "project": {"type": "string"},
                **dict.fromkeys(("host", "user", "commit", "command"), _TEXT_OR_NULL),
            },
        },
        "data": {"type": "object", "additionalProperties": True},
    },
}
BATCH_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "EventBatchIn",
    "required": ["events"],
    "additionalProperties": False,
    "properties": {"events": {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": ENVELOPE_SCHEMA}},
}


def documented(schema: dict[str, Any]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its body itself."""
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "security": [{"HTTPBearer": []}],
    }
