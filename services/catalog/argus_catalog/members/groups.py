"""Memberships by the groups of a provider of identity: auth says at each login what they give, and that is made so.

Only what the same provider gave is changed or taken away; what a person gave stays as it is. Groups may leave a project
without an owner: then administrators see to it.
"""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.upserts import insert_if_absent
from argus_catalog.writing import Announcer
from argus_contracts import bus as wire
from argus_kit.bus import Message, Reject
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_schema import catalog as own

_DURABLE: Final = "catalog-memberships"
member = own.project_member.c


class GroupMembers(Part):
    """Hears what groups give, and writes it down."""

    name = _DURABLE

    def __init__(self, platform: Platform, announcer: Announcer) -> None:
        self._platform = platform
        self._announcer = announcer

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.consume(wire.WORK_STREAM, _DURABLE, [wire.ALL_MEMBERSHIPS], self._on_message)

    async def _on_message(self, message: Message) -> None:
        try:
            given = wire.decode(wire.GroupMemberships, message.data)
        except msgspec.DecodeError as error:
            raise Reject(str(error)) from error
        async with self._platform.write("catalog") as transaction:
            is_new = await settle(transaction.connection, given)
        # Also when nothing changed: the word of an earlier delivery may have been lost with its process.
        await self._announcer.say(wire.AccessChanged(user_id=given.user_id))
        if is_new:
            # Their own batches are open to others by it, or no longer.
            await self._announcer.say(wire.AccessChanged(owner_id=given.user_id))


async def settle(connection: AsyncConnection, given: wire.GroupMemberships) -> bool:
    """Bring the memberships by this provider in line with what it gives; whether they were not. A message that was
    overtaken does nothing.
    """
    ours = sa.and_(member.user_id == given.user_id, member.granted_by == given.provider)
    newest = (await connection.execute(sa.select(sa.func.max(member.created_at)).where(ours))).scalar()
    if newest is not None and newest > given.at:
        return False
    before = {
        row.project: row.role for row in await connection.execute(sa.select(member.project, member.role).where(ours))
    }
    gone = sa.delete(own.project_member).where(ours, member.project.not_in(list(given.roles)))
    await connection.execute(gone)
    for project, role in sorted(given.roles.items()):
        values = {"role": role, "created_at": given.at}
        row = {"project": project, "user_id": given.user_id, "granted_by": given.provider, **values}
        if not await insert_if_absent(connection, own.project_member, row):
            changed = sa.update(own.project_member).where(ours, member.project == project).values(values)
            await connection.execute(changed)
    return before != given.roles
