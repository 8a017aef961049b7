from datetime import timedelta

import pytest

from argus_catalog.compare.settings import MOST_SETTINGS, config_of, flat, group_of
from argus_kit.clock import now

PATH = "/api/compare/jobs"


def asked(*pairs):
    return {"jobs": [{"batch_id": batch_id, "job_id": job_id} for batch_id, job_id in pairs]}


async def ask(world, *pairs, who="ada"):
    return await world.client.post(PATH, headers=world.headers[who], json=asked(*pairs))


async def read(world, *pairs, who="ada"):
    answer = await ask(world, *pairs, who=who)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def runs(world):
    """Two seeds of one setting, a third setting in another batch whose ids hold slashes and commas, one that runs."""
    at = now()
    shown = {"git_sha": "abc", "git_dirty": True, "pip_freeze": ["numpy==2"]}
    await world.batch("a", project="vision", status="done", end_time=at, env_snapshot=shown, command="train.py")
    await world.batch("b/2,x", project="vision", name="wider")
    done = {"status": "done", "end_time": at, "elapsed_s": 60}
    for seed, mse in ((1, 0.3), (2, 0.1)):
        config = {"optim": {"lr": 0.1, "betas": [0.9, 0.99]}, "seed": seed}
        await world.job("a", f"s{seed}", **done, metrics={"MSE": mse, "note": "x"}, extra={"config": config})
    await world.job(
        "b/2,x", "j/1", **done, metrics={"MSE": 0.2, "acc": 0.9}, latest={"MSE": 9.0, "val_loss": 0.5},
        extra={"config": {"optim": {"lr": 0.01}}, "optuna": {"study_name": "s", "params": {"depth": 3}}},
    )  # fmt: skip
    await world.job("b/2,x", "live", latest={"val_loss": 0.7, "broken": "NaN"}, last_epoch_at=at)
    return world


class TestCompareJobs:
    async def test_jobs_stand_in_the_order_asked_for_once_each(self, runs):
        found = await read(runs, ("b/2,x", "j/1"), ("a", "s2"), ("b/2,x", "j/1"))
        assert [(j["batch_id"], j["job_id"]) for j in found["jobs"]] == [("b/2,x", "j/1"), ("a", "s2")]
        first, second = found["jobs"]
        assert (first["batch_name"], first["project"], second["command"]) == ("wider", "vision", "train.py")
        assert (second["status"], second["elapsed_s"], second["model"]) == ("done", 60, "resnet")

    async def test_settings_are_flat_and_what_was_tried_counts(self, runs):
        one, two = (await read(runs, ("a", "s1"), ("b/2,x", "j/1")))["jobs"]
        assert one["config"] == {"optim.betas": [0.9, 0.99], "optim.lr": 0.1, "seed": 1}
        assert two["config"] == {"depth": 3, "optim.lr": 0.01}
        assert (one["environment"], two["environment"]) == ({"git_sha": "abc", "git_dirty": True}, {})

    async def test_the_newest_epoch_tells_what_the_final_metrics_do_not(self, runs):
        found = await read(runs, ("b/2,x", "j/1"), ("b/2,x", "live"))
        assert [j["metrics"] for j in found["jobs"]] == [{"MSE": 0.2, "acc": 0.9, "val_loss": 0.5}, {"val_loss": 0.7}]
        assert found["metric_union"] == ["MSE", "acc", "val_loss"]
        assert found["directions"] == {"MSE": "min", "acc": "max", "val_loss": "min"}
        assert (found["jobs"][1]["status"], found["jobs"][1]["elapsed_s"]) == ("running", None)

    async def test_jobs_that_differ_by_their_seed_share_a_group(self, runs):
        one, two, other = (await read(runs, ("a", "s1"), ("a", "s2"), ("b/2,x", "j/1")))["jobs"]
        assert one["seed_group"] == two["seed_group"] != other["seed_group"]
        assert (one["seed"], two["seed"], other["seed"]) == ("1", "2", None)

    async def test_the_curves_that_any_has_are_named(self, runs):
        summary = {"val_loss": {"n": 3}, "acc": {"n": 2}}
        await runs.job("a", "curvy", summary=summary, metrics={"MSE": 0.01}, status="done")
        assert (await read(runs, ("a", "s1"), ("a", "curvy")))["curve_names"] == ["val_loss", "acc"]
        await runs.batch("c")
        assert (await runs.read("/api/compare", batches="a,c"))["curve_names"] == ["val_loss", "acc"]

    async def test_the_number_of_statements_does_not_grow(self, runs, statements):
        pairs = [("a", f"more-{i}") for i in range(32)]
        for batch_id, job_id in pairs:
            await runs.job(batch_id, job_id)
        await read(runs, ("a", "s1"))  # who asks is looked up once
        costs = []
        for some in (pairs[:1], pairs):
            begin = len(statements)
            await read(runs, *some)
            costs.append(len(statements) - begin)
        assert costs[0] == costs[1] <= 4


