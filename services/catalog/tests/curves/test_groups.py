"""Bands of groups over HTTP, on both databases."""

import math

import numpy as np
import pytest

from argus_catalog.curves import groups as module


async def asked(world, who="ada", **body):
    answer = await world.client.post("/api/metrics/query", headers=world.headers[who], json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["groups"]


def of(batch_id, *jobs):
    return [{"batch_id": batch_id, "job_id": job} for job in jobs]


@pytest.fixture
async def seeds(world):
    """Three seeds of one setting, the last of which ended early, and one job of another."""
    await world.batch("a")
    for seed, values in enumerate(([1.0, 2.0, 3.0], [3.0, math.nan, 5.0], [5.0, 6.0])):
        no = await world.job("a", f"s{seed}", extra={"config": {"lr": 0.1, "seed": seed}})
        await world.points("a", no, list(range(1, len(values) + 1)), loss=values)
    no = await world.job("a", "other", extra={"config": {"lr": 0.2, "seed": 0}})
    await world.points("a", no, [1, 2], loss=[0.0, 0.0])


class TestGroups:
    async def test_a_band_is_of_all_members_and_counts_what_was_no_number(self, world, seeds):
        (group,) = await asked(world, groups=[{"id": "g", "series": of("a", "s0", "s1", "s2")}])
        (loss,) = group["series"]
        assert (group["id"], len(group["members"]), group["missing"]) == ("g", 3, [])
        assert (loss["name"], loss["kind"], loss["direction"], loss["n_members"], loss["n_points"]) == (
            "loss", "epoch", "min", 3, 8,
        )  # fmt: skip
        assert (loss["steps"], loss["n"], loss["left_out"]) == ([1, 2, 3], [3, 2, 2], [0, 1, 0])
        assert loss["mean"] == [3.0, 4.0, 4.0]
        assert loss["std"] == pytest.approx([2.0, math.sqrt(8), math.sqrt(2)])
        assert (loss["min"], loss["max"], loss["median"]) == ([1.0, 2.0, 3.0], [5.0, 6.0, 5.0], [3.0, 4.0, 4.0])

    async def test_every_point_counts_however_they_are_stored(self, world):
        await world.batch("a")
        rng = np.random.default_rng(7)
        values = rng.normal(size=(3, 5_000))
        for row in range(3):
            await world.merged("a", await world.job("a", f"j{row}"), "loss", values[row].tolist())
        (group,) = await asked(
            world, points=51, groups=[{"id": "g", "series": of("a", "j0", "j1", "j2"), "metrics": ["loss"]}]
        )
        (loss,) = group["series"]
        width = 100
        means = values.reshape(3, 50, width).mean(axis=2)
        assert loss["n"] == [3] * 50
        assert loss["mean"] == pytest.approx(means.mean(axis=0).tolist())
        assert loss["std"] == pytest.approx(means.std(axis=0, ddof=1).tolist())
        assert loss["min"] == values.reshape(3, 50, width).min(axis=(0, 2)).tolist()

    async def test_in_portions_it_is_the_same(self, world, monkeypatch):
        await world.batch("a")
        values = np.sin(np.arange(4_000) / 100)
        for row in range(4):
            await world.merged("a", await world.job("a", f"j{row}"), "loss", (values + row).tolist())
        body = {"points": 41, "groups": [{"id": "g", "series": of("a", "j0", "j1", "j2", "j3")}]}
        whole = await asked(world, **body)
        monkeypatch.setattr(module, "_AT_ONCE", 5_000)
        assert await asked(world, **body) == whole

    async def test_part_of_the_steps_is_finer(self, world):
        await world.batch("a")
        await world.merged("a", await world.job("a", "j"), "loss", list(range(5_000)))
        (group,) = await asked(
            world, points=50, from_step=100, to_step=120, groups=[{"id": "g", "series": of("a", "j")}]
        )
        assert group["series"][0]["mean"] == [float(n) for n in range(100, 121)]

    async def test_what_is_not_visible_is_missing_and_counts_for_nothing(self, world, seeds):
        await world.person("bob")
        await world.batch("hidden", owner="bob")
        await world.points("hidden", await world.job("hidden", "j"), [1], loss=[100.0])
        members = [*of("a", "s0", "s0", "gone"), *of("hidden", "j")]
        (group,) = await asked(world, groups=[{"id": "g", "series": members}])
        assert group["members"] == of("a", "s0")
        assert group["missing"] == [*of("a", "gone"), *of("hidden", "j")]
        assert group["series"][0]["max"] == [1.0, 2.0, 3.0]


class TestSplit:
    async def test_by_seed_puts_together_what_differs_by_nothing_else(self, world, seeds):
        found = await asked(world, split=[{"batch_id": "a", "by": "seed", "metrics": ["loss"]}])
        assert [
            (g["label"], sorted(m["job_id"] for m in g["members"])) for g in sorted(found, key=lambda g: g["id"])
        ] == [
            ("lr=0.1", ["s0", "s1", "s2"]),
            ("lr=0.2", ["other"]),
        ]
        assert all(g["batch_id"] == "a" and g["series"][0]["name"] == "loss" for g in found)

    async def test_all_as_one(self, world, seeds):
        (group,) = await asked(world, split=[{"batch_id": "a", "by": "all"}])
        assert (group["label"], group["series"][0]["n"]) == ("", [4, 3, 2])

    async def test_a_batch_that_is_not_visible_is_not_there(self, world, seeds):
        await world.person("bob")
        (group,) = await asked(world, "bob", split=[{"batch_id": "a", "by": "all"}])
        assert (group["error"]["code"], group["members"], group["series"]) == ("batch.not_found", [], [])

    async def test_the_number_of_statements_does_not_grow_with_groups(self, world, statements):
        counts = []
        for batch_id, n in (("few", 2), ("many", 40)):
            await world.batch(batch_id)
            for number in range(n):
                no = await world.job(batch_id, f"j{number}", extra={"config": {"lr": number // 2}})
                await world.points(batch_id, no, [1, 2], loss=[1.0, 2.0])
            await asked(world, split=[{"batch_id": batch_id, "by": "all"}])
            statements.clear()
            assert len(await asked(world, split=[{"batch_id": batch_id, "by": "seed"}])) == n // 2
            counts.append(len(statements))
        assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"groups": [{"id": "g", "series": []}]},
        {"groups": [{"id": "g", "series": of("a", "j") * 5_001}]},
        {"split": [{"batch_id": "a", "by": "weather"}]},
        {"split": [{"batch_id": "a", "by": "config."}]},
    ],
)
async def test_what_asks_for_nothing_or_too_much_is_refused(world, body):
    answer = await world.client.post("/api/metrics/query", headers=world.headers["ada"], json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "request.invalid")


async def test_more_points_than_can_be_read_are_refused_clearly(world, monkeypatch):
    await world.batch("a")
    await world.merged("a", await world.job("a", "j"), "loss", [1.0] * 200)
    monkeypatch.setattr(module, "_MOST_READ", 100)
    body = {"split": [{"batch_id": "a", "by": "all"}]}
    answer = await world.client.post("/api/metrics/query", headers=world.headers["ada"], json=body)
    assert answer.status_code == 422
    assert "200 points" in answer.json()["error"]["message"]
