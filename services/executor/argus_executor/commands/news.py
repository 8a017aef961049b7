"""What open pages of a batch hear of its commands: on the batch's own channel, by whoever may see the batch."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.events import encode_event, server_event
from argus_contracts.live import COMMAND
from argus_kit.clock import now
from argus_kit.outbox import Transaction
from argus_schema.ingest import batch


async def tell_batch(tx: Transaction, facts: dict[str, Any], *, msg_id: str) -> None:
    """Say where a command is. Nobody is told where the batch is gone.

    Args:
        tx: the transaction in which the command changed.
        facts: `id`, `kind`, `batch_id`, `status` and `step`; what a command carries is not for pages.
        msg_id: the same for a repetition.
    """
    columns = (batch.c.batch_key, batch.c.project, batch.c.owner_id, batch.c.host)
    query = sa.select(*columns).where(batch.c.id == facts["batch_id"], batch.c.deleted_at.is_(None))
    of = (await tx.connection.execute(query)).one_or_none()
    if of is None:
        return
    event = server_event(COMMAND, batch_id=facts["batch_id"], project=of.project, at=now(), data=facts)
    bundle = wire.EventBundle(
        batch_key=of.batch_key,
        batch_id=facts["batch_id"],
        project=of.project,
        owner_id=of.owner_id,
        host=of.host,
        flush_id=msg_id,
        heads=[wire.EventHead(event.event_type, None, 0)],
        events=[msgspec.Raw(encode_event(event))],
    )
    tx.publish(wire.event_subject(of.batch_key), wire.encode(bundle), msg_id=msg_id)
