"""The way in, from decoded events to what the caller is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final, TypeVar

from starlette.requests import Request

from argus_contracts.decoding import BodyError, EventError, RejectedEvent, decode_batch, decode_single
from argus_contracts.errors import ErrorCode
from argus_contracts.event_rows import event_key
from argus_contracts.events import Event
from argus_contracts.refusals import RefusalError
from argus_ingest.events.bodies import declared_size, read_body
from argus_ingest.events.callers import Gate
from argus_ingest.events.flusher import EVENTS, Flusher
from argus_ingest.events.schemas import BatchAnswer, Result, SingleAnswer
from argus_ingest.fold.state import Arrival, Outcome
from argus_ingest.settings import IngestSettings
from argus_kit import telemetry
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.parts import Part

T = TypeVar("T")

# A clock that is further ahead is wrong: its times would sort as the latest for ever.
_MAX_AHEAD: Final = timedelta(days=1)
# Decoding more than this holds up other requests for longer than a hop to a thread.
_LARGE_BODY: Final = 2**20


class Intake(Part):
    """Admits a request, reads it, has it stored, and says what became of it."""

    name = "intake"

    def __init__(self, gate: Gate, flusher: Flusher, settings: IngestSettings) -> None:
        self._gate = gate
        self._flusher = flusher
        self._settings = settings

    async def stop(self) -> None:
        """See Part."""
        await self._gate.close()

    async def take_one(self, request: Request) -> SingleAnswer:
        """One event. Raises ArgusError for everything but 200."""
        actor = await self._gate.admit(request)
        with self._flusher.room(declared_size(request)):
            body = await self._body(request)
            try:
                event = await decode(decode_single, body)
            except EventError as error:
                EVENTS.labels("rejected").inc()
                raise refused(error) from None
        (outcome,) = await self._flusher.submit(arrivals(actor, [event]), len(body))
        EVENTS.labels(outcome.status).inc()
        if outcome.db_id is None:
            raise ArgusError(outcome.code or ErrorCode.EVENT_INTERNAL, outcome.error)
        return SingleAnswer(accepted=True, event_id=outcome.db_id, deduplicated=outcome.status == "deduplicated")

    async def take_many(self, request: Request) -> BatchAnswer:
        """A batch request. Raises ArgusError when it is refused whole."""
        actor = await self._gate.admit(request)
        with self._flusher.room(declared_size(request)):
            body = await self._body(request)
            try:
                decoded = await decode(decode_batch, body)
            except BodyError as error:
                raise refused(error) from None
        good = [event for event in decoded if not isinstance(event, RejectedEvent)]
        outcomes = iter(await self._flusher.submit(arrivals(actor, good), len(body)) if good else ())
        return answer([_result(event, outcomes) for event in decoded])

    async def _body(self, request: Request) -> bytes:
        limits = self._settings
        return await read_body(request, max_bytes=limits.max_body_bytes, max_unpacked=limits.max_unpacked_bytes)


async def decode(decoder: Callable[[bytes], T], body: bytes) -> T:
    """Decode a body here, or in a thread when it is large."""
    return await asyncio.to_thread(decoder, body) if len(body) > _LARGE_BODY else decoder(body)


def arrivals(actor: Actor, events: Iterable[Event]) -> list[Arrival]:
    """Events of one caller, with the times that count."""
    received_at = now()
    limit = received_at + _MAX_AHEAD
    made = [
        Arrival(event, actor, event_key(event.event_id), event.at, None)
        if event.at <= limit
        else Arrival(event, actor, event_key(event.event_id), received_at, event.at)
        for event in events
    ]
    if trace := telemetry.recorded():
        for one in made:
            one.trace = trace
    return made


def refused(error: RefusalError) -> ArgusError:
    """The HTTP answer of a refused event or body."""
    details = {"loc": list(error.loc)} if error.loc else None
    return ArgusError(error.code, error.message, detail=error.detail, details=details, status=error.status)


def answer(results: list[Result]) -> BatchAnswer:
    """Count the results."""
    rejected = 0
    for result in results:
        if result.status == "rejected":
            rejected += 1
    deduplicated = sum(1 for result in results if result.status == "deduplicated")
    EVENTS.labels("rejected").inc(rejected)
    EVENTS.labels("deduplicated").inc(deduplicated)
    EVENTS.labels("accepted").inc(len(results) - rejected - deduplicated)
    return BatchAnswer(len(results) - rejected, rejected, results)


def _result(event: Event | RejectedEvent, outcomes: Iterator[Outcome]) -> Result:
    if isinstance(event, RejectedEvent):
        return Result(event.event_id, "rejected", None, event.error.message, event.error.code)
    outcome = next(outcomes)
    return Result(event.event_id, outcome.status, outcome.db_id, outcome.error, outcome.code)
