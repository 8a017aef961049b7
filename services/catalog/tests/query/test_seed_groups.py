"""Seed groups that are read from what is kept by group are what computing them from all jobs gives."""

import json
import random

import pytest
import sqlalchemy as sa

from argus_catalog.seeds import seed_key, spread
from argus_kit.clock import now

CONFIGS = [
    None,
    {},
    {"lr": 0.1, "seed": 0},
    {"seed": 1, "lr": 0.1},
    {"lr": 0.01, "deep": {"rng": 3, "x": [1, {"seed": 4}]}},
    {"deep": {"x": [1, {}]}, "lr": 0.01, "random_state": 9},
    {"lr": "auto", "note": None},
]
METRICS = [{"acc": 0.5, "f1": 1}, {"acc": 0.1}, {"acc": "NaN"}, {"acc": True}, {"f1": -3.5}, None]


@pytest.fixture
async def lab(world):
    """Random jobs of two people, some of whose batches the other one shares; and the same as Python has them."""
    draw = random.Random(7)
    await world.person("bob")
    seen = {"ada": [], "bob": []}
    for number, (owner, readers) in enumerate(
        [("ada", ["ada"]), ("ada", ["ada"]), ("bob", ["bob"]), ("bob", ["ada", "bob"]), ("bob", ["ada", "bob"])]
    ):
        name, project = f"b{number}", f"p{number % 2}"
        await world.batch(name, owner=owner, project=project)
        if readers != [owner]:
            await world.share(name, "ada")
        for place in range(25):
            config, metrics = draw.choice(CONFIGS), draw.choice(METRICS)
            gone = now() if draw.random() < 0.1 else None
            facts = {"model": draw.choice(["m", None]), "dataset": draw.choice(["c", "d"]), "metrics": metrics}
            extra = None if config is None else {"config": config}
            await world.job(name, f"j{place}", extra=extra, deleted_at=gone, **facts)
            if gone is None:
                for reader in readers:
                    seen[reader].append((name, f"j{place}", project, config, facts))
    return world, seen


def naive(jobs, columns):
    """By key as text, n, the numbers' spreads and the members."""
    found = {}
    for batch, job, project, config, facts in jobs:
        key = (project, facts["model"], facts["dataset"], seed_key(config))
        found.setdefault(key, []).append(((batch, job), facts["metrics"] or {}))
    return {
        key: (
            len(members),
            {
                name: spread([float(m[name]) for _, m in members if type(m.get(name)) in {int, float}]).model_dump()
                for name in columns
            },
            [member for member, _ in members],
        )
        for key, members in found.items()
    }


def told(groups, columns):
    return {
        (g["key"]["project"], g["key"]["model"], g["key"]["dataset"], json.dumps(g["key"]["config"], sort_keys=True)): (
            g["n"],
            {name: g["columns"][f"metrics.{name}"] for name in columns},
            [(member["batch"], member["id"]) for member in g["members"]],
        )
        for g in groups
    }


async def ask(world, who, **more):
    body = {"group_by": ["seed"], "columns": ["metrics.acc", "metrics.f1"]} | more
    answer = await world.client.post("/api/query", json=body, headers=world.headers[who])
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestExactness:
    @pytest.mark.parametrize("who", ["ada", "bob"])
    @pytest.mark.parametrize(
        ("query", "keep"),
        [
            ("", lambda job: True),
            ("project = 'p1'", lambda job: job[2] == "p1"),
            ("model = 'm' and dataset = 'c'", lambda job: (job[4]["model"], job[4]["dataset"]) == ("m", "c")),
            ("config.lr < 0.05", lambda job: (job[3] or {}).get("lr") == 0.01),
            (
                "params.lr = 'auto' and project = 'p0'",
                lambda job: job[2] == "p0" and (job[3] or {}).get("lr") == "auto",
            ),
            ("config.seed = 1", lambda job: (job[3] or {}).get("seed") == 1),
            ("metrics.acc >= 0.5", lambda job: (job[4]["metrics"] or {}).get("acc") == 0.5),
        ],
    )
    async def test_groups_are_those_of_all_jobs(self, lab, who, query, keep):
        world, seen = lab
        expected = naive([job for job in seen[who] if keep(job)], ["acc", "f1"])
        for sort in ([], ["-metrics.acc"], ["config"], ["model"]):
            found = await ask(world, who, query=query, sort=sort)
            assert told(found["groups"], ["acc", "f1"]) == expected, sort
            assert found["total"] == len(expected)
        sizes = [group["n"] for group in (await ask(world, who, query=query))["groups"]]
        assert sizes == sorted(sizes, reverse=True)

    async def test_pages_hold_all_groups_once(self, lab):
        world, seen = lab
        expected = naive(seen["ada"], ["acc", "f1"])
        for sort in ([], ["metrics.acc"], ["-config"]):
            groups, cursor = [], None
            while True:
                page = await ask(world, "ada", sort=sort, limit=3, cursor=cursor)
                groups += page["groups"]
                if (cursor := page["cursor"]) is None:
                    break
            assert len(groups) == len(expected)
            assert told(groups, ["acc", "f1"]) == expected

    async def test_what_changed_is_in_the_next_answer(self, lab):
        world, seen = lab
        async with world.database.write() as connection:
            await connection.execute(sa.text("update job set metrics = '{\"acc\": 7.5}'"))
        for job in seen["ada"]:
            job[4]["metrics"] = {"acc": 7.5}
        found = await ask(world, "ada")
        assert told(found["groups"], ["acc", "f1"]) == naive(seen["ada"], ["acc", "f1"])

    async def test_the_first_members_are_named(self, world):
        await world.batch("wide")
        for place in range(40):
            await world.job("wide", f"j{place}", extra={"config": {"lr": 1, "seed": place}})
        (group,) = (await ask(world, "ada"))["groups"]
        assert group["n"] == 40
        assert [member["id"] for member in group["members"]] == [f"j{place}" for place in range(32)]
        assert group["key"]["config"] == {"lr": 1}


class TestCost:
    async def test_a_page_reads_no_configuration_of_jobs(self, lab, statements):
        world, _ = lab
        await ask(world, "ada")
        statements.clear()
        await ask(world, "ada")
        asked = [text for text in statements if text.lstrip().upper().startswith("SELECT")]
        assert not [text for text in asked if "job.extra" in text]
        assert len(asked) <= 12

    async def test_groups_are_counted_in_an_index(self, lab, statements):
        world, _ = lab
        await ask(world, "ada")
        (counted,) = [text for text in statements if "AS n" in text and "batch" not in text]
        if not world.database.is_sqlite:
            return
        plain = counted.replace("?", "''")
        async with world.database.read() as connection:
            plan = [row[3] for row in await connection.exec_driver_sql(f"explain query plan {plain}")]
        assert any("COVERING INDEX ix_score_group_key (group_key=? AND name=?)" in step for step in plan), plan
