"""Routes of preferences and subscriptions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.clock import iso
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import (
    MayChangeAccount,
    MayChangeInbox,
    MayChangeMails,
    MayReadAccount,
    MayReadInbox,
    MayReadMails,
)
from argus_kit.routing import APIRouter
from argus_notifier import kinds
from argus_notifier.access import batch_of_owner
from argus_notifier.preferences import repository
from argus_notifier.preferences.schemas import (
    BatchSubscriptionIn,
    BatchSubscriptionOut,
    NotificationKind,
    NotificationPrefs,
    Subscription,
    SubscriptionsIn,
)
from argus_notifier.transactions import Writing, note

# A line of the audit log stays readable; the rows themselves say the rest.
_MOST_TOLD = 20

router = APIRouter(prefix="/api", tags=["notifications"])


@router.get("/notification-kinds")
async def list_notification_kinds(actor: MayReadInbox) -> list[NotificationKind]:
    """What one can be told of, and what is told of it when nobody chose."""
    return [
        NotificationKind(
            kind=kind.name,
            severity=kind.severity,
            about=kind.about,
            mailed_by_default=kind.mailed,
            in_inbox=kind.in_inbox,
            inbox_pref=kind.pref,
        )
        for kind in kinds.KINDS.values()
        if kind.subscribable
    ]


@router.get("/me/notification_prefs")
async def read_notification_prefs(actor: MayReadAccount, connection: Reading) -> NotificationPrefs:
    """What my inbox is told of."""
    return NotificationPrefs(**await repository.prefs(connection, actor.user_id))


@router.put("/me/notification_prefs")
async def replace_notification_prefs(
    actor: MayChangeAccount, transaction: Writing, prefs: NotificationPrefs
) -> NotificationPrefs:
    """Choose what my inbox is told of."""
    chosen = prefs.model_dump()
    await repository.put_prefs(transaction.connection, actor.user_id, chosen)
    note(transaction, "notification_prefs_updated", actor.user_id, "user", actor.user_id, **chosen)
    return prefs


@router.get("/me/subscriptions")
async def list_subscriptions(actor: MayReadInbox, connection: Reading) -> list[Subscription]:
    """My choices about mail; what I did not choose is not listed."""
    return await _subscriptions(connection, actor)


@router.patch("/me/subscriptions")
async def update_subscriptions(
    actor: MayChangeInbox, transaction: Writing, body: SubscriptionsIn
) -> list[Subscription]:
    """Save choices about mail."""
    kinds.check(item.event_type for item in body.subscriptions)
    for item in body.subscriptions:
        must_reach(actor, item.project or None)
    for item in body.subscriptions:
        about = (transaction.connection, actor.user_id, item.project or "", item.event_type)
        if item.enabled is None:
            await repository.delete_subscription(*about)
        else:
            await repository.put_subscription(*about, enabled=item.enabled)
    choices = [item.model_dump() for item in body.subscriptions[:_MOST_TOLD]]
    note(transaction, "subscriptions_updated", actor.user_id, "user", actor.user_id, choices=choices)
    return await _subscriptions(transaction.connection, actor)


@router.get("/batches/{batch_id:path}/email-subscription")
async def read_batch_subscription(
    actor: MayReadMails, connection: Reading, batch_id: str, *, or_default: bool = False
) -> BatchSubscriptionOut:
    """My choice for one batch of mine. When there is none: 404, or with `or_default` one without a `created_at`."""
    await batch_of_owner(connection, actor, batch_id)
    row = await repository.batch_choice(connection, actor.user_id, batch_id)
    if row is None and or_default:
        return BatchSubscriptionOut(batch_id=batch_id, event_kinds=[], enabled=True, created_at=None, updated_at=None)
    if row is None:
        raise ArgusError(ErrorCode.SUBSCRIPTION_NOT_FOUND)
    return _batch_out(row)


@router.put("/batches/{batch_id:path}/email-subscription")
async def replace_batch_subscription(
    actor: MayChangeMails, transaction: Writing, batch_id: str, body: BatchSubscriptionIn
) -> BatchSubscriptionOut:
    """Choose for one batch of mine."""
    connection = transaction.connection
    await batch_of_owner(connection, actor, batch_id)
    kinds.check(body.event_kinds)
    wanted = list(dict.fromkeys(body.event_kinds))
    facts = {"event_kinds": wanted, "enabled": body.enabled}
    note(transaction, "batch_subscription_set", actor.user_id, "batch", batch_id, **facts)
    return _batch_out(
        await repository.put_batch_choice(connection, actor.user_id, batch_id, wanted, enabled=body.enabled)
    )


@router.delete("/batches/{batch_id:path}/email-subscription", status_code=204)
async def delete_batch_subscription(actor: MayChangeMails, transaction: Writing, batch_id: str) -> None:
    """Go back to what is chosen elsewhere."""
    await batch_of_owner(transaction.connection, actor, batch_id)
    if await repository.delete_batch_choice(transaction.connection, actor.user_id, batch_id):
        note(transaction, "batch_subscription_remove", actor.user_id, "batch", batch_id)


async def _subscriptions(connection: AsyncConnection, actor: Actor) -> list[Subscription]:
    rows = await repository.subscriptions(connection, actor)
    return [Subscription(project=row.project or None, event_type=row.event_type, enabled=row.enabled) for row in rows]


def _batch_out(row: sa.Row[Any]) -> BatchSubscriptionOut:
    return BatchSubscriptionOut(
        batch_id=row.batch_id,
        event_kinds=row.event_kinds,
        enabled=row.enabled,
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at),
    )
