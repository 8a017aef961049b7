"""Moving a batch on someone's word: stop, pause, resume, running, fail, stall."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_contracts.events import Event, EventType, server_event
from argus_ingest import lifecycle
from argus_ingest.fold.batches import end_jobs
from argus_ingest.fold.state import BatchState, Tracked
from argus_ingest.lifecycle import Action, BatchStatus
from argus_ingest.store import batch_rows, bundles, event_rows, job_rows
from argus_kit import audit
from argus_kit.clock import iso
from argus_kit.outbox import Transaction
from argus_schema import ingest as tables


async def move(tx: Transaction, request: wire.BatchTransition) -> wire.BatchTransitionReply:
    """Move the batch if its status allows it; what happened is written as an event of the server's own."""
    batch = (await batch_rows.lock(tx.connection, [request.batch_id])).get(request.batch_id)
    if batch is None or batch.deleted_at is not None or batch.is_placeholder:
        return _refusal(ErrorCode.BATCH_NOT_FOUND)
    target = lifecycle.on_command(batch.status, request.action)
    if not target.allowed:
        text = f"The batch is {batch.status}; it cannot {request.action} now."
        return _refusal(ErrorCode.BATCH_STATE_CONFLICT, text)
    if target.changed:
        by, reason = request.actor_name, request.reason
        await carry_out(tx, batch, action=request.action, status=target.status, at=request.at, by=by, reason=reason)
        if request.actor_id is not None:
            told = (f"batch_{request.action}_requested", request.actor_id)
            audit.note(tx, tables.OWNER, *told, target=("batch", batch.id), ip=request.actor_ip)
    return wire.BatchTransitionReply(ok=True, status=batch.status, changed=target.changed)


async def carry_out(
    tx: Transaction,
    batch: BatchState,
    *,
    action: Action,
    status: str | None,
    at: datetime,
    by: str | None = None,
    reason: str | None = None,
) -> None:
    """Give a locked batch its new status, with all that follows from it."""
    settled = {batch.batch_key: batch_rows.settled(batch)}
    summary = bundles.summary_of(batch)
    tracked = Tracked(batch)
    batch.status = status
    if action == "stop":
        batch.stop_requested_at, batch.stop_requested_by = at, by
    if status in lifecycle.ENDED:
        await job_rows.load_running(tx.connection, {batch.batch_key: tracked}, [batch.batch_key])
        end_jobs(tracked)
        batch.end_time = at
        batch.error = reason or batch.error
        await job_rows.save(tx.connection, [tracked])
    told = []
    event = _event(batch, action, at, by, reason)
    if event is not None:
        told.append((await event_rows.append(tx.connection, batch, event), event))
    await batch_rows.save(tx.connection, [batch], settled)
    for message in bundles.of_batch(batch, [], told, summary, at):
        tx.publish(message.subject, message.payload, msg_id=message.msg_id)


def _event(batch: BatchState, action: Action, at: datetime, by: str | None, reason: str | None) -> Event | None:
    asked = {"requested_by": by, "requested_at": iso(at), "reason": reason}
    if action == "stop":
        return _told(batch, EventType.BATCH_STOP_REQUESTED, at, asked)
    if action == "pause":
        return _told(batch, EventType.BATCH_PAUSED, at, asked)
    if action == "resume":
        return _told(batch, EventType.BATCH_RESUMED, at, asked)
    if action == "stall":
        silent = (at - batch.last_event_at).total_seconds() if batch.last_event_at else None
        return _told(
            batch, EventType.BATCH_STALLED, at, {"last_event_at": iso(batch.last_event_at), "silent_s": silent}
        )
    if batch.status == BatchStatus.STOPPED:
        counts = {"n_done": batch.n_done, "n_failed": batch.n_failed}
        return _told(batch, EventType.BATCH_STOPPED, at, {"reason": reason, **counts})
    return None


def _told(batch: BatchState, event_type: str, at: datetime, data: dict[str, Any]) -> Event:
    return server_event(event_type, batch_id=batch.id, project=batch.project, at=at, data=data)


def _refusal(code: ErrorCode, message: str | None = None) -> wire.BatchTransitionReply:
    return wire.BatchTransitionReply(ok=False, error_code=code, message=message or code.message)
