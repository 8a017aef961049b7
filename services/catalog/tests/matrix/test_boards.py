"""Matrices, boards, trend and neighbours through the API, on both databases."""

from datetime import timedelta

import numpy as np
import pytest

from argus_kit.clock import now
from argus_schema import catalog as own

SEEDS = {"small": (0.70, 0.74, 0.72), "large": (0.80, 0.90)}


@pytest.fixture
async def lab(world):
    """Two configurations of one model with several seeds, a rival, a failure, a job that runs; and Bob's own."""
    await world.person("bob")
    at = now()
    await world.batch("v1", project="vision", status="done", end_time=at)
    await world.batch("v2", project="vision")
    minutes = iter(range(100))

    async def done(batch_id, job_id, accuracy, **more):
        minute = next(minutes)
        values = {
            "status": "done",
            "start_time": at - timedelta(minutes=200 - minute),
            "end_time": at - timedelta(minutes=100 - minute),
            "elapsed_s": 60,
            "metrics": {"acc": accuracy, "loss": 1 - accuracy, "epochs": 5},
        } | more
        await world.job(batch_id, job_id, **values)

    for size, accuracies in SEEDS.items():
        for seed, accuracy in enumerate(accuracies):
            config = {"size": size, "seed": seed}
            batch_id = "v1" if seed % 2 == 0 else "v2"
            await done(batch_id, f"{size}-{seed}", accuracy, model="cnn", dataset="mnist", extra={"config": config})
    await done("v1", "vit", 0.60, model="vit", dataset="mnist")
    await done("v1", "idle", 0.99, model="vit", dataset="svhn", is_idle_flagged=True)
    await done("v1", "nan", 0, model="cnn", dataset="svhn", metrics={"acc": "NaN"})
    await done("v1", "lucky", 0.99, model="cnn", dataset="mnist", status="failed", extra={"config": {"size": "odd"}})
    await world.job("v2", "runs", model="vit", dataset="svhn")
    await world.job("v2", "nameless", model=None, dataset=None, status="done", end_time=at, metrics={"acc": 0.1})
    await world.job("v2", "gone", model="gone", dataset="gone", deleted_at=at, metrics={"acc": 1.0})
    await world.batch("b1", owner="bob", project="vision")
    await world.job("b1", "bobs", model="cnn", dataset="mnist", status="done", metrics={"acc": 0.999})
    return world


def cell_of(found, model, dataset):
    return found["cells"][found["rows"].index(model)][found["cols"].index(dataset)]


