"""Who may say who belongs to a project, and what belonging to it opens."""

import asyncio

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.testing import eventually
from argus_schema import catalog as own

PATH = "/api/projects/vision/members"


@pytest.fixture
async def lab(live_world):
    """Ada's batch in the project `vision`, and three who have none."""
    for name in ("bob", "eve", "zoe"):
        await live_world.person(name)
    await live_world.person("root", is_admin=True)
    await live_world.batch("a")
    return live_world


async def put(world, name, role, who="ada", project="vision"):
    path = f"/api/projects/{project}/members/{name}"
    return await world.client.put(path, headers=world.headers[who], json={"role": role})


async def remove(world, name, who="ada"):
    return await world.client.delete(f"{PATH}/{name}", headers=world.headers[who])


async def roles(world, who="ada"):
    return {one["username"]: one["role"] for one in (await world.read(PATH, who))["members"]}


def said(answer):
    return answer.status_code, answer.json()["error"]["code"]


class TestFirstMember:
    async def test_whose_batches_all_of_it_are_becomes_its_owner(self, lab):
        before = await lab.read(PATH)
        assert before == {"members": [], "role": None, "may_manage": True}
        made = await put(lab, "Bob", "editor")
        assert (made.status_code, made.json()["username"], made.json()["role"]) == (200, "bob", "editor")
        after = await lab.read(PATH)
        assert (after["role"], after["may_manage"]) == ("owner", True)
        assert await roles(lab) == {"ada": "owner", "bob": "editor"}

    async def test_one_batch_under_a_name_that_others_use_founds_nothing(self, lab):
        await lab.batch("b", owner="bob")
        for who in ("ada", "bob"):
            assert (await lab.read(PATH, who))["may_manage"] is False
            assert said(await put(lab, "eve", "viewer", who)) == (403, "project.forbidden")
        assert (await put(lab, "ada", "owner", "root")).status_code == 200

    @pytest.mark.parametrize("hidden", [{"owner_id": None}, {"is_placeholder": True}])
    async def test_nor_does_it_beside_batches_of_nobody(self, lab, hidden):
        await lab.batch("b", **hidden)
        assert said(await put(lab, "bob", "viewer")) == (403, "project.forbidden")

    async def test_who_founds_it_is_its_owner_and_nothing_less(self, lab):
        assert said(await put(lab, "ada", "viewer")) == (409, "project.last_owner")
        assert (await put(lab, "ada", "owner")).status_code == 200
        assert await roles(lab) == {"ada": "owner"}

    async def test_an_administrator_begins_with_an_owner(self, lab):
        assert said(await put(lab, "bob", "editor", "root")) == (409, "project.last_owner")
        assert (await put(lab, "bob", "owner", "root")).status_code == 200

    async def test_a_project_that_one_does_not_see_is_not_there(self, lab):
        assert said(await lab.get(PATH, "eve")) == (404, "project.not_found")
        assert said(await put(lab, "eve", "owner", "eve")) == (404, "project.not_found")
        assert said(await remove(lab, "ada", "eve")) == (404, "project.not_found")
        assert said(await put(lab, "eve", "owner", project="no-such")) == (404, "project.not_found")


class TestManaging:
    @pytest.fixture
    async def team(self, lab):
        await put(lab, "bob", "editor")
        await put(lab, "eve", "viewer")
        return lab

    async def test_owners_and_administrators_do_and_others_do_not(self, team):
        for who in ("bob", "eve"):
            assert (await team.read(PATH, who))["may_manage"] is False
            assert said(await put(team, "zoe", "viewer", who)) == (403, "project.forbidden")
            assert said(await put(team, who, "owner", who)) == (403, "project.forbidden")
            assert said(await remove(team, "ada", who)) == (403, "project.forbidden")
        assert (await put(team, "bob", "owner")).status_code == 200
        assert (await put(team, "zoe", "viewer", "bob")).status_code == 200
        assert (await put(team, "eve", "editor", "root")).status_code == 200
        assert await roles(team) == {"ada": "owner", "bob": "owner", "eve": "editor", "zoe": "viewer"}

    async def test_the_last_owner_stays(self, team):
        assert said(await put(team, "ada", "editor")) == (409, "project.last_owner")
        assert said(await remove(team, "ada")) == (409, "project.last_owner")
        assert said(await remove(team, "ada", "root")) == (409, "project.last_owner")
        await put(team, "bob", "owner")
        assert (await remove(team, "ada")).json() == {"ok": True, "detail": "removed"}
        assert await roles(team, "bob") == {"bob": "owner", "eve": "viewer"}

    async def test_of_two_owners_who_remove_each_other_one_stays(self, team):
        await put(team, "bob", "owner")
        answers = await asyncio.gather(remove(team, "bob", "ada"), remove(team, "ada", "bob"))
        assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 404], [200, 409])
        assert list((await roles(team, "root")).values()).count("owner") == 1

    async def test_nor_do_they_both_go_while_a_third_owner_stays(self, team):
        await put(team, "bob", "owner")
        await put(team, "eve", "owner")
        answers = await asyncio.gather(remove(team, "bob", "ada"), remove(team, "ada", "bob"))
        assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 404])
        assert list((await roles(team, "root")).values()).count("owner") == 2

    async def test_a_member_may_leave(self, team):
        assert (await remove(team, "EVE", "eve")).status_code == 200
        assert said(await team.get(PATH, "eve")) == (404, "project.not_found")

    async def test_who_is_not_there_cannot_be_added_or_removed(self, team):
        assert said(await put(team, "nobody", "viewer")) == (404, "user.not_found")
        assert said(await remove(team, "zoe")) == (404, "member.not_found")
        assert (await put(team, "zoe", "king")).status_code == 422

    async def test_someone_with_batches_of_their_own_is_added_by_administrators_alone(self, team):
        await team.batch("z", owner="zoe")
        assert said(await put(team, "zoe", "editor")) == (409, "member.has_runs")
        assert (await team.get("/api/batches/z", "ada")).status_code == 404
        assert (await put(team, "zoe", "editor", "root")).status_code == 200
        assert (await team.get("/api/batches/z", "ada")).status_code == 200

    async def test_each_change_is_audited_and_said(self, lab, platform):
        heard = []

        async def on_access(_, data):
            heard.append(wire.decode(wire.AccessChanged, data))

        await platform.bus.listen(wire.ACCESS_CHANGED, on_access)
        await put(lab, "bob", "viewer")
        await put(lab, "bob", "editor")
        await remove(lab, "bob")

        async def all_said():
            return len(heard) == 3

        await eventually(all_said)
        assert set(map(str, heard)) == {str(wire.AccessChanged(project="vision"))}


