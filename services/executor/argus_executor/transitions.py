"""Asking ingest, the only writer of batch state, to move or create a batch. It tells the audit log who asked."""

from __future__ import annotations

from typing import Literal

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.bus import Bus
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.telemetry import ADDRESS

Action = Literal["stop", "pause", "resume", "running", "paused", "fail"]


async def move_batch(
    bus: Bus, batch_id: str, action: str, *, actor: Actor | None = None, reason: str | None = None
) -> wire.BatchTransitionReply:
    """Move a batch. A move that changes nothing is no error.

    Raises:
        BusUnavailable: ingest does not answer.
        ArgusError: ingest refused, with its code.
    """
    request = wire.BatchTransition(
        batch_id=batch_id,
        action=action,  # type: ignore[arg-type]  # one of Action; msgspec checks it on the other side
        actor_id=actor.user_id if actor else None,
        actor_name=actor.username if actor else None,
        actor_ip=ADDRESS.get(),
        reason=reason,
        at=now(),
    )
    reply = wire.decode(
        wire.BatchTransitionReply, await bus.request(wire.BATCH_TRANSITION, wire.encode(request), timeout_s=8)
    )
    if not reply.ok:
        raise _refusal(reply.error_code, reply.message)
    return reply


async def create_batch(bus: Bus, request: wire.BatchCreate) -> wire.BatchCreateReply:
    """Create the batch of a rerun.

    Raises:
        BusUnavailable: ingest does not answer.
        ArgusError: ingest refused, with its code.
    """
    reply = wire.decode(wire.BatchCreateReply, await bus.request(wire.BATCH_CREATE, wire.encode(request), timeout_s=8))
    if not reply.ok:
        raise _refusal(reply.error_code, reply.message)
    return reply


def _refusal(code: str | None, message: str | None) -> ArgusError:
    known = {str(item): item for item in ErrorCode}
    return ArgusError(known.get(code or "", ErrorCode.BUS_UNAVAILABLE), message)
