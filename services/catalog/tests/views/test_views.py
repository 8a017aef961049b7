"""Saved views: who sees, makes and changes which."""

from __future__ import annotations

import pytest

from argus_kit.clock import now
from argus_kit.testing import add_token, bearer_headers
from argus_schema import catalog as own

VIEW = {"page": "jobs", "name": " best ", "query": {"where": "metrics.acc > 0.9", "sort": "-metrics.acc"}}


async def member(world, name, project, role):
    row = {"project": project, "user_id": world.people[name], "role": role, "created_at": now()}
    await world.insert(own.project_member, **row)


@pytest.fixture
async def lab(live_world):
    """Ada owns the project vision, Bob edits it, Cleo looks at it; Eve is a stranger."""
    for name, role in (("ada", "owner"), ("bob", "editor"), ("cleo", "viewer"), ("eve", None)):
        if name != "ada":
            await live_world.person(name)
        if role:
            await member(live_world, name, "vision", role)
    return live_world


async def save(world, who="ada", **more):
    return await world.client.post("/api/views", json={**VIEW, **more}, headers=world.headers[who])


async def names(world, who, **params):
    return [view["name"] for view in await world.read("/api/views", who, **params)]


async def change(world, view_id, who, **more):
    return await world.client.put(f"/api/views/{view_id}", json={**VIEW, **more}, headers=world.headers[who])


async def delete(world, view_id, who):
    return (await world.client.delete(f"/api/views/{view_id}", headers=world.headers[who])).status_code


class TestOwnViews:
    async def test_are_kept_as_they_were_saved_and_seen_by_nobody_else(self, lab):
        answer = await save(lab)
        assert answer.status_code == 201
        told = answer.json()
        assert (told["name"], told["query"], told["project"]) == ("best", VIEW["query"], None)
        assert (told["owner"], told["is_mine"], told["can_edit"], told["updated_at"]) == ("ada", True, True, None)
        assert await lab.read("/api/views", "ada") == [told]
        assert await names(lab, "bob") == []

    async def test_of_a_page_alone(self, lab):
        await save(lab, name="of jobs")
        await save(lab, name="of batches", page="batches")
        assert await names(lab, "ada", page="batches") == ["of batches"]
        assert (await lab.get("/api/views", "ada", page="elsewhere")).status_code == 422

    async def test_are_renamed_and_deleted(self, lab):
        view = (await save(lab)).json()
        changed = (await change(lab, view["id"], "ada", name="other", query={})).json()
        assert (changed["id"], changed["name"], changed["query"]) == (view["id"], "other", {})
        assert changed["updated_at"] is not None
        assert await delete(lab, view["id"], "ada") == 204
        assert await names(lab, "ada") == []
        assert await delete(lab, view["id"], "ada") == 404

    async def test_nobody_else_changes_them(self, lab):
        view = (await save(lab)).json()
        assert (await change(lab, view["id"], "eve")).status_code == 404
        assert await delete(lab, view["id"], "eve") == 404

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": "  "},
            {"name": "x" * 81},
            {"page": "elsewhere"},
            {"query": {"where": 3}},
            {"query": {f"p{n}": "" for n in range(51)}},
            {"query": {f"p{n}": "x" * 7_000 for n in range(3)}},
            {"more": 1},
        ],
    )
    async def test_what_is_no_view_is_refused(self, lab, wrong):
        assert (await save(lab, **wrong)).status_code == 422

    async def test_are_bounded_in_number(self, lab):
        row = {"user_id": lab.people["ada"], "page": "jobs", "query": {}, "created_at": now()}
        for number in range(200):
            await lab.insert(own.saved_view, name=str(number), **row)
        answer = await save(lab)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "view.limit_reached")
        assert (await save(lab, "bob")).status_code == 201


class TestViewsOfAProject:
    async def test_are_seen_by_its_members_after_their_own(self, lab):
        await save(lab, "cleo", name="z, my own")
        assert (await save(lab, name="a, of us", project="vision")).status_code == 201
        assert await names(lab, "cleo") == ["z, my own", "a, of us"]
        assert await names(lab, "bob") == ["a, of us"]
        assert await names(lab, "eve") == []

    async def test_are_made_by_members_alone(self, lab):
        for who, status in (("cleo", 201), ("eve", 403)):
            assert (await save(lab, who, project="vision")).status_code == status
        own_view = (await save(lab, "eve")).json()
        assert (await change(lab, own_view["id"], "eve", project="vision")).status_code == 403

    async def test_are_changed_by_their_maker_and_owners_of_the_project(self, lab):
        view = (await save(lab, "bob", project="vision")).json()
        assert (await change(lab, view["id"], "cleo")).status_code == 403
        assert await delete(lab, view["id"], "cleo") == 403
        can = {who: (await lab.read("/api/views", who))[0]["can_edit"] for who in ("ada", "bob", "cleo")}
        assert can == {"ada": True, "bob": True, "cleo": False}
        assert (await change(lab, view["id"], "ada", project="vision", name="of the owner")).status_code == 200
        assert await delete(lab, view["id"], "bob") == 204

    async def test_are_all_that_a_token_for_the_project_reaches(self, lab):
        await save(lab, name="mine")
        await save(lab, name="ours", project="vision")
        token = bearer_headers(await add_token(lab.database, lab.people["ada"], project="vision"))
        assert [view["name"] for view in await lab.read("/api/views", token)] == ["ours"]
        for project, status in ((None, 403), ("text", 403), ("vision", 201)):
            body = {**VIEW, "project": project}
            assert (await lab.client.post("/api/views", json=body, headers=token)).status_code == status


async def test_reading_takes_as_many_statements_for_one_view_as_for_many(lab, statements):
    numbers = []
    for _ in range(3):
        await save(lab)
        statements.clear()
        await lab.read("/api/views", "ada")
        numbers.append(len(statements))
    assert numbers[1] == numbers[2]
