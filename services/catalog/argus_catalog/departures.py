"""Forgetting people who left: their stars, pins and views, and their part in shares and projects.

Batches that they leave behind keep their shares: whoever could see them still can. Of batches that go with them nothing
is kept.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from argus_catalog.deletions.service import forget_batches
from argus_catalog.writing import Announcer
from argus_contracts import bus as wire
from argus_kit.platform import Platform
from argus_schema import catalog as own
from argus_schema import ingest

_OF_A_PERSON: Final = (own.star, own.pin, own.saved_view, own.project_member)


async def forget(platform: Platform, announcer: Announcer, departed: wire.PersonDeparted) -> None:
    """Delete what is kept of a person; may be called again."""
    person = departed.user_id
    gone = [sa.delete(table).where(table.c.user_id == person) for table in _OF_A_PERSON]
    gone += [sa.delete(table).where(table.c.grantee_id == person) for table in (own.batch_share, own.project_share)]
    if departed.runs == "delete":
        gone.append(sa.delete(own.project_share).where(own.project_share.c.owner_id == person))
        await forget_batches(platform, sa.select(ingest.batch.c.id).where(ingest.batch.c.owner_id == person))
    async with platform.write("catalog") as transaction:
        for statement in gone:
            await transaction.connection.execute(statement)
    await announcer.say(wire.AccessChanged(user_id=person))
    if departed.runs == "delete":
        await announcer.say(wire.AccessChanged(owner_id=person))
