"""The rules of stop and rerun.

A command goes only to an agent of the batch's owner or of the one who asks, never to a stranger's machine that happens
to have the same name.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_executor.batches import repository
from argus_executor.batches.schemas import RerunInfo, RerunRequest, RerunResult, StopRequested
from argus_executor.commands import debts
from argus_executor.commands.changes import change
from argus_executor.commands.queueing import queue
from argus_executor.commands.repository import IS_OPEN, find_all
from argus_executor.commands.states import LAUNCHES, Event
from argus_executor.keys.ring import CommandKeys
from argus_executor.transitions import create_batch, move_batch
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_kit.platform import Platform
from argus_kit.telemetry import ADDRESS
from argus_schema.executor import command

log = structlog.get_logger(__name__)

ENDED = frozenset({"done", "failed", "cancelled", "stopped"})
MAX_OVERRIDES_BYTES = 64 * 1024


async def readable(connection: AsyncConnection, actor: Actor, batch_id: str) -> sa.Row[Any]:
    """The batch.

    Raises:
        ArgusError: batch.not_found, also when it is not the caller's to see.
    """
    found = await repository.visible_batch(connection, actor, batch_id)
    if found is None:
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
    return found


async def changeable(here: Platform, actor: Actor, batch_id: str) -> sa.Row[Any]:
    """The batch, for someone who may act on it.

    Raises:
        ArgusError: batch.not_found (404), batch.forbidden (403).
    """
    async with here.database.read() as connection:
        found = await readable(connection, actor, batch_id)
    if not found.may_edit:
        raise ArgusError(ErrorCode.BATCH_FORBIDDEN)
    return found


async def stop(here: Platform, actor: Actor, batch_id: str) -> str | None:
    """Ask a batch to stop: the flag that its reporter polls, and a word to its host's agent. Returns the status."""
    batch = await changeable(here, actor, batch_id)
    reply = await move_batch(here.bus, batch_id, "stop", actor=actor)
    if not reply.changed and not await _is_untold(here, batch_id):
        return reply.status
    await here.get(CommandKeys).load()
    async with here.write("executor") as tx:
        is_launch = command.c.kind.in_(sorted(LAUNCHES))
        waiting = await find_all(tx.connection, command.c.batch_id == batch_id, is_launch, IS_OPEN)
        for row in waiting:
            await change(tx, row, Event.CANCEL, detail=f"{actor.username} stopped the run before it began.")
        payload = {"requested_by": actor.username}
        agent = await repository.agent_of(tx.connection, batch, actor.user_id)
        # Without one the reporter alone polls the flag; there is nobody else to tell. Of a batch that was paused no
        # process lives, but for one that is about to resume it.
        is_alive = batch.status != "paused" or await repository.living_resume(tx.connection, batch_id) is not None
        if agent is not None and is_alive:
            await queue(here, tx, agent, actor, kind="stop", batch_id=batch_id, payload=payload, hostname=batch.host)
    await debts.pay_if_possible(here, [row.id for row in waiting])
    return reply.status


async def _is_untold(here: Platform, batch_id: str) -> bool:
    """Whether a batch is stopping, and the request that asked for it died before it told the host."""
    async with here.database.read() as connection:
        return await repository.is_stop_untold(connection, batch_id)


