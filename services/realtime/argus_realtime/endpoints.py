"""The routes: each decides what the caller may hear of, and hands over a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.identity import address_of, bearer
from argus_kit.platform import part_of, platform_of
from argus_kit.policy import Permission, may
from argus_kit.routing import APIRouter
from argus_realtime import hub as hubs
from argus_realtime.access import Grants
from argus_realtime.admission import Admission
from argus_realtime.channels import parse_channels
from argus_realtime.frames import MEDIA_TYPE, WHOLE, Position, control, parse_position
from argus_realtime.guard import Guard
from argus_realtime.response import EventStreamResponse
from argus_realtime.stream import Stream
from argus_realtime.views import View

router = APIRouter(tags=["live"])

Hub = Annotated[hubs.Hub, part_of(hubs.Hub)]

_STREAM: dict[str, Any] = {
    "response_class": EventStreamResponse,
    "status_code": 200,
    "responses": {
        200: {
            "description": "A stream of events that stays open.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
    },
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who opens a stream, from where in the past, and the state of rights when they were let in."""

    actor: Actor
    admission: Admission
    guard: Guard
    epoch: int
    last_id: str | None


async def _watcher(
    request: Request,
    token: Annotated[str | None, Query(description="Credential, for clients that cannot set headers.")] = None,
) -> Actor:
    credential = bearer(request) or token
    if not credential:
        raise ArgusError(ErrorCode.AUTH_REQUIRED)
    return await platform_of(request).identity.resolve(credential, address_of(request))


async def _epoch(request: Request) -> int:
    return platform_of(request).get(Guard).epoch


async def _caller(
    *,
    request: Request,
    # Before the credential is looked at: what is revoked from now on is seen by the guard.
    epoch: Annotated[int, Depends(_epoch)],
    actor: Annotated[Actor, may(Permission.STREAMS_READ, _watcher)],
    last_event_id: Annotated[str | None, Query(description="Go on after this id; like the header.")] = None,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> Caller:
    platform = platform_of(request)
    await platform.get(hubs.Hub).wait_until_following()
    last_id = last_event_id_header or last_event_id or None
    return Caller(actor, Admission(platform.database, actor), platform.get(Guard), epoch, last_id)


Calling = Annotated[Caller, Depends(_caller)]


@router.get("/api/sse", **_STREAM)
async def stream_events(
    hub: Hub,
    caller: Calling,
    channels: Annotated[
        str,
        Query(description="Comma-separated: batch:…, job:…:…, deliveries:…, visible, inbox, dashboard, deliveries."),
    ],
) -> EventStreamResponse:
    """One stream of all channels that a page shows."""
    views = await caller.admission.channels(parse_channels(channels, at_most=hub.limits.max_channels))
    stream = hub.open(caller.actor, views)
    hello = {"subscribed": True, "channels": stream.channels, "sids": list(stream.views.values())}
    return _answer(hub, caller, stream, hello)


@router.get("/api/events/stream", deprecated=True, **_STREAM)
async def stream_events_of_one(
    hub: Hub,
    caller: Calling,
    batch_id: Annotated[str | None, Query()] = None,
    project: Annotated[str | None, Query()] = None,
    host: Annotated[str | None, Query()] = None,
) -> EventStreamResponse:
    """The older stream: events of one batch (administrators: of all), without a channel. Use `/api/sse`."""
    if batch_id is None and not caller.actor.is_admin:
        raise ArgusError(ErrorCode.STREAM_FORBIDDEN, "Only administrators may watch all batches: give a batch_id.")
    if project and not caller.actor.reaches(project):
        raise ArgusError(ErrorCode.STREAM_FORBIDDEN, "This token is for another project.")
    batch = await caller.admission.batch(batch_id) if batch_id is not None else None
    key = batch.key if batch is not None else None
    view = View("older", batch_key=key, batch_id=batch_id, project=project or caller.actor.project, host=host or None)
    return _open_single(hub, caller, view, {})


@router.get("/api/batches/{batch_id:path}/logs/stream", **_STREAM)
async def stream_batch_logs(hub: Hub, caller: Calling, batch_id: str) -> EventStreamResponse:
    """Log lines of a batch as they come."""
    batch = await caller.admission.batch(batch_id)
    view = View("logs", batch_key=batch.key, batch_id=batch.id, project=caller.actor.project)
    return _open_single(hub, caller, view, {"stream": "log_tail"})


@router.get("/api/jobs/{batch_id}/{job_id:path}/logs/stream", **_STREAM)
async def stream_job_logs(hub: Hub, caller: Calling, batch_id: str, job_id: str) -> EventStreamResponse:
    """Log lines of one job as they come."""
    batch, job = await caller.admission.job(f"{batch_id}/{job_id}")
    view = View("logs", batch_key=batch.key, batch_id=batch.id, job_id=job, project=caller.actor.project)
    return _open_single(hub, caller, view, {"stream": "log_tail"})


def _open_single(hub: hubs.Hub, caller: Caller, view: View, more: dict[str, str]) -> EventStreamResponse:
    stream = hub.open(caller.actor, [view])
    return _answer(hub, caller, stream, {"subscribed": True, "sid": stream.views[view], **more})


def _answer(hub: hubs.Hub, caller: Caller, stream: Stream, hello: dict[str, Any]) -> EventStreamResponse:
    resume, is_lost = _resume_after(caller.last_id)

    def attach() -> None:
        # The position lets a page that has not yet seen an event come back without a gap. During a replay it is still
        # where the page came from.
        position = resume or Position(hub.position, WHOLE)
        first = control("hello", {**hello, "last_event_id": str(position)})
        hub.attach(stream, first, resume, _grants(caller, stream))
        if is_lost:
            stream.resync("expired")
        caller.guard.admit(stream, caller.epoch)

    return EventStreamResponse(stream, attach, lambda: hub.detach(stream))


def _resume_after(text: str | None) -> tuple[Position | None, bool]:
    if text is None:
        return None, False
    position = parse_position(text)
    return position, position is None


def _grants(caller: Caller, stream: Stream) -> Grants | None:
    return caller.admission.grants if any(view.kind == "visible" for view in stream.views) else None
