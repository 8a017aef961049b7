"""The catalog's write transaction as a parameter of a route, and what it tells the other services when it commits.

Audit lines must not get lost and go through the outbox. That access changed is a word to whoever listens: it is said
now, after the commit, and again on the next connection when the bus is away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.bus import Bus, BusUnavailable
from argus_kit.clock import now
from argus_kit.outbox import Transaction
from argus_kit.parts import Part
from argus_kit.platform import platform_of

_MOST_UNSAID = 1000


class Announcer(Part):
    """Says that access changed; keeps what could not be said until there is a connection again."""

    name = "access-announcer"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._unsaid: list[wire.AccessChanged] = []

    async def start(self) -> None:
        """See Part."""
        self._bus.on_connect(self._say_again)

    async def say(self, changed: wire.AccessChanged) -> None:
        """Tell everyone who decides by access."""
        try:
            await self._bus.send(wire.ACCESS_CHANGED, wire.encode(changed))
        except BusUnavailable:
            # Beyond a bound one word stands for all: forget every decision.
            self._unsaid = [*self._unsaid, changed] if len(self._unsaid) < _MOST_UNSAID else [wire.AccessChanged()]

    async def _say_again(self) -> None:
        unsaid, self._unsaid = self._unsaid, []
        for changed in unsaid:
            await self.say(changed)


class Change:
    """An open write transaction and what is to be said once it is committed."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.announcements: list[wire.AccessChanged] = []

    @property
    def connection(self) -> AsyncConnection:
        """Where to write."""
        return self._transaction.connection

    def access_changed(
        self,
        *,
        batch_id: str | None = None,
        project: str | None = None,
        owner_id: int | None = None,
        user_id: int | None = None,
    ) -> None:
        """Someone may see more or less than before."""
        self.announcements.append(
            wire.AccessChanged(batch_id=batch_id, project=project, owner_id=owner_id, user_id=user_id)
        )

    def granted(self, actor: Actor, grantee_id: int, permission: str, *, project: str, batch_id: str | None) -> None:
        """Somebody may see what they could not before, and is told."""
        told = wire.ShareGranted(
            grantee_id=grantee_id,
            shared_by=actor.username,
            project=project,
            batch_id=batch_id,
            permission=permission,
            at=now(),
        )
        self._transaction.publish(wire.SHARE_GRANTED, wire.encode(told), msg_id=told.id)

    def audit(self, actor: Actor, action: str, target_type: str, target_id: str, **facts: Any) -> None:
        """A line for the audit log."""
        audit.note(self._transaction, "catalog", action, actor.user_id, target=(target_type, target_id), **facts)


async def _writing(request: Request) -> AsyncIterator[Change]:
    platform = platform_of(request)
    async with platform.write("catalog") as transaction:
        change = Change(transaction)
        yield change
    announcer = platform.get(Announcer)
    for changed in change.announcements:
        await announcer.say(changed)


Writing = Annotated[Change, Depends(_writing, scope="function")]
"""The request's write transaction, committed before the response is sent."""
