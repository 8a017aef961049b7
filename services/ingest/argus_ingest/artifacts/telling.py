"""Tells pages that are open that a file came. The list of files is the record; this is only the word of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from argus_contracts.events import EventType, server_event
from argus_ingest.store import batch_rows, bundles
from argus_kit.outbox import Transaction


async def tell(tx: Transaction, batch_id: str, row: sa.Row[Any]) -> None:
    """Say, when the transaction commits, that this artifact of a batch was added."""
    batch = (await batch_rows.lock(tx.connection, [batch_id])).get(batch_id)
    if batch is None:
        return
    data = {
        "artifact_id": row.id,
        "filename": row.filename,
        "mime": row.mime,
        "size_bytes": row.size_bytes,
        "label": row.label,
    }
    event = server_event(
        EventType.ARTIFACT_ADDED,
        batch_id=batch.id,
        project=batch.project,
        at=row.created_at,
        job_id=row.job_id,
        data=data,
    )
    for message in bundles.of_events(batch, [(batch.event_seq, event)]):
        tx.publish(message.subject, message.payload, msg_id=message.msg_id)
