"""Routes of what one's inbox is not told of."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeInbox, MayReadInbox
from argus_kit.routing import APIRouter
from argus_notifier import kinds
from argus_notifier.inbox import mutes
from argus_notifier.inbox.schemas import Mute
from argus_notifier.transactions import Writing, note
from argus_schema.access import visible_to
from argus_schema.ingest import batch

router = APIRouter(prefix="/api/notifications/mutes", tags=["notifications"])


@router.get("")
async def list_mutes(actor: MayReadInbox, connection: Reading) -> list[Mute]:
    """What my inbox is not told of, the newest first."""
    rows = await mutes.of_person(connection, actor)
    return [Mute(kind=row.kind or None, batch_id=row.batch_id or None) for row in rows]


@router.put("", status_code=204)
async def add_mute(actor: MayChangeInbox, transaction: Writing, body: Mute) -> None:
    """Tell my inbox no more of a kind, of a batch, or of a kind of one batch."""
    if body.kind and body.kind not in kinds.KINDS:
        raise ArgusError(ErrorCode.SUBSCRIPTION_KIND_UNKNOWN)
    await _must_see(transaction.connection, actor, body.batch_id)
    await mutes.add(transaction.connection, actor.user_id, body.kind or "", body.batch_id or "")
    note(transaction, "notification_prefs_updated", actor.user_id, "user", actor.user_id, muted=body.model_dump())


@router.post("/lift", status_code=204)
async def lift_mute(actor: MayChangeInbox, transaction: Writing, body: Mute) -> None:
    """Tell my inbox of it again."""
    if actor.project is not None:
        await _must_see(transaction.connection, actor, body.batch_id)
    if await mutes.remove(transaction.connection, actor.user_id, body.kind or "", body.batch_id or ""):
        note(transaction, "notification_prefs_updated", actor.user_id, "user", actor.user_id, heard=body.model_dump())


async def _must_see(connection: AsyncConnection, actor: Actor, batch_id: str | None) -> None:
    """Raises batch.not_found (404); without a batch, a token that is tied to a project reaches too far (403)."""
    if not batch_id:
        must_reach(actor, None)
        return
    seen = sa.select(batch.c.id).where(batch.c.id == batch_id, visible_to(actor))
    if (await connection.execute(seen)).first() is None:
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
