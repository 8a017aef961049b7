"""`POST /api/events` and `POST /api/events/batch`."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from argus_ingest.events.intake import Intake
from argus_ingest.events.routes import PlainRoute
from argus_ingest.events.schemas import BATCH_SCHEMA, ENVELOPE_SCHEMA, EventBatchOut, EventOut, documented
from argus_kit.platform import platform_of

router = APIRouter(prefix="/api/events", tags=["events"], route_class=PlainRoute)

_encode = msgspec.json.Encoder().encode


@router.post("", response_model=EventOut, openapi_extra=documented(ENVELOPE_SCHEMA))
async def post_event(request: Request) -> Response:
    """Store one event. The answer comes when it is on disk; sending it again is harmless."""
    answer = await platform_of(request).get(Intake).take_one(request)
    return Response(_encode(answer), media_type="application/json")


@router.post("/batch", response_model=EventBatchOut, openapi_extra=documented(BATCH_SCHEMA))
async def post_event_batch(request: Request) -> Response:
    """Store up to 5,000 events. One that cannot be stored is rejected alone; gzip is accepted."""
    answer = await platform_of(request).get(Intake).take_many(request)
    return Response(_encode(answer), media_type="application/json")
