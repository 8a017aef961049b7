"""The rules of pause and resume. A batch pauses when its process has saved itself and is gone, and goes on in place:
under its own id, by the same command, from where it saved itself.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from argus_executor.batches import repository
from argus_executor.batches.schemas import PauseResult, ResumeResult
from argus_executor.batches.service import changeable, recorded
from argus_executor.commands.queueing import queue
from argus_executor.keys.ring import CommandKeys
from argus_executor.transitions import move_batch
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.platform import Platform
from argus_kit.telemetry import ADDRESS

log = structlog.get_logger(__name__)


async def pause(here: Platform, actor: Actor, batch_id: str) -> PauseResult:
    """Ask a running batch to save itself and end; its reporter hears of it at its next checkpoint.

    Raises:
        ArgusError: batch.state_conflict (409), or those of `changeable`.
    """
    await changeable(here, actor, batch_id)
    reply = await move_batch(here.bus, batch_id, "pause", actor=actor)
    return PauseResult(status=reply.status, batch_id=batch_id, pause_requested=reply.pause_requested)


async def resume(here: Platform, actor: Actor, batch_id: str) -> ResumeResult:
    """Let a paused batch go on where it ran; of one that has not paused yet, take the wish back.

    A batch that is being resumed is not resumed twice: the command that is on its way is answered.

    Raises:
        ArgusError: batch.state_conflict (409), or those of `changeable`.
    """
    batch = await changeable(here, actor, batch_id)
    reply = await move_batch(here.bus, batch_id, "resume", actor=actor)
    if reply.status != "paused":
        return ResumeResult(status=reply.status, batch_id=batch_id, command_id=None)
    # One view for both questions: a resume that is queued in between is seen by both or by neither.
    async with here.database.read() as connection:
        waiting = await repository.living_resume(connection, batch_id)
        earlier = await repository.count_resumes(connection, batch_id)
        payload = await _payload(connection, batch, actor)
    if waiting is None:
        waiting = await _queue(here, actor, batch, payload, once=f"resume:{earlier}:{batch_id}")
    return ResumeResult(status=reply.status, batch_id=batch_id, command_id=waiting)


async def _queue(here: Platform, actor: Actor, batch: sa.Row[Any], payload: dict[str, Any], *, once: str) -> str | None:
    await here.get(CommandKeys).load()
    facts: dict[str, Any] = {"kind": "resume", "batch_id": batch.id, "payload": payload, "hostname": batch.host}
    try:
        async with here.write("executor") as tx:
            agent = await repository.agent_of(tx.connection, batch, actor.user_id)
            # Nobody else could do it in time: who resumes by hand sets ARGUS_BATCH_ID and ARGUS_RESUME_FROM.
            if agent is None:
                return None
            command_id = await queue(here, tx, agent, actor, once=once, **facts)
            told = ("batch_resume_requested", actor.user_id)
            target = ("batch", batch.id)
            audit.note(tx, "executor", *told, target=target, ip=ADDRESS.get(), command_id=command_id)
            return command_id
    except IntegrityError:
        # The same was asked twice at once, and the other request has queued the command.
        log.info("resume.asked_twice", batch_id=batch.id)
    async with here.database.read() as connection:
        return await repository.living_resume(connection, batch.id)


async def _payload(connection: Any, batch: sa.Row[Any], actor: Actor) -> dict[str, Any]:
    saved = await repository.checkpoints(connection, batch.batch_key)
    return {
        **recorded(batch),
        "overrides": {},
        "requested_by": actor.username,
        "resume_from": (batch.checkpoint or {}).get("path"),
        "resume_jobs": saved,
    }
