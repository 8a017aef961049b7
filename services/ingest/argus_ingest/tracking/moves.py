"""Moving a batch on someone's word: stop, pause, resume, running, paused, fail, stall."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_contracts.events import Event, EventType, server_event
from argus_ingest import lifecycle
from argus_ingest.fold.batches import begin_pause, count_elapsed, end_jobs, end_pause, pause_jobs
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
    asked = batch.pause_requested_at is not None
    if _was_heard_of(batch, request.silent_since):
        return wire.BatchTransitionReply(ok=True, status=batch.status, pause_requested=asked)
    target = lifecycle.on_command(batch.status, request.action, pause_asked=asked)
    if not target.allowed:
        text = f"The batch is {batch.status}; it cannot {request.action} now."
        return _refusal(ErrorCode.BATCH_STATE_CONFLICT, text)
    if target.changed:
        by, reason = request.actor_name, request.reason
        await carry_out(tx, batch, action=request.action, status=target.status, at=request.at, by=by, reason=reason)
        if request.actor_id is not None:
            told = (f"batch_{request.action}_requested", request.actor_id)
            audit.note(tx, tables.OWNER, *told, target=("batch", batch.id), ip=request.actor_ip)
    asked = batch.pause_requested_at is not None
    return wire.BatchTransitionReply(ok=True, status=batch.status, changed=target.changed, pause_requested=asked)


def _was_heard_of(batch: BatchState, silent_since: datetime | None) -> bool:
    """Whether a batch that was to be silent since then has been heard of, which ends whatever its silence meant."""
    return silent_since is not None and batch.last_event_at is not None and batch.last_event_at >= silent_since


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
    if action in ("stop", "pause", "resume"):
        is_asked = action == "pause"
        batch.pause_requested_at, batch.pause_requested_by = (at, by) if is_asked else (None, None)
    if status in lifecycle.ENDED or action == "paused":
        await job_rows.load_unended(tx.connection, {batch.batch_key: tracked}, [batch.batch_key])
    if status in lifecycle.ENDED:
        batch.pause_requested_at = batch.pause_requested_by = None
        end_pause(batch, at)
        end_jobs(tracked)
        batch.end_time = at
        batch.error = reason or batch.error
    elif action == "paused":
        # Its last sign of life, by its own clock: what begins later on that host is then later.
        since = batch.last_event_at or at
        pause_jobs(tracked, since)
        begin_pause(batch, since)
    elif status == BatchStatus.PAUSED:
        batch.error = reason or batch.error
    count_elapsed(tracked)
    await job_rows.save(tx.connection, [tracked])
    events = _events(batch, action, at, by, reason)
    told = [(await event_rows.append(tx.connection, batch, event), event) for event in events]
    await batch_rows.save(tx.connection, [batch], settled)
    for message in bundles.of_batch(batch, [], told, summary, at):
        tx.publish(message.subject, message.payload, msg_id=message.msg_id)


def _events(batch: BatchState, action: Action, at: datetime, by: str | None, reason: str | None) -> list[Event]:
    asked = {"requested_by": by, "requested_at": iso(at), "reason": reason}
    events = []
    if action == "stop":
        events.append(_told(batch, EventType.BATCH_STOP_REQUESTED, at, asked))
    if action == "pause":
        events.append(_told(batch, EventType.BATCH_PAUSE_REQUESTED, at, asked))
    if action == "stall":
        silent = (at - batch.last_event_at).total_seconds() if batch.last_event_at else None
        minutes = None if silent is None else round(silent / 60, 1)
        data = {"last_event_at": iso(batch.last_event_at), "silent_s": silent, "minutes_since": minutes}
        events.append(_told(batch, EventType.BATCH_STALLED, at, data))
    if batch.status == BatchStatus.PAUSED:
        events.append(_told(batch, EventType.BATCH_PAUSED, at, {"checkpoint": batch.checkpoint, "reason": reason}))
    if batch.status == BatchStatus.STOPPED:
        counts = {"n_done": batch.n_done, "n_failed": batch.n_failed}
        events.append(_told(batch, EventType.BATCH_STOPPED, at, {"reason": reason, **counts}))
    return events


def _told(batch: BatchState, event_type: str, at: datetime, data: dict[str, Any]) -> Event:
    return server_event(event_type, batch_id=batch.id, project=batch.project, at=at, data=data)


def _refusal(code: ErrorCode, message: str | None = None) -> wire.BatchTransitionReply:
    return wire.BatchTransitionReply(ok=False, error_code=code, message=message or code.message)
