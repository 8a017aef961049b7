"""What was sent about one batch: kinds, ways, times and counts, and to nobody by name."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Path
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.clock import iso
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter
from argus_notifier.delivery.repository import FAILED, SENT
from argus_schema.access import visible_to
from argus_schema.ingest import batch
from argus_schema.notifier import delivery

router = APIRouter(prefix="/api/batches/{batch_id:path}/deliveries", tags=["notifications"])

_D = delivery.c


class SentAbout(BaseModel):
    """What was sent about a batch of one kind in one way; `first_at` and `last_at` are when it was asked for."""

    event_type: str
    kind: str
    sent: int
    waiting: int
    failed: int
    first_at: str
    last_at: str


@router.get("")
async def list_batch_deliveries(
    actor: MayReadRuns, connection: Reading, batch_id: Annotated[str, Path(max_length=256)]
) -> list[SentAbout]:
    """What was sent about a batch, the latest first."""
    seen = sa.select(batch.c.id).where(batch.c.id == batch_id, visible_to(actor))
    if (await connection.execute(seen)).first() is None:
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
    return [_out(row) for row in await _counted(connection, batch_id)]


async def _counted(connection: AsyncConnection, batch_id: str) -> list[sa.Row[Any]]:
    def count(is_it: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((is_it, 1), else_=0))

    last_at = sa.func.max(_D.created_at).label("last_at")
    statement = (
        sa.select(
            _D.event_type,
            _D.kind,
            count(_D.status == SENT).label("sent"),
            count(_D.status == FAILED).label("failed"),
            count(_D.status.not_in((SENT, FAILED))).label("waiting"),
            sa.func.min(_D.created_at).label("first_at"),
            last_at,
        )
        .where(_D.batch_id == batch_id)
        .group_by(_D.event_type, _D.kind)
        .order_by(last_at.desc(), _D.event_type, _D.kind)
    )
    return list((await connection.execute(statement)).all())


def _out(row: sa.Row[Any]) -> SentAbout:
    return SentAbout(
        event_type=row.event_type,
        kind=row.kind,
        sent=int(row.sent),
        waiting=int(row.waiting),
        failed=int(row.failed),
        first_at=iso(row.first_at) or "",
        last_at=iso(row.last_at) or "",
    )
