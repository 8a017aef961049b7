from __future__ import annotations

import pytest
import sqlalchemy as sa

from argus_catalog.departures import forget
from argus_catalog.writing import Announcer
from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_schema import catalog as own


async def _left(world, table, column):
    async with world.database.read() as connection:
        return sorted((await connection.execute(sa.select(table.c[column]))).scalars())


@pytest.mark.parametrize("runs", ["keep", "delete"])
async def test_who_left_has_no_part_in_anything_and_others_keep_theirs(world, platform, runs):
    ada, bob = world.people["ada"], await world.person("bob")
    await world.batch("of-ada", "ada")
    await world.batch("of-bob", "bob")
    for person, batch, grantee in ((ada, "of-ada", "bob"), (bob, "of-bob", "ada")):
        await world.share(batch, grantee)
        await world.insert(own.star, user_id=person, target_type="batch", target_id=batch, starred_at=now())
        await world.insert(own.pin, user_id=person, batch_id=batch, pinned_at=now())
        await world.insert(own.project_member, project="vision", user_id=person, role="editor", created_at=now())
        to = {"grantee_id": world.people[grantee], "permission": "viewer", "created_at": now()}
        await world.insert(own.project_share, owner_id=person, project="vision", **to)

    announcer = Announcer(platform.bus)
    departed = wire.PersonDeparted(user_id=ada, email="ada@example.org", runs=runs, at=now())
    for _ in range(2):
        await forget(platform, announcer, departed)

    for table in (own.star, own.pin):
        assert await _left(world, table, "user_id") == [bob], table.name
    # Members see members' batches: what she leaves behind stays in its project.
    assert await _left(world, own.project_member, "role") == (["editor", "viewer"] if runs == "keep" else ["editor"])
    assert (await world.get("/api/batches/of-ada", "bob")).status_code == (200 if runs == "keep" else 404)
    # What ada gave to bob stays exactly as long as her batches do.
    stays = [bob] if runs == "keep" else []
    assert await _left(world, own.batch_share, "grantee_id") == stays
    assert await _left(world, own.project_share, "grantee_id") == stays
    heard = {changed.user_id for changed in announcer._unsaid} if platform.bus.is_connected is False else {ada}
    assert ada in heard