class TestRefusals:
    async def test_the_first_that_is_not_there_is_named(self, runs):
        await runs.job("a", "gone", deleted_at=now())
        for batch_id, job_id in (("a", "nix"), ("a", "gone"), ("none", "s1")):
            answer = await ask(runs, ("a", "s1"), (batch_id, job_id), ("a", "nix-2"))
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (404, "job.not_found")
            assert error["details"] == {"batch_id": batch_id, "job_id": job_id}

    async def test_what_one_may_not_see_is_not_there(self, runs):
        await runs.person("bob")
        hidden, missing = [await ask(runs, pair, who="bob") for pair in (("a", "s1"), ("a", "nix"))]
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert hidden.json()["error"]["message"].replace("s1", "nix") == missing.json()["error"]["message"]
        await runs.share("a", "bob")
        assert (await ask(runs, ("a", "s1"), who="bob")).status_code == 200
        assert (await ask(runs, ("a", "s1"), ("b/2,x", "j/1"), who="bob")).status_code == 404

    @pytest.mark.parametrize("count", [0, 33])
    async def test_one_to_thirty_two(self, runs, count):
        assert (await ask(runs, *(("a", f"x{i}") for i in range(count)))).status_code == 422


class TestBatches:
    async def test_a_batch_shows_the_settings_of_its_best_job_and_its_seeds(self, runs):
        await runs.batch("c", name="plain")
        await runs.job("c", "other", status="done", metrics={"MSE": 0.5}, model="vit", start_time=now())
        a, c = (await runs.read("/api/compare", batches="a,c"))["batches"]
        assert (a["best_job_id"], a["config"]["seed"], a["config"]["optim.lr"]) == ("s2", 2, 0.1)
        assert (a["seed_job_ids"], c["seed_job_ids"]) == (["s1", "s2"], ["other"])
        assert (a["environment"]["git_sha"], c["environment"], c["name"]) == ("abc", {}, "plain")

    async def test_another_setting_is_no_seed(self, runs):
        extra = {"config": {"optim": {"lr": 0.5, "betas": [0.9, 0.99]}, "seed": 3}}
        await runs.job("a", "lr", status="done", metrics={"MSE": 0.9}, extra=extra, end_time=now() - timedelta(hours=2))
        await runs.batch("c")
        a, _ = (await runs.read("/api/compare", batches="a,c"))["batches"]
        assert a["seed_job_ids"] == ["s1", "s2"]


class TestSettings:
    def test_a_list_and_an_empty_part_are_values(self):
        assert flat({"b": {"c": [1]}, "a": {}}) == {"a": {}, "b.c": [1]}

    def test_there_is_an_end_to_depth_and_number(self):
        deep = {}
        for _ in range(20):
            deep = {"x": deep}
        assert max(path.count(".") for path in flat(deep)) < 8
        assert len(flat({str(i): i for i in range(MOST_SETTINGS + 5)})) == MOST_SETTINGS

    @pytest.mark.parametrize("told", [None, "text", [1], 3])
    def test_what_is_no_table_is_nothing(self, told):
        assert config_of(told, told) == {}

    def test_a_group_is_of_one_project_model_and_data_set(self):
        config = {"lr": 1, "seed": 2}
        same = group_of("p", "m", "d", config)
        assert same == group_of("p", "m", "d", {"seed": 5, "lr": 1})
        assert len({same, group_of("q", "m", "d", config), group_of("p", None, "d", config)}) == 3
