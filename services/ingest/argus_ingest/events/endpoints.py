"""`POST /api/events` and `POST /api/events/batch`."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from argus_ingest.events.intake import Intake
from argus_ingest.events.routes import PlainRoute
from argus_ingest.events.schemas import BATCH_SCHEMA, ENVELOPE_SCHEMA, EventBatchOut, EventOut, documented
from argus_kit.platform import Platform, platform_of
from argus_kit.policy import Permission, names
from argus_kit.routing import APIRouter
from argus_kit.shortcuts import Shortcuts

router = APIRouter(prefix="/api/events", tags=["events"], route_class=PlainRoute)

_encode = msgspec.json.Encoder().encode


@router.post("", response_model=EventOut, openapi_extra=documented(ENVELOPE_SCHEMA))
@names(Permission.EVENTS_WRITE)
async def post_event(request: Request) -> Response:
    """Store one event. The answer comes when it is on disk; sending it again is harmless."""
    return Response(await _one(platform_of(request).get(Intake), request), media_type="application/json")


@router.post("/batch", response_model=EventBatchOut, openapi_extra=documented(BATCH_SCHEMA))
@names(Permission.EVENTS_WRITE)
async def post_event_batch(request: Request) -> Response:
    """Store up to 5,000 events. One that cannot be stored is rejected alone; gzip is accepted."""
    return Response(await _many(platform_of(request).get(Intake), request), media_type="application/json")


def shortcuts(platform: Platform) -> Shortcuts:
    """Both routes, for the senders that are no browsers."""
    intake = platform.get(Intake)
    return {
        ("POST", "/api/events"): lambda request: _one(intake, request),
        ("POST", "/api/events/batch"): lambda request: _many(intake, request),
    }


async def _one(intake: Intake, request: Request) -> bytes:
    return _encode(await intake.take_one(request))


async def _many(intake: Intake, request: Request) -> bytes:
    return _encode(await intake.take_many(request))