class TestProjectMatrix:
    async def test_a_seed_group_is_one(self, lab):
        found = await lab.read("/api/projects/vision/matrix", metric="acc", seeds="1", also=["loss"])
        assert (found["direction"], found["is_sure"], found["seeds"]) == ("max", True, True)
        assert (found["rows"], found["cols"]) == (["cnn", "vit"], ["mnist", "svhn"])
        cell = cell_of(found, "cnn", "mnist")
        assert (cell["n"], cell["n_members"], cell["n_jobs"], cell["n_groups"]) == (2, 2, 6, 3)
        assert cell["mean"] == pytest.approx(np.mean(SEEDS["large"]))
        assert cell["std"] == pytest.approx(np.std(SEEDS["large"], ddof=1))
        assert (cell["min"], cell["max"], cell["best"], cell["worst"]) == (0.8, 0.9, True, False)
        assert {(job["batch_id"], job["job_id"], job["seed"], job["value"]) for job in cell["jobs"]} == {
            ("v1", "large-0", "0", 0.8),
            ("v2", "large-1", "1", 0.9),
        }
        assert cell["others"]["loss"]["mean"] == pytest.approx(0.15)
        assert found["values"][0][0] == cell["mean"]
        assert sorted(found["batch_ids"][0][0]) == ["v1", "v2"]
        assert cell_of(found, "vit", "mnist")["worst"] is True

    async def test_without_seeds_the_best_job_that_counts(self, lab):
        found = await lab.read("/api/projects/vision/matrix", metric="acc", seeds="0")
        cell = cell_of(found, "cnn", "mnist")
        told = [(job["job_id"], job["is_counted"]) for job in cell["jobs"]]
        assert told[:2] == [("large-1", True), ("lucky", False)]
        assert (cell["n_jobs"], len(told)) == (6, 6)
        assert (cell["n"], cell["mean"], cell["std"], cell["best"]) == (1, 0.9, None, True)

    async def test_idle_and_not_a_number_are_neither_best_nor_worst(self, lab):
        found = await lab.read("/api/projects/vision/matrix", metric="acc", seeds="1")
        idle, nan = cell_of(found, "vit", "svhn"), cell_of(found, "cnn", "svhn")
        assert (idle["mean"], idle["is_eligible"], idle["best"]) == (0.99, False, False)
        assert idle["states"] == {"done": 1, "running": 1}
        assert (nan["n"], nan["mean"], nan["is_eligible"]) == (0, None, False)

    async def test_the_direction_can_be_said(self, lab):
        found = await lab.read("/api/projects/vision/matrix", metric="acc", seeds="1", direction="min")
        assert (found["direction"], cell_of(found, "cnn", "mnist")["mean"]) == ("min", pytest.approx(0.72))
        assert cell_of(found, "vit", "mnist")["best"] is True

    async def test_the_contracts_matrix_has_no_cells(self, lab):
        found = await lab.read("/api/projects/vision/matrix", metric="acc")
        assert found["cells"] is None
        assert found["values"] == [[0.99, None], [0.6, 0.99]]
        assert found["batch_ids"] == [[["v1"], ["v1"]], [["v1"], ["v1"]]]

    async def test_the_project_says_what_decides(self, lab):
        said = {"primary_metric": "loss", "direction": "max"}
        await lab.insert(own.project_meta, project="vision", is_public=False, is_demo=False, settings=said)
        for path in ("matrix", "leaderboard/trend"):
            found = await lab.read(f"/api/projects/vision/{path}", seeds="1")
            assert (found["metric"], found["direction"], found["is_sure"]) == ("loss", "max", True)
        plain = await lab.read("/api/projects/vision/leaderboard")
        assert {row["metric_name"] for row in plain} <= {"loss", None}
        asked = await lab.read("/api/projects/vision/matrix", metric="acc", seeds="1")
        assert asked["direction"] == "max"

    async def test_a_metric_with_signs_in_its_name(self, lab):
        for i, name in enumerate(('odd "name"', "back\\slash", "a.b", "Größe", "$")):
            await lab.job("v1", f"odd-{i}", model="odd", dataset=f"{i}", status="done", metrics={name: 0.25})
            found = await lab.read("/api/projects/vision/matrix", metric=name, seeds="1")
            assert cell_of(found, "odd", f"{i}")["mean"] == 0.25, name
            plain = await lab.read("/api/projects/vision/leaderboard", metric=name)
            assert [row["best_metric"] for row in plain if row["dataset"] == f"{i}"] == [0.25], name


class TestBatchMatrix:
    async def test_the_last_job_of_each_cell(self, lab):
        found = await lab.read("/api/batches/v1/matrix", metric="acc")
        assert (found["metric"], found["seeds"]) == ("acc", False)
        cell = cell_of(found, "cnn", "mnist")
        assert [job["job_id"] for job in cell["jobs"]] == ["lucky", "large-0", "small-2", "small-0"]
        assert cell["n_jobs"] == 4
        assert cell["is_eligible"] is False

    async def test_seed_groups_of_the_batch_alone(self, lab):
        found = await lab.read("/api/batches/v1/matrix", metric="acc", seeds="1")
        cell = cell_of(found, "cnn", "mnist")
        assert (cell["n"], cell["mean"], cell["n_groups"]) == (1, 0.8, 3)

    async def test_without_a_metric_the_one_that_most_jobs_have(self, lab):
        assert (await lab.read("/api/batches/v1/matrix"))["metric"] == "acc"
        await lab.job("v1", "mse", status="done", metrics={"MSE": 0.5})
        assert (await lab.read("/api/batches/v1/matrix"))["metric"] == "MSE"

    async def test_jobs_without_names_have_a_row(self, lab):
        assert (await lab.read("/api/batches/v2/matrix", metric="acc"))["rows"][0] == ""