class TestWhatItOpens:
    async def test_each_role_on_a_members_batch(self, lab):
        for name, role in (("bob", "editor"), ("eve", "viewer"), ("zoe", "owner")):
            await put(lab, name, role)
        seen = {}
        for who in ("bob", "eve", "zoe"):
            batch = await lab.read("/api/batches/a", who)
            shares = await lab.get("/api/batches/a/shares", who)
            link = await lab.client.post("/api/batches/a/public-share", headers=lab.headers[who])
            seen[who] = (batch["can_edit"], shares.status_code, link.status_code)
        assert seen == {"bob": (True, 403, 403), "eve": (False, 403, 403), "zoe": (True, 200, 201)}

    async def test_who_only_uses_the_name_stays_apart(self, lab):
        await put(lab, "bob", "owner")
        await lab.batch("e", owner="eve")
        for who in ("ada", "bob"):
            assert (await lab.get("/api/batches/e", who)).status_code == 404
        assert (await lab.get("/api/batches/a", "eve")).status_code == 404
        assert said(await lab.get(PATH, "eve")) == (403, "project.forbidden")

    async def test_what_a_member_takes_away_with_them(self, lab):
        await put(lab, "bob", "owner")
        await lab.batch("b", owner="bob")
        assert (await lab.get("/api/batches/b", "ada")).status_code == 200
        assert (await remove(lab, "bob", "bob")).status_code == 200
        assert (await lab.get("/api/batches/b", "ada")).status_code == 404
        assert (await lab.get("/api/batches/b", "bob")).status_code == 200

    @pytest.mark.parametrize("state", [{}, {"is_placeholder": True}])
    async def test_an_owner_deletes_no_project_in_which_others_have_batches(self, lab, state):
        await put(lab, "bob", "owner")
        await lab.batch("e", owner="eve", **state)
        answer = await lab.client.delete("/api/projects/vision", headers=lab.headers["bob"])
        assert said(answer) == (409, "project.has_others")

    @pytest.mark.parametrize(("who", "sees"), [("bob", ["vision"]), ("root", [])])
    async def test_only_administrators_take_the_name_from_everyone(self, lab, platform, who, sees):
        async def answer(_):
            return wire.encode(wire.TrackingDeleteReply(ok=True, deleted=1))

        await platform.bus.respond(wire.TRACKING_DELETE, answer, queue="ingest")
        await put(lab, "bob", "owner")
        if who not in lab.people:
            await lab.person(who, is_admin=True)
        assert (await lab.client.delete("/api/projects/vision", headers=lab.headers[who])).is_success
        await lab.batch("e", owner="eve")
        assert [card["project"] for card in await lab.read("/api/projects", "eve")] == sees

    async def test_a_viewer_token_of_an_owner_manages_nothing(self, lab):
        await put(lab, "bob", "viewer")
        headers = await lab.token("ada", "em_view_")
        assert (await lab.client.get(PATH, headers=headers)).json()["may_manage"] is False
        answer = await lab.client.put(f"{PATH}/bob", headers=headers, json={"role": "owner"})
        assert said(answer) == (403, "auth.scope_insufficient")


async def test_what_the_table_does_not_know_is_no_role(lab):
    await put(lab, "bob", "viewer")
    await lab.insert(own.project_member, project="vision", user_id=lab.people["eve"], role="king", created_at=now())
    assert (await lab.get("/api/batches/a", "eve")).status_code == 404
    async with lab.database.read() as connection:
        count = (await connection.execute(sa.select(sa.func.count()).select_from(own.project_member))).scalar_one()
    assert count == 3
    assert await roles(lab) == {"ada": "owner", "bob": "viewer"}
