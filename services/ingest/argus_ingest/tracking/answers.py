"""Answers to other services over the bus. Each request is one transaction; each may come twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_ingest.tracking import deletions, flags, moves, reruns, restores
from argus_kit.outbox import Transaction
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_schema import ingest as tables

log = structlog.get_logger(__name__)

Handler = Callable[[Transaction, Any], Awaitable[msgspec.Struct]]

_QUEUE = "ingest"


class TrackingAnswers(Part):
    """Responds to transitions, flags, creations, deletions and restorations."""

    name = "tracking-answers"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def start(self) -> None:
        """See Part."""
        await self._respond(wire.BATCH_TRANSITION, wire.BatchTransition, wire.BatchTransitionReply, moves.move)
        await self._respond(wire.BATCH_FLAG, wire.BatchFlag, wire.BatchFlagReply, flags.flag)
        await self._respond(wire.BATCH_CREATE, wire.BatchCreate, wire.BatchCreateReply, reruns.create)
        await self._respond(wire.TRACKING_DELETE, wire.TrackingDelete, wire.TrackingDeleteReply, deletions.delete)
        await self._respond(wire.TRACKING_RESTORE, wire.TrackingRestore, wire.TrackingRestoreReply, restores.restore)

    async def _respond(
        self, subject: str, request_type: type[Any], reply_type: Callable[..., msgspec.Struct], handler: Handler
    ) -> None:
        async def answer(body: bytes) -> bytes:
            try:
                request = wire.decode(request_type, body)
            except ValueError as error:
                return wire.encode(_refusal(reply_type, ErrorCode.REQUEST_INVALID, str(error)))
            try:
                return wire.encode(await self._carry_out(handler, request))
            except (SQLAlchemyError, OSError) as error:
                log.exception("tracking.failed", subject=subject, error=repr(error))
                return wire.encode(_refusal(reply_type, ErrorCode.STORAGE_UNAVAILABLE))

        await self._platform.bus.respond(subject, answer, queue=_QUEUE)

    async def _carry_out(self, handler: Handler, request: msgspec.Struct) -> msgspec.Struct:
        async with self._platform.write(tables.OWNER) as tx:
            return await handler(tx, request)


def _refusal(reply_type: Callable[..., msgspec.Struct], code: ErrorCode, message: str | None = None) -> msgspec.Struct:
    return reply_type(ok=False, error_code=code, message=message or code.message)
