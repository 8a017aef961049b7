"""Forgetting people who left: their stars, pins and views, and their part in shares and projects.

Projects of which they were the only owner go to an editor. Batches that they leave behind keep their shares: whoever
could see them still can. Of batches that go with them nothing is kept.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from argus_catalog.deletions.service import forget_batches
from argus_catalog.members.succession import hand_over
from argus_catalog.writing import Announcer
from argus_contracts import bus as wire
from argus_kit.platform import Platform
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.roles import Role

_OF_A_PERSON: Final = (own.star, own.pin, own.saved_view)


async def forget(platform: Platform, announcer: Announcer, departed: wire.PersonDeparted) -> None:
    """Delete what is kept of a person; may be called again."""
    person = departed.user_id
    gone: list[sa.Delete | sa.Update] = [sa.delete(table).where(table.c.user_id == person) for table in _OF_A_PERSON]
    gone += [sa.delete(table).where(table.c.grantee_id == person) for table in (own.batch_share, own.project_share)]
    gone.append(_membership(person, keeps_runs=departed.runs == "keep"))
    if departed.runs == "delete":
        gone.append(sa.delete(own.project_share).where(own.project_share.c.owner_id == person))
        await forget_batches(platform, sa.select(ingest.batch.c.id).where(ingest.batch.c.owner_id == person))
    async with platform.write("catalog") as transaction:
        inherited = await hand_over(transaction, person)
        for statement in gone:
            await transaction.connection.execute(statement)
    for project in inherited:
        await announcer.say(wire.AccessChanged(project=project))
    await announcer.say(wire.AccessChanged(user_id=person))
    if departed.runs == "delete":
        await announcer.say(wire.AccessChanged(owner_id=person))


def _membership(person: int, *, keeps_runs: bool) -> sa.Delete | sa.Update:
    # Members see the batches of members: those that are left behind stay in their projects as long as it does.
    member = own.project_member
    if keeps_runs:
        return sa.update(member).where(member.c.user_id == person).values(role=Role.VIEWER.value)
    return sa.delete(member).where(member.c.user_id == person)
