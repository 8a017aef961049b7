"""The reads of access, under the rights that the service has on PostgreSQL."""

import pytest
import sqlalchemy as sa

from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.testing import add_user
from argus_realtime.access import find_batches, find_batches_by_key, find_jobs, load_grants, still_good
from argus_schema import catalog, ingest


async def _everything(connection, user_ids):
    actors = [
        Actor(user_id=1, username="a", is_admin=False, kind="session", scope="full", jti="none"),
        Actor(user_id=1, username="a", is_admin=False, kind="token", scope="reporter", token_id=77),
    ]
    assert await still_good(connection, actors) == {}
    assert await find_batches(connection, {"none"}) == {}
    assert await find_batches_by_key(connection, {404}) == {}
    assert await find_jobs(connection, {(404, "j")}) == set()
    return await load_grants(connection, user_ids)


async def test_the_services_role_may_read_all_that_it_asks_for(postgres_database):
    async with postgres_database.read() as connection:
        await connection.execute(sa.text("set local role argus_realtime"))
        await _everything(connection, {1})


async def test_grants_of_many_people_at_once(database):
    ids = [await add_user(database, f"user{n}", is_admin=n == 0) for n in range(3)]
    at = now()
    async with database.write() as connection:
        share = {"batch_id": "b", "grantee_id": ids[1], "permission": "viewer", "created_at": at}
        await connection.execute(sa.insert(catalog.batch_share).values(share))
        for n in range(1200):
            row = {"project": f"p{n}", "user_id": ids[2], "role": "viewer", "created_at": at}
            await connection.execute(sa.insert(catalog.project_member).values(row))
        row = {"project": "p3", "user_id": ids[1], "role": "editor", "created_at": at}
        await connection.execute(sa.insert(catalog.project_member).values(row))
    async with database.read() as connection:
        grants = await _everything(connection, [*ids, *range(10_000, 11_200)])
    assert grants[ids[0]].is_admin
    assert grants[ids[0]].see("any", None, "any")
    assert grants[ids[1]].see("b", None, "x")
    assert not grants[ids[1]].see("c", ids[2], "x")
    assert len(grants[ids[2]].projects) == 1200
    assert grants[ids[2]].see("any", None, "p7")
    assert not grants[ids[2]].see("any", 5, "p7"), "who only uses the project's name opens nothing by it"
    assert grants[ids[2]].see("any", ids[1], "p3")
    assert not grants[ids[2]].see("any", ids[1], "p4")
    assert not grants[11_000].see("any", None, "p7")


async def test_members_of_a_large_project_share_one_set(database):
    people = range(1, 601)
    async with database.write() as connection:
        rows = [{"project": "p", "user_id": n, "role": "viewer", "created_at": now()} for n in people]
        await connection.execute(sa.insert(catalog.project_member), rows)
    async with database.read() as connection:
        grants = await load_grants(connection, people)
    assert grants[1].projects["p"] == set(people)
    assert all(grants[n].projects["p"] is grants[1].projects["p"] for n in people)
    assert grants[1].see("any", 600, "p")
    assert not grants[1].see("any", 601, "p")
    assert not any(grants[n].owner_projects for n in people)


@pytest.mark.parametrize("count", [1, 501])
async def test_more_batches_than_one_statement_takes(database, count):
    async with database.write() as connection:
        rows = [{"id": f"b{n}", "project": "p", "owner_id": 1, "created_at": now()} for n in range(count)]
        await connection.execute(sa.insert(ingest.batch), rows)
    async with database.read() as connection:
        found = await find_batches(connection, [f"b{n}" for n in range(count)])
    assert len(found) == count
