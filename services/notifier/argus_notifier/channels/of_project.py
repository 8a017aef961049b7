"""Routes of a project's channels.

As with its recipients: editors, owners and administrators deal with all of them, who only has a part in the project
with those that they added; and a channel hears only of batches that whoever added it may see.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.platform import Platform, Reading, platform_of
from argus_kit.policy import MayChangeProjectChannels, MayReadRecipients, Permission
from argus_kit.routing import APIRouter
from argus_notifier.access import only_own
from argus_notifier.channels import repository, service
from argus_notifier.channels.addresses import checked
from argus_notifier.channels.endpoints import Before, ChannelId, Limit, changed, found, tried
from argus_notifier.channels.repository import Owner
from argus_notifier.channels.schemas import (
    ChannelDeliveryOut,
    ChannelIn,
    ChannelOut,
    ChannelPatch,
    ChannelTestOut,
    NewChannelOut,
    channel_delivery_out,
)
from argus_notifier.transactions import Writing

router = APIRouter(prefix="/api/projects/{project:path}/channels", tags=["notifications"])

Project = Annotated[str, Path(max_length=256)]


async def _to_read(connection: AsyncConnection, actor: Actor, project: str) -> Owner:
    return Owner(project=project, added_by=await only_own(connection, actor, project, Permission.RECIPIENTS_READ))


async def _to_change(connection: AsyncConnection, actor: Actor, project: str) -> Owner:
    permission = Permission.PROJECT_CHANNELS_CHANGE
    return Owner(project=project, added_by=await only_own(connection, actor, project, permission))


async def _allowed(platform: Platform, actor: Actor, project: str) -> Owner:
    async with platform.database.read() as connection:
        return await _to_change(connection, actor, project)


@router.get("")
async def list_project_channels(actor: MayReadRecipients, connection: Reading, project: Project) -> list[ChannelOut]:
    """Channels that hear of a project."""
    owner = await _to_read(connection, actor, project)
    return await service.shown(connection, await repository.of_owner(connection, owner))


@router.post("", status_code=201)
async def add_project_channel(
    actor: MayChangeProjectChannels, request: Request, project: Project, body: ChannelIn
) -> NewChannelOut:
    """Add a channel. Its address must be a public one, or be allowed."""
    platform = platform_of(request)
    await _allowed(platform, actor, project)
    where = await checked(platform, body.kind, body.url.get_secret_value())
    async with platform.write("notifier") as transaction:
        owner = await _to_change(transaction.connection, actor, project)
        return await service.add(platform, transaction, actor, owner, body, where=where)


@router.patch("/{channel_id}")
async def update_project_channel(
    actor: MayChangeProjectChannels, request: Request, project: Project, channel_id: ChannelId, body: ChannelPatch
) -> ChannelOut:
    """Change a channel, or switch it on and off. Another address drops the secret, if none comes with it."""
    owner = await _allowed(platform_of(request), actor, project)
    return await changed(request, actor, owner, channel_id, body)


@router.delete("/{channel_id}", status_code=204)
async def delete_project_channel(
    actor: MayChangeProjectChannels, transaction: Writing, project: Project, channel_id: ChannelId
) -> None:
    """Remove a channel, and what waits for it."""
    owner = await _to_change(transaction.connection, actor, project)
    await service.remove(transaction, actor, await found(transaction.connection, owner, channel_id))


@router.post("/{channel_id}/test")
async def test_project_channel(
    actor: MayChangeProjectChannels, request: Request, project: Project, channel_id: ChannelId
) -> ChannelTestOut:
    """Send a message to a channel now."""
    owner = await _allowed(platform_of(request), actor, project)
    return await tried(request, actor, owner, channel_id)


@router.get("/{channel_id}/deliveries")
async def list_project_channel_deliveries(
    *,
    actor: MayReadRecipients,
    connection: Reading,
    project: Project,
    channel_id: ChannelId,
    limit: Limit = 50,
    before: Before = None,
) -> list[ChannelDeliveryOut]:
    """What was sent to a channel, and what became of it, the newest first."""
    owner = await _to_read(connection, actor, project)
    row = await found(connection, owner, channel_id)
    rows = await repository.deliveries(connection, row.id, limit=limit, before=before)
    return [channel_delivery_out(one) for one in rows]
