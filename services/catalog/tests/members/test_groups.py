from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from argus_catalog.app import SERVICE
from argus_catalog.members.groups import settle
from argus_contracts import bus as wire
from argus_kit.app import worker_app
from argus_kit.bus import Outgoing
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_kit.testing import eventually, running_client
from argus_schema import catalog as own

ADA = 7


def _given(roles, *, provider="oidc:uni", later=0):
    return wire.GroupMemberships(user_id=ADA, provider=provider, roles=roles, at=now() + timedelta(seconds=later))


async def _settle(database, given):
    async with database.write() as connection:
        await settle(connection, given)


async def _members(database):
    async with database.read() as connection:
        rows = await connection.execute(sa.select(own.project_member).order_by(own.project_member.c.project))
        return {(row.project, row.user_id): (row.role, row.granted_by) for row in rows}


async def _add(database, project, role, user_id=ADA):
    row = {"project": project, "user_id": user_id, "role": role, "created_at": now()}
    async with database.write() as connection:
        await connection.execute(sa.insert(own.project_member).values(row))


class TestSettle:
    async def test_gives_changes_and_takes_away(self, database):
        await _settle(database, _given({"nlp": "viewer", "vision": "editor"}))
        assert await _members(database) == {
            ("nlp", ADA): ("viewer", "oidc:uni"),
            ("vision", ADA): ("editor", "oidc:uni"),
        }
        await _settle(database, _given({"nlp": "owner"}, later=1))
        assert await _members(database) == {("nlp", ADA): ("owner", "oidc:uni")}
        await _settle(database, _given({}, later=2))
        assert await _members(database) == {}

    async def test_leaves_what_people_and_other_providers_gave(self, database):
        await _add(database, "nlp", "owner")
        await _add(database, "nlp", "viewer", user_id=8)
        await _settle(database, _given({"speech": "editor"}, provider="oidc:other"))
        before = await _members(database)
        await _settle(database, _given({"nlp": "viewer", "speech": "owner"}))
        await _settle(database, _given({}, later=1))
        assert await _members(database) == before

    async def test_twice_is_once_and_an_overtaken_message_nothing(self, database):
        newer, older = _given({"nlp": "viewer"}, later=5), _given({"vision": "owner"})
        for given in (newer, newer, older):
            await _settle(database, given)
        assert await _members(database) == {("nlp", ADA): ("viewer", "oidc:uni")}


async def test_the_worker_hears_of_it_and_says_that_access_changed(settings, database):
    worker = Platform(settings, client_name="catalog-worker")
    said: list[wire.AccessChanged] = []

    async def note(_: str, data: bytes) -> None:
        said.append(wire.decode(wire.AccessChanged, data))

    async with running_client(worker_app(SERVICE, worker)):
        await worker.bus.listen(wire.ACCESS_CHANGED, note)
        given = wire.GroupMemberships(user_id=4711, provider="oidc:uni", roles={"nlp": "viewer"}, at=now())
        await worker.bus.publish(Outgoing(wire.MEMBERSHIP_SET, b"garbage", "members-garbage"))
        await worker.bus.publish(Outgoing(wire.MEMBERSHIP_SET, wire.encode(given), f"members-{given.at.isoformat()}"))

        async def is_there():
            return ("nlp", 4711) in await _members(database) and {one.owner_id for one in said} >= {4711}

        await eventually(is_there, 10)