async def rerun(here: Platform, actor: Actor, batch_id: str, body: RerunRequest) -> RerunResult:
    """Run an ended batch again, as a new one that waits for the agent of its host.

    Raises:
        ArgusError: overrides.invalid (422), batch.state_conflict (409), or those of `changeable`.
    """
    overrides = msgspec.json.encode(body.overrides)
    if len(overrides) > MAX_OVERRIDES_BYTES:
        raise ArgusError(ErrorCode.OVERRIDES_INVALID)
    source = await changeable(here, actor, batch_id)
    if source.status == "paused":
        raise ArgusError(ErrorCode.BATCH_STATE_CONFLICT, "The batch is paused: resume it, or stop it first.")
    if source.status is not None and source.status not in ENDED:
        raise ArgusError(
            ErrorCode.BATCH_STATE_CONFLICT, f"The batch is {source.status}; only one that ended can rerun."
        )
    # One view for both questions: a rerun that is queued in between is seen by both or by neither.
    async with here.database.read() as connection:
        waiting = await repository.pending_rerun(connection, batch_id)
        earlier = await repository.count_reruns(connection, batch_id)
    if waiting is not None:
        return RerunResult(
            batch_id=waiting.batch_id, source_batch_id=batch_id, name=waiting.name, status=waiting.status
        )
    new_id = _rerun_id(batch_id, earlier)
    name = body.name or f"{source.name or batch_id} (rerun)"
    request = wire.BatchCreate(
        new_batch_id=new_id,
        source_batch_id=batch_id,
        owner_id=actor.user_id,
        name=name,
        overrides_json=overrides.decode(),
        requested_by=actor.username,
        actor_ip=ADDRESS.get(),
        at=now(),
    )
    created = await create_batch(here.bus, request)
    await here.get(CommandKeys).load()
    try:
        async with here.write("executor") as tx:
            payload = _rerun_payload(source, body.overrides, actor)
            agent = await repository.agent_of(tx.connection, source, actor.user_id)
            await queue(here, tx, agent, actor, kind="rerun", batch_id=new_id, payload=payload, hostname=source.host)
    except IntegrityError:
        # The same was asked twice at once, and the other request has queued the command.
        log.info("rerun.asked_twice", batch_id=batch_id)
    return RerunResult(batch_id=new_id, source_batch_id=batch_id, name=name, status=created.status or "requested")


def _rerun_id(source_batch_id: str, earlier: int) -> str:
    # The same for a request that is repeated, be it a double click or after a crash halfway: one rerun comes of it.
    return f"rerun-{hashlib.blake2b(f'{earlier}:{source_batch_id}'.encode(), digest_size=6).hexdigest()}"


def _rerun_payload(source: sa.Row[Any], overrides: dict[str, Any], actor: Actor) -> dict[str, Any]:
    told = {"overrides": overrides, "requested_by": actor.username}
    return {"source_batch_id": source.id, **recorded(source), **told}


def recorded(batch: sa.Row[Any]) -> dict[str, Any]:
    """What a batch was begun with, for who begins it once more."""
    snapshot = batch.env_snapshot or {}
    return {
        "command": batch.command,
        "cwd": snapshot.get("cwd"),
        "env": snapshot.get("env"),
        "host": batch.host,
    }


def stop_requested(batch: sa.Row[Any]) -> StopRequested:
    """What the reporter of a batch is told: a stop stays asked until the batch has ended or was begun anew. Who is to
    stop need not pause.
    """
    asked = batch.stop_requested_at is not None and batch.status not in ENDED
    to_pause = batch.pause_requested_at is not None and batch.status not in ENDED and not asked
    return StopRequested(
        requested=asked,
        stop_requested=asked,
        requested_at=iso(batch.stop_requested_at) if asked else None,
        requested_by=batch.stop_requested_by if asked else None,
        pause_requested=to_pause,
        pause_requested_at=iso(batch.pause_requested_at) if to_pause else None,
        pause_requested_by=batch.pause_requested_by if to_pause else None,
    )


def rerun_info(batch: sa.Row[Any]) -> RerunInfo:
    """Where a batch comes from, if it is a rerun."""
    if batch.source_batch_id is None:
        return RerunInfo(source_batch_id=None, overrides_json=None, requested_at=None, requested_by=None)
    return RerunInfo(
        source_batch_id=batch.source_batch_id,
        overrides_json=batch.overrides_json,
        requested_at=iso(batch.rerun_requested_at),
        requested_by=batch.rerun_requested_by,
    )
