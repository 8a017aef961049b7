"""Routes of a person's own channels.

They are made and changed by a session only: a token that is found on a training host must not begin to send what its
owner hears of to somebody else, least of all beyond its own end.
"""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading, platform_of
from argus_kit.policy import MayChangeChannels, MayReadChannels
from argus_kit.routing import APIRouter
from argus_notifier.channels import repository, service
from argus_notifier.channels.addresses import checked
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

router = APIRouter(prefix="/api/me/channels", tags=["notifications"])

ChannelId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Only ids below this one.")]


def _mine(actor: Actor) -> Owner:
    return Owner(user_id=actor.user_id)


@router.get("")
async def list_my_channels(actor: MayReadChannels, connection: Reading) -> list[ChannelOut]:
    """Where else I hear of things."""
    return await service.shown(connection, await repository.of_owner(connection, _mine(actor)))


@router.post("", status_code=201)
async def add_my_channel(actor: MayChangeChannels, request: Request, body: ChannelIn) -> NewChannelOut:
    """Add a channel. Its address must be a public one, or be allowed."""
    platform = platform_of(request)
    where = await checked(platform, body.kind, body.url.get_secret_value())
    async with platform.write("notifier") as transaction:
        return await service.add(platform, transaction, actor, _mine(actor), body, where=where)


@router.patch("/{channel_id}")
async def update_my_channel(
    actor: MayChangeChannels, request: Request, channel_id: ChannelId, body: ChannelPatch
) -> ChannelOut:
    """Change a channel, or switch it on and off. Another address drops the secret, if none comes with it."""
    return await changed(request, actor, _mine(actor), channel_id, body)


@router.delete("/{channel_id}", status_code=204)
async def delete_my_channel(actor: MayChangeChannels, transaction: Writing, channel_id: ChannelId) -> None:
    """Remove a channel, and what waits for it."""
    row = await found(transaction.connection, _mine(actor), channel_id)
    await service.remove(transaction, actor, row)


@router.post("/{channel_id}/test")
async def test_my_channel(actor: MayChangeChannels, request: Request, channel_id: ChannelId) -> ChannelTestOut:
    """Send a message to a channel now."""
    return await tried(request, actor, _mine(actor), channel_id)


@router.get("/{channel_id}/deliveries")
async def list_my_channel_deliveries(
    actor: MayReadChannels, connection: Reading, channel_id: ChannelId, limit: Limit = 50, before: Before = None
) -> list[ChannelDeliveryOut]:
    """What was sent to a channel, and what became of it, the newest first."""
    row = await found(connection, _mine(actor), channel_id)
    rows = await repository.deliveries(connection, row.id, limit=limit, before=before)
    return [channel_delivery_out(one) for one in rows]


async def found(connection: AsyncConnection, owner: Owner, channel_id: int) -> sa.Row[Any]:
    """A channel of theirs.

    Raises:
        ArgusError: channel.not_found (404).
    """
    row = await repository.find(connection, owner, channel_id)
    if row is None:
        raise ArgusError(ErrorCode.CHANNEL_NOT_FOUND)
    return row


async def changed(request: Request, actor: Actor, owner: Owner, channel_id: int, body: ChannelPatch) -> ChannelOut:
    """Change a channel; a new address is looked at before the transaction begins."""
    platform = platform_of(request)
    async with platform.database.read() as connection:
        kind = (await found(connection, owner, channel_id)).kind
    where = None if body.url is None else await checked(platform, kind, body.url.get_secret_value())
    async with platform.write("notifier") as transaction:
        row = await found(transaction.connection, owner, channel_id)
        return await service.change(platform, transaction, actor, row, body, where=where)


async def tried(request: Request, actor: Actor, owner: Owner, channel_id: int) -> ChannelTestOut:
    """Try a channel; no transaction is open while its receiver takes its time."""
    platform = platform_of(request)
    async with platform.database.read() as connection:
        row = await found(connection, owner, channel_id)
    await service.limit_tests(platform, actor)
    return await service.try_out(platform, actor, row)
