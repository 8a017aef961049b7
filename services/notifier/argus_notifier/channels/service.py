"""Making, changing and trying channels, whoever's they are."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform
from argus_kit.secretbox import SecretBox
from argus_notifier import kinds
from argus_notifier.channels import repository
from argus_notifier.channels.addresses import Address
from argus_notifier.channels.messages import Message
from argus_notifier.channels.repository import Owner, State
from argus_notifier.channels.schemas import (
    ChannelIn,
    ChannelOut,
    ChannelPatch,
    ChannelTestOut,
    NewChannelOut,
    channel_values,
)
from argus_notifier.channels.transport import hand_over
from argus_notifier.delivery.machine import Sent
from argus_notifier.transactions import note

_MOST: Final = 20
_TESTS_AN_HOUR: Final = 30
_LONGEST_TEST_S: Final = 10.0


async def shown(connection: AsyncConnection, rows: Sequence[sa.Row[Any]]) -> list[ChannelOut]:
    """Channels for the wire, each with how it fares."""
    states = await repository.states(connection, [row.id for row in rows])
    return [ChannelOut(**channel_values(row, states[row.id])) for row in rows]


async def add(
    platform: Platform, transaction: Transaction, actor: Actor, owner: Owner, body: ChannelIn, *, where: Address
) -> NewChannelOut:
    """Make a channel, at an address that was checked.

    Raises:
        ArgusError: subscription.kind_unknown (400), channel.limit_reached (409).
    """
    kinds.check(body.event_kinds)
    if await repository.count(transaction.connection, owner) >= _MOST:
        raise ArgusError(ErrorCode.CHANNEL_LIMIT_REACHED)
    given = body.secret.get_secret_value() if body.secret else ""
    made = secrets.token_urlsafe(32) if body.kind == "webhook" and not given else None
    values = {
        "kind": body.kind,
        "name": body.name,
        **_address(platform.secret_box, where),
        "secret_encrypted": _sealed(platform.secret_box, made or given),
        "event_kinds": list(dict.fromkeys(body.event_kinds)),
        "enabled": body.enabled,
        "added_by_user_id": actor.user_id,
    }
    row = await repository.add(transaction.connection, owner, values)
    note(transaction, "channel_add", actor.user_id, "channel", row.id, kind=row.kind, shown=row.shown, **_of(owner))
    return NewChannelOut(**channel_values(row, State()), secret=made)


async def change(
    platform: Platform,
    transaction: Transaction,
    actor: Actor,
    row: sa.Row[Any],
    body: ChannelPatch,
    *,
    where: Address | None,
) -> ChannelOut:
    """Change a channel; `where` is another address, which was checked.

    Raises:
        ArgusError: subscription.kind_unknown (400).
    """
    values = body.model_dump(exclude_none=True, exclude={"url", "secret"})
    kinds.check(values.get("event_kinds", ()))
    told = sorted(values)
    if where is not None:
        values |= _address(platform.secret_box, where)
        told.append("url")
        if body.secret is None:
            # A secret is for the receiver that it was agreed with, and goes to no other.
            values["secret_encrypted"] = None
    if body.secret is not None:
        values["secret_encrypted"] = _sealed(platform.secret_box, body.secret.get_secret_value())
        told.append("secret")
    changed = await repository.change(transaction.connection, row.id, values)
    note(transaction, "channel_update", actor.user_id, "channel", row.id, changed=told, shown=changed.shown)
    (out,) = await shown(transaction.connection, [changed])
    return out


async def remove(transaction: Transaction, actor: Actor, row: sa.Row[Any]) -> None:
    """Remove a channel."""
    await repository.delete(transaction.connection, row.id)
    note(transaction, "channel_remove", actor.user_id, "channel", row.id, kind=row.kind, shown=row.shown)


async def limit_tests(platform: Platform, actor: Actor) -> None:
    """Raises RateLimited (429) after thirty tries in an hour."""
    per_second = _TESTS_AN_HOUR / 3600
    wait_s = await platform.cache.take(f"channel-test:{actor.user_id}", capacity=_TESTS_AN_HOUR, per_second=per_second)
    if wait_s > 0:
        raise RateLimited(wait_s)


async def try_out(platform: Platform, actor: Actor, row: sa.Row[Any]) -> ChannelTestOut:
    """Send a message to a channel now, past the queue."""
    box = platform.secret_box
    secret = box.decrypt(row.secret_encrypted).decode() if row.secret_encrypted else ""
    facts = {"severity": "info", "url": platform.settings.public_url}
    message = Message(uuid.uuid4().hex, "test", "Argus: the channel works", row.name, now(), facts)
    try:
        async with asyncio.timeout(_LONGEST_TEST_S):
            url = box.decrypt(row.url_encrypted).decode()
            outcome = await hand_over(platform.settings, row.kind, url, secret, message)
    except TimeoutError:
        found = ChannelTestOut(ok=False, error=f"No answer within {_LONGEST_TEST_S:.0f} s.")
    else:
        is_sent = isinstance(outcome, Sent)
        found = ChannelTestOut(ok=is_sent, error=None if isinstance(outcome, Sent) else outcome.error[:300])
    async with platform.write("notifier") as transaction:
        note(transaction, "channel_test", actor.user_id, "channel", row.id, ok=found.ok)
    return found


def _address(box: SecretBox, where: Address) -> dict[str, Any]:
    return {"url_encrypted": box.encrypt(where.url.encode()), "shown": where.shown[:200]}


def _sealed(box: SecretBox, secret: str) -> bytes | None:
    return box.encrypt(secret.encode()) if secret else None


def _of(owner: Owner) -> dict[str, Any]:
    return {"project": owner.project} if owner.project is not None else {}
