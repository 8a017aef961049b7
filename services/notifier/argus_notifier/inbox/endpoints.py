"""Routes of the inbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeInbox, MayReadInbox
from argus_kit.routing import APIRouter
from argus_notifier.inbox import repository
from argus_notifier.inbox.schemas import NotificationOut, UnreadOut, notification_out
from argus_notifier.transactions import Writing

router = APIRouter(prefix="/api/notifications", tags=["notifications"])

NotificationId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("")
async def list_notifications(
    actor: MayReadInbox,
    connection: Reading,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    unread_only: bool = False,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Only ids below this one.")] = None,
) -> list[NotificationOut]:
    """My notifications, newest first."""
    rows = await repository.newest(connection, actor, limit=limit, unread_only=unread_only, before=before)
    return [notification_out(row) for row in rows]


@router.get("/count")
async def count_notifications(actor: MayReadInbox, connection: Reading) -> UnreadOut:
    """How many of mine are unread."""
    return UnreadOut(unread=await repository.count_unread(connection, actor))


@router.post("/mark_all_read", status_code=204)
async def mark_all_notifications_read(actor: MayChangeInbox, transaction: Writing) -> None:
    """Mark all of mine as read."""
    await repository.mark_all_read(transaction.connection, actor)


@router.post("/{notification_id}/ack", status_code=204)
async def acknowledge_notification(
    actor: MayChangeInbox, transaction: Writing, notification_id: NotificationId
) -> None:
    """Mark one as read."""
    if not await repository.mark_read(transaction.connection, actor, notification_id):
        raise ArgusError(ErrorCode.NOTIFICATION_NOT_FOUND)


@router.delete("/{notification_id}", status_code=204)
async def delete_notification(actor: MayChangeInbox, transaction: Writing, notification_id: NotificationId) -> None:
    """Remove one."""
    if not await repository.delete(transaction.connection, actor, notification_id):
        raise ArgusError(ErrorCode.NOTIFICATION_NOT_FOUND)
