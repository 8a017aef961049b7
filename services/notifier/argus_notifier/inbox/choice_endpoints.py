"""Routes of what one's inbox is told of in one project."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeInbox, MayReadInbox
from argus_kit.routing import APIRouter
from argus_notifier import kinds
from argus_notifier.inbox import choices
from argus_notifier.inbox.schemas import InboxChoice, InboxChoicesIn
from argus_notifier.transactions import Writing, note

# A line of the audit log stays readable; the rows themselves say the rest.
_MOST_TOLD = 20

router = APIRouter(prefix="/api/me/inbox-choices", tags=["notifications"])


@router.get("")
async def list_inbox_choices(actor: MayReadInbox, connection: Reading) -> list[InboxChoice]:
    """What my inbox is told of in single projects; what I did not choose there is not listed."""
    return await _chosen(connection, actor)


@router.patch("")
async def update_inbox_choices(actor: MayChangeInbox, transaction: Writing, body: InboxChoicesIn) -> list[InboxChoice]:
    """Save choices; those that are not named stay. Answers with all of them."""
    for item in body.choices:
        must_reach(actor, item.project)
        kind = kinds.KINDS.get(item.kind)
        if kind is None or not kind.in_inbox or kind.about != "batch":
            raise ArgusError(ErrorCode.SUBSCRIPTION_KIND_UNKNOWN)
    for item in body.choices:
        about = (transaction.connection, actor.user_id, item.project, item.kind)
        if item.shown is None:
            await choices.take_back(*about)
        else:
            await choices.choose(*about, shown=item.shown)
    told = [item.model_dump() for item in body.choices[:_MOST_TOLD]]
    note(transaction, "notification_prefs_updated", actor.user_id, "user", actor.user_id, choices=told)
    return await _chosen(transaction.connection, actor)


async def _chosen(connection: AsyncConnection, actor: Actor) -> list[InboxChoice]:
    rows = await choices.of_person(connection, actor)
    return [InboxChoice(project=row.project, kind=row.kind, shown=row.shown) for row in rows]
