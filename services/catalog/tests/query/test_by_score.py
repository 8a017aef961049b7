"""Queries of a final metric in its own order: answered from scores, they find what the general way finds."""

import re

import pytest

from argus_kit.clock import now

QUERY = "metrics.acc > 0.2"
# The same, and nothing that scores could decide.
GENERAL = f"{QUERY} and id != 'nobody'"
VALUES = (0.5, 0.9, 0.5, 0.1, 0.7, 0.5, "NaN", None, 0.3)


@pytest.fixture
async def scored(world):
    await world.person("bob")
    await world.person("root", is_admin=True)
    await world.batch("b1", project="vision")
    await world.batch("b2", project="text", status="done", end_time=now())
    await world.batch("b3", owner="bob", project="vision")
    await world.batch("b4", owner="bob", project="vision")
    await world.batch("b5", project="vision", deleted_at=now())
    await world.share("b3", "ada")
    for batch in ("b1", "b2", "b3", "b4", "b5"):
        for place, value in enumerate(VALUES):
            metrics = None if value is None else {"acc": value}
            config = {"config": {"lr": 10.0 ** -(place % 3), "seed": place}}
            await world.job(batch, f"{batch}-{place}", status="done", end_time=now(), metrics=metrics, extra=config)
        await world.job(batch, f"{batch}-gone", status="done", metrics={"acc": 0.8}, deleted_at=now())
    return world


async def pages(world, query, who, sort, limit, **more):
    found, total, cursor = [], None, None
    while True:
        body = {"query": query, "sort": [sort], "limit": limit, "cursor": cursor, "columns": ["config.lr"], **more}
        answer = await world.client.post("/api/query", json=body, headers=world.headers[who])
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["jobs"]
        total = page["total"] if total is None else total
        cursor = page["cursor"]
        if cursor is None:
            return found, total


@pytest.mark.parametrize("sort", ["-metrics.acc", "metrics.acc"])
async def test_pages_are_those_of_the_general_way(scored, sort):
    for who in ("ada", "bob", "root"):
        expected = await pages(scored, GENERAL, who, sort, 100)
        assert len(expected[0]) == expected[1] > 6
        for limit in (1, 4, 100):
            assert await pages(scored, QUERY, who, sort, limit) == expected, (who, limit)
    seen = {job["batch"] for job in (await pages(scored, QUERY, "ada", sort, 100))[0]}
    assert seen == {"b1", "b2", "b3"}


@pytest.mark.parametrize(("scope", "seen"), [("mine", {"b1", "b2"}), ("shared", {"b3"}), ("all", {"b1", "b2", "b3"})])
async def test_scopes_are_those_of_the_general_way(scored, scope, seen):
    for who in ("root", "bob", "ada"):
        expected = await pages(scored, GENERAL, who, "-metrics.acc", 100, scope=scope)
        assert await pages(scored, QUERY, who, "-metrics.acc", 3, scope=scope) == expected, who
    assert {job["batch"] for job in expected[0]} == seen


async def test_with_a_project_and_settings_too(scored):
    both = f'{QUERY} and project = "vision" and config.lr < 0.5'
    expected = await pages(scored, f"{both} and id != 'nobody'", "ada", "-metrics.acc", 100)
    assert expected[0]
    assert await pages(scored, both, "ada", "-metrics.acc", 2) == expected


async def test_only_the_jobs_of_the_page_are_read(scored, statements):
    await pages(scored, QUERY, "ada", "-metrics.acc", 100)
    assert len([one for one in statements if "config" in one or "chosen" in one]) == 1
    assert "LIMIT" in next(one for one in statements if "chosen" in one)


async def test_of_all_scores_no_batch_is_read(scored, statements):
    await pages(scored, QUERY, "root", "-metrics.acc", 100)
    (query,) = [one for one in statements if "chosen" in one]
    (chosen,) = re.findall(r"FROM \((.*?)\) AS chosen", " ".join(query.split()))
    assert "score" in chosen
    assert "batch " not in chosen


async def test_another_order_goes_the_general_way(scored):
    by_model = await pages(scored, QUERY, "ada", "-started", 3)
    assert {job["id"] for job in by_model[0]} == {
        job["id"] for job in (await pages(scored, GENERAL, "ada", "-started", 100))[0]
    }
