"""Routes of a project's recipients.

Members and administrators see all of them; editors, owners and administrators change them. Who only owns or was given
batches in a project of that name sees and changes those that they added; and such an address hears only of batches that
its adder may see.
"""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Path
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import iso
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeRecipients, MayReadRecipients, Permission
from argus_kit.routing import APIRouter
from argus_notifier import kinds
from argus_notifier.access import only_own
from argus_notifier.recipients import repository
from argus_notifier.recipients.schemas import RecipientIn, RecipientOut, RecipientPatch
from argus_notifier.transactions import Writing, note

router = APIRouter(prefix="/api/projects/{project:path}/recipients", tags=["notifications"])

Project = Annotated[str, Path(max_length=256)]
RecipientId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("")
async def list_recipients(actor: MayReadRecipients, connection: Reading, project: Project) -> list[RecipientOut]:
    """Addresses that hear of a project."""
    added_by = await only_own(connection, actor, project, Permission.RECIPIENTS_READ)
    return [_out(row) for row in await repository.of_project(connection, project, added_by=added_by)]


@router.post("", status_code=201)
async def add_recipient(
    actor: MayChangeRecipients, transaction: Writing, project: Project, body: RecipientIn
) -> RecipientOut:
    """Add an address."""
    await only_own(transaction.connection, actor, project, Permission.RECIPIENTS_CHANGE)
    kinds.check(body.event_kinds)
    values = {**body.model_dump(), "project": project, "added_by_user_id": actor.user_id}
    row = await repository.add(transaction.connection, values)
    if row is None:
        raise ArgusError(ErrorCode.RECIPIENT_EXISTS)
    note(transaction, "recipient_add", actor.user_id, "recipient", row.id, project=project, email=row.email)
    return _out(row)


@router.patch("/{recipient_id}")
async def update_recipient(
    actor: MayChangeRecipients, transaction: Writing, project: Project, recipient_id: RecipientId, body: RecipientPatch
) -> RecipientOut:
    """Change an address, its kinds, or switch it on and off."""
    connection = transaction.connection
    row = await _find(connection, actor, project, recipient_id)
    changes = body.model_dump(exclude_none=True)
    kinds.check(changes.get("event_kinds", ()))
    email = changes.get("email")
    if email is not None and email != row.email and await repository.has_address(connection, project, email):
        raise ArgusError(ErrorCode.RECIPIENT_EXISTS)
    note(transaction, "recipient_update", actor.user_id, "recipient", recipient_id, project=project, **changes)
    return _out(await repository.change(connection, recipient_id, changes))


@router.delete("/{recipient_id}", status_code=204)
async def delete_recipient(
    actor: MayChangeRecipients, transaction: Writing, project: Project, recipient_id: RecipientId
) -> None:
    """Remove an address."""
    row = await _find(transaction.connection, actor, project, recipient_id)
    await repository.delete(transaction.connection, recipient_id)
    note(transaction, "recipient_remove", actor.user_id, "recipient", row.id, project=project, email=row.email)


async def _find(connection: AsyncConnection, actor: Actor, project: str, recipient_id: int) -> sa.Row[Any]:
    own = await only_own(connection, actor, project, Permission.RECIPIENTS_CHANGE)
    row = await repository.find(connection, project, recipient_id)
    if row is None or (own is not None and row.added_by_user_id != own):
        raise ArgusError(ErrorCode.RECIPIENT_NOT_FOUND)
    return row


def _out(row: sa.Row[Any]) -> RecipientOut:
    return RecipientOut(
        id=row.id,
        project=row.project,
        email=row.email,
        event_kinds=row.event_kinds,
        enabled=row.enabled,
        added_by_user_id=row.added_by_user_id,
        created_at=iso(row.created_at) or "",
        updated_at=iso(row.updated_at),
    )