class TestLeaderboard:
    async def test_with_seeds_a_row_is_a_group(self, lab):
        rows = await lab.read("/api/projects/vision/leaderboard", metric="acc", seeds="1")
        assert [(row["model"], row["dataset"]) for row in rows] == [
            ("", ""),
            ("cnn", "mnist"),
            ("cnn", "svhn"),
            ("vit", "mnist"),
            ("vit", "svhn"),
        ]
        row = rows[1]
        assert (row["n"], row["n_groups"], row["best_metric"], row["job_id"]) == (2, 3, 0.9, "large-1")
        assert row["mean"] == pytest.approx(0.85)
        assert row["spreads"]["loss"]["mean"] == pytest.approx(0.15)
        assert row["spreads"]["loss"]["std"] == pytest.approx(np.std([0.2, 0.1], ddof=1))

    async def test_without_seeds_it_is_the_contracts(self, lab):
        rows = await lab.read("/api/projects/vision/leaderboard", metric="acc")
        assert [(row["job_id"], row["best_metric"], row["mean"], row["jobs"]) for row in rows[1:3]] == [
            ("lucky", 0.99, None, None),
            ("nan", None, None, None),
        ]


async def test_metrics_of_boards(lab):
    found = await lab.read("/api/projects/vision/board-metrics")
    assert found["primary"] == "acc"
    told = {one["name"]: (one["n_jobs"], one["direction"], one["is_sure"]) for one in found["metrics"]}
    assert told == {"acc": (9, "max", True), "loss": (8, "min", True), "epochs": (8, "min", False)}
    assert (await lab.read("/api/batches/v1/board-metrics"))["metrics"][0]["n_jobs"] == 6
    empty = await lab.read("/api/batches/b1/board-metrics", "bob")
    assert [one["name"] for one in empty["metrics"]] == ["acc"]


class TestTrend:
    async def test_records_alone(self, lab):
        found = await lab.read("/api/projects/vision/leaderboard/trend", metric="acc")
        assert [(one["job_id"], one["value"]) for one in found["records"]] == [
            ("small-0", 0.7),
            ("small-1", 0.74),
            ("large-0", 0.8),
            ("large-1", 0.9),
        ]
        assert (found["n_results"], found["direction"]) == (7, "max")

    async def test_of_nothing(self, lab):
        found = await lab.read("/api/projects/vision/leaderboard/trend", metric="none")
        assert (found["records"], found["last_at"], found["n_results"]) == ([], None, 0)


class TestNeighbours:
    async def test_cell_seeds_and_list(self, lab):
        found = await lab.read("/api/jobs/v1/small-0/neighbours")
        assert {one["job_id"] for one in found["cell"]} == {"small-1", "small-2", "large-0", "large-1", "lucky"}
        assert [(one["batch_id"], one["job_id"], one["seed"]) for one in found["seeds"]] == [
            ("v1", "small-2", "2"),
            ("v2", "small-1", "1"),
        ]
        assert found["previous"] is None
        assert (found["next"]["job_id"], found["next"]["value"], found["next"]["metric"]) == ("small-2", 0.72, "acc")

    async def test_a_job_that_is_not_there(self, lab):
        answer = await lab.get("/api/jobs/v1/none/neighbours")
        assert answer.json()["error"]["code"] == "job.not_found"

    async def test_others_jobs_are_no_neighbours(self, lab):
        found = await lab.read("/api/jobs/b1/bobs/neighbours", "bob")
        assert (found["cell"], found["seeds"], found["previous"], found["next"]) == ([], [], None, None)


async def test_statements_do_not_grow_with_rows(lab, statements):
    paths = (
        "/api/projects/vision/matrix?seeds=1&metric=acc",
        "/api/projects/vision/leaderboard?seeds=1&metric=acc",
        "/api/projects/vision/leaderboard?metric=acc",
        "/api/projects/vision/leaderboard/trend?metric=acc",
        "/api/projects/vision/board-metrics",
        "/api/batches/v1/matrix?metric=acc&seeds=1",
        "/api/jobs/v1/small-0/neighbours",
    )

    async def counts():
        found = []
        for path in paths:
            statements.clear()
            await lab.read(path)
            found.append(len(statements))
        return found

    await lab.read(paths[0])  # who calls is remembered from here on
    few = await counts()
    for i in range(60):
        config = {"lr": i // 3, "seed": i % 3}
        more = {"status": "done", "metrics": {"acc": i / 60}, "extra": {"config": config}}
        await lab.job("v1", f"x{i}", model=f"m{i % 7}", dataset=f"d{i % 5}", **more)
    assert await counts() == few
