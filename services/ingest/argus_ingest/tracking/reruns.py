"""Creating the batch of a rerun, which waits for its agent in status `requested`."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_contracts.events import EventType, server_event
from argus_ingest.lifecycle import BatchStatus
from argus_ingest.store import batch_rows, bundles, event_rows
from argus_ingest.store.bulk import upsert
from argus_kit import audit
from argus_kit.clock import iso
from argus_kit.outbox import Transaction
from argus_schema import ingest as tables

_CLONED = ("project", "host", "user", "command", "n_total", "env_snapshot")


async def create(tx: Transaction, request: wire.BatchCreate) -> wire.BatchCreateReply:
    """Clone what the source was run with. A second request for the same new id changes nothing."""
    column = tables.batch.c
    query = sa.select(*(column[name] for name in _CLONED)).where(
        column.id == request.source_batch_id, column.deleted_at.is_(None), ~column.is_placeholder
    )
    source = (await tx.connection.execute(query)).one_or_none()
    if source is None:
        return _refusal(ErrorCode.BATCH_NOT_FOUND)
    values = {
        **source._asdict(),
        "id": request.new_batch_id,
        "name": request.name,
        "status": BatchStatus.REQUESTED,
        "owner_id": request.owner_id,
        "start_time": request.at,
        "source_batch_id": request.source_batch_id,
        "overrides_json": request.overrides_json,
        "rerun_requested_at": request.at,
        "rerun_requested_by": request.requested_by,
        "created_at": request.at,
    }
    statement = upsert(tx.connection, tables.batch).values(values).on_conflict_do_nothing(index_elements=["id"])
    created = (await tx.connection.execute(statement.returning(column.batch_key))).first() is not None
    batch = (await batch_rows.lock(tx.connection, [request.new_batch_id]))[request.new_batch_id]
    if not created:
        if batch.owner_id != request.owner_id:
            return _refusal(ErrorCode.BATCH_EXISTS)
        return wire.BatchCreateReply(ok=True, batch_id=batch.id, status=batch.status, created=False)
    settled = {batch.batch_key: batch_rows.settled(batch)}
    event = server_event(
        EventType.RERUN_REQUESTED, batch_id=batch.id, project=batch.project, at=request.at, data=_data(request)
    )
    db_id = await event_rows.append(tx.connection, batch, event)
    await batch_rows.save(tx.connection, [batch], settled)
    _note(tx, request)
    for message in bundles.of_batch(batch, [], [(db_id, event)], (), request.at):
        tx.publish(message.subject, message.payload, msg_id=message.msg_id)
    return wire.BatchCreateReply(ok=True, batch_id=batch.id, status=batch.status, created=True)


def _note(tx: Transaction, request: wire.BatchCreate) -> None:
    audit.note(
        tx,
        tables.OWNER,
        "batch_rerun_requested",
        request.owner_id,
        target=("batch", request.new_batch_id),
        ip=request.actor_ip,
        source_batch_id=request.source_batch_id,
        overrides=_data(request)["overrides"],
    )


def _data(request: wire.BatchCreate) -> dict[str, Any]:
    try:
        overrides = msgspec.json.decode(request.overrides_json)
    except msgspec.DecodeError:
        overrides = {}
    return {
        "source_batch_id": request.source_batch_id,
        "overrides": overrides if isinstance(overrides, dict) else {},
        "requested_by": request.requested_by,
        "requested_at": iso(request.at),
    }


def _refusal(code: ErrorCode) -> wire.BatchCreateReply:
    return wire.BatchCreateReply(ok=False, error_code=code, message=code.message)
