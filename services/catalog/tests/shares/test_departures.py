from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_catalog.departures import forget
from argus_catalog.writing import Announcer
from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.testing import eventually
from argus_schema import auth
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


@pytest.mark.parametrize("runs", ["keep", "delete"])
async def test_a_project_whose_only_owner_left_goes_to_the_editor_of_longest_standing(live_world, platform, runs):
    world = live_world
    ada = world.people["ada"]
    at = now()
    roles = {"eve": ("viewer", 9), "gone": ("editor", 8), "bob": ("editor", 7), "carol": ("editor", 6)}
    for name, (role, days) in roles.items():
        person = await world.person(name)
        begun = at - timedelta(days=days)
        await world.insert(own.project_member, project="vision", user_id=person, role=role, created_at=begun)
    await world.insert(own.project_member, project="alone", user_id=world.people["eve"], role="viewer", created_at=at)
    await world.insert(own.project_member, project="shared", user_id=world.people["bob"], role="owner", created_at=at)
    await world.insert(
        own.project_member, project="shared", user_id=world.people["carol"], role="editor", created_at=at
    )
    for project in ("vision", "alone", "shared"):
        await world.insert(own.project_member, project=project, user_id=ada, role="owner", created_at=at)
    async with world.database.write() as connection:
        user = auth.user
        await connection.execute(sa.update(user).where(user.c.id == world.people["gone"]).values(is_active=False))

    told = []

    async def hear(_subject, data):
        told.extend(name for name in (b"member_change", b"project_settings") if name in bytes(data))

    await platform.bus.listen(wire.ALL_AUDIT, hear)
    departed = wire.PersonDeparted(user_id=ada, email="ada@example.org", runs=runs, at=at)
    for _ in range(2):
        await forget(platform, Announcer(platform.bus), departed)

    async with world.database.read() as connection:
        member = own.project_member.c
        owners = sa.select(member.project, member.user_id).where(member.role == "owner").order_by(member.project)
        found = [tuple(row) for row in await connection.execute(owners)]
    assert found == [("shared", world.people["bob"]), ("vision", world.people["bob"])]
    # Something that is told after both, so that what is not told has had its time.
    await world.batch("of-bob", "bob")
    path, said = "/api/projects/vision/settings", {"description": "Ours"}
    assert (await world.client.put(path, json=said, headers=world.headers["bob"])).status_code == 200

    async def is_over():
        return b"project_settings" in told

    await eventually(is_over)
    assert told.count(b"member_change") == 1
