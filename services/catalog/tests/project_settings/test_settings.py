"""What is said of a project: read by whoever sees it, changed by owners, written to the audit log."""

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.testing import eventually
from argus_schema import catalog as own

PATH = "/api/projects/vision/settings"
LIMITS = ("stall_minutes", "idle_minutes", "divergence_ratio", "divergence_window")
NOTHING = dict.fromkeys(("description", "primary_metric", "direction", "default_columns", *LIMITS))


async def put(world, said, who="ada"):
    return await world.client.put(PATH, json=said, headers=world.headers[who])


async def test_nothing_is_said_at_first(world):
    await world.batch("a")
    assert await world.read(PATH) == {**NOTHING, "may_change": True}


async def test_what_is_said_stands_until_something_else_is(world):
    await world.batch("a")
    said = {
        "description": "Which backbone?",
        "primary_metric": "ACC",
        "direction": "max",
        "stall_minutes": 20,
        "divergence_ratio": 1.5,
    }
    answer = await put(world, said)
    assert answer.json() == {**NOTHING, **said, "may_change": True}
    await put(world, {"default_columns": ["config.lr"]})
    assert await world.read(PATH) == {**NOTHING, "default_columns": ["config.lr"], "may_change": True}


async def test_keys_of_others_stay(world):
    await world.batch("a")
    row = {"project": "vision", "is_public": True, "is_demo": False, "settings": {"theirs": 1, "direction": "min"}}
    await world.insert(own.project_meta, **row)
    await put(world, {"description": "x"})
    async with world.database.read() as connection:
        meta = own.project_meta.c
        found = (await connection.execute(sa.select(meta.settings, meta.is_public))).one()
    assert tuple(found) == ({"theirs": 1, "description": "x"}, True)


async def test_only_owners_change_it(world):
    await world.batch("a")
    await world.person("bob")
    await world.person("eve")
    for name, role in (("ada", "owner"), ("bob", "editor")):
        await world.insert(
            own.project_member, project="vision", user_id=world.people[name], role=role, created_at=now()
        )
    assert (await world.read(PATH, "bob"))["may_change"] is False
    assert (await put(world, {"description": "x"}, "bob")).json()["error"]["code"] == "project.forbidden"
    assert (await put(world, {"description": "x"}, "eve")).status_code == 404
    assert (await put(world, {"description": "x"})).status_code == 200


async def test_a_name_that_others_use_too_belongs_to_nobody(world):
    await world.person("bob")
    await world.batch("a")
    await world.batch("b", owner="bob")
    assert (await put(world, {"description": "x"})).status_code == 403


async def test_every_change_has_a_line(live_world, platform):
    world = live_world
    said = []

    async def hear(_subject, data):
        said.extend(word for word in ("description", "primary_metric") if word.encode() in data)

    await platform.bus.listen(wire.ALL_AUDIT, hear)
    await world.batch("a")
    await put(world, {"description": "x"})
    await put(world, {"description": "x"})
    # Something that is told after both, so that what is not told has had its time.
    await put(world, {"description": "x", "primary_metric": "ACC"})

    async def is_over():
        return "primary_metric" in said

    await eventually(is_over)
    assert said == ["description", "primary_metric"]


async def test_nonsense_is_refused(world):
    await world.batch("a")
    for said in (
        {"direction": "sideways"},
        {"unknown": 1},
        {"stall_minutes": 0},
        {"divergence_ratio": 0.5},
        {"divergence_window": 1},
        {"idle_minutes": 0},
        {"default_columns": ["x"] * 31},
    ):
        assert (await put(world, said)).status_code == 422
