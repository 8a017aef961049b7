"""All shares at one look: what a person gave and got, and nothing of anybody else's."""

from __future__ import annotations

import pytest

from argus_kit.clock import now
from argus_schema import catalog as own


@pytest.fixture
async def three(world):
    """Ada shares a batch and a project with Bob; Eve has nothing to do with it."""
    for name in ("bob", "eve"):
        await world.person(name)
    await world.batch("a")
    await world.batch("b", owner="bob", project="text")
    await world.share("a", "bob", "editor")
    shared = {"owner_id": world.people["ada"], "project": "vision", "grantee_id": world.people["bob"]}
    await world.insert(own.project_share, **shared, permission="viewer", created_at=now())
    return world


async def test_what_one_gave_and_got(three):
    of_ada = await three.read("/api/shares")
    assert [(s["kind"], s["target"], s["grantee_username"], s["permission"]) for s in of_ada["given"]] == [
        ("project", "vision", "bob", "viewer"),
        ("batch", "a", "bob", "editor"),
    ]
    assert of_ada["received"] == []
    of_bob = await three.read("/api/shares", "bob")
    assert of_bob["given"] == []
    assert {(s["kind"], s["target"], s["owner_username"]) for s in of_bob["received"]} == {
        ("project", "vision", "ada"),
        ("batch", "a", "ada"),
    }
    assert await three.read("/api/shares", "eve") == {"given": [], "received": []}


async def test_a_deleted_batch_is_in_no_list(three):
    await three.batch("gone", deleted_at=now())
    await three.share("gone", "bob")
    assert "gone" not in str(await three.read("/api/shares")) + str(await three.read("/api/shares", "bob"))


async def test_many_shares_take_as_many_statements_as_few(three, statements):
    # Once before: who asks is looked up the first time.
    await three.read("/api/shares")
    statements.clear()
    await three.read("/api/shares")
    few = len(statements)
    for i in range(5):
        await three.batch(f"more-{i}")
        await three.share(f"more-{i}", "bob")
    statements.clear()
    assert len((await three.read("/api/shares"))["given"]) == 7
    assert len(statements) == few
