from datetime import timedelta

import pytest

from argus_catalog.compare.choosing import chosen
from argus_kit.clock import now

EXPORT = "/api/compare/export.csv"


@pytest.fixture
async def sides(world):
    """Two finished batches that share a metric, and one that knows another alone."""
    at = now()
    await world.batch("a", project="vision", status="done", n_done=2, end_time=at)
    await world.batch("b", project="text", status="done", n_done=1, end_time=at)
    await world.batch("c", project="text", status="done", n_done=1, end_time=at)
    ended = {"status": "done", "end_time": at, "elapsed_s": 60}
    await world.job("a", "a-1", **ended, model="cnn", metrics={"MSE": 0.3, "R2": 0.8, "note": "x", "broken": "NaN"})
    no = await world.job("a", "a-2", **ended, model="vit", metrics={"MSE": 0.1, "R2": 0.7})
    await world.job("b", "b-1", **ended, metrics={"MSE": 0.2, "MAE": 0.25})
    await world.job("c", "c-1", **ended, metrics={"accuracy": 0.6})
    await world.job("c", "c-2", **ended, metrics={"accuracy": 0.9})
    await world.points("a", no, [1, 2, 3], val_loss=[0.9, float("nan"), 0.4], train_loss=[1.0, 0.8, 0.6])
    return world


class TestCompare:
    async def test_batches_stand_in_the_order_asked_for_with_their_best_job(self, sides):
        found = await sides.read("/api/compare", batches="b, a,c,a")
        assert [b["batch_id"] for b in found["batches"]] == ["b", "a", "c"]
        b, a, c = found["batches"]
        assert (a["best_metric"], a["best_job_id"], a["model"]) == ({"name": "MSE", "value": 0.1}, "a-2", "vit")
        assert b["best_metric"] == {"name": "MSE", "value": 0.2}
        assert (c["best_metric"], c["best_job_id"]) == ({"name": "accuracy", "value": 0.9}, "c-2")
        assert (a["metrics"], a["dataset"]) == ({"MSE": 0.1, "R2": 0.7}, "cifar")
        assert (a["project"], a["n_done"], a["owner_id"]) == ("vision", 2, sides.people["ada"])
        assert [j["job_id"] for j in a["jobs"]] == ["a-1", "a-2"]

    async def test_metrics_are_a_sorted_union_of_numbers_with_directions(self, sides):
        found = await sides.read("/api/compare", batches="a,b,c")
        assert found["metric_union"] == found["metric_keys"] == ["MAE", "MSE", "R2", "accuracy"]
        assert found["directions"] == {"MAE": "min", "MSE": "min", "R2": "max", "accuracy": "max"}

    async def test_the_loss_curve_is_the_best_jobs(self, sides):
        found = await sides.read("/api/compare", batches="a,b")
        assert found["batches"][0]["loss_curve"] == [
            {"epoch": 1, "train_loss": 1.0, "val_loss": 0.9},
            {"epoch": 2, "train_loss": 0.8, "val_loss": None},
            {"epoch": 3, "train_loss": 0.6, "val_loss": 0.4},
        ]
        assert found["batches"][1]["loss_curve"] == []

    async def test_a_batch_without_results_is_told_by_the_job_heard_of_last(self, sides):
        await sides.batch("new")
        await sides.batch("empty")
        await sides.job("new", "old", model="mlp", last_epoch_at=now() - timedelta(hours=1))
        await sides.job("new", "young", model="gru", last_epoch_at=now())
        new, empty = (await sides.read("/api/compare", batches="new,empty"))["batches"]
        assert (new["best_metric"], new["best_job_id"], new["model"], new["metrics"]) == (None, "young", "gru", {})
        assert (new["jobs"][0]["status"], new["jobs"][0]["elapsed_s"]) == ("running", None)
        assert (empty["jobs"], empty["best_job_id"], empty["model"], empty["loss_curve"]) == ([], None, None, [])

    async def test_deleted_jobs_are_not_compared(self, sides):
        await sides.job("b", "gone", status="done", metrics={"MSE": 0.0, "secret": 1.0}, deleted_at=now())
        found = await sides.read("/api/compare", batches="a,b")
        assert found["batches"][1]["best_metric"]["value"] == 0.2
        assert "secret" not in found["metric_union"]
        assert "gone" not in (await sides.get(EXPORT, batches="a,b")).text

    async def test_the_number_of_statements_does_not_grow(self, world, statements):
        async def cost(ids):
            begin = len(statements)
            await world.read("/api/compare", batches=",".join(ids))
            return len(statements) - begin

        ids = [f"b{i}" for i in range(32)]
        for batch_id in ids:
            await world.batch(batch_id, status="done")
            for i in range(3):
                no = await world.job(batch_id, f"j{i}", status="done", metrics={"MSE": 0.1 * i})
                await world.points(batch_id, no, [1, 2], val_loss=[1.0, 0.5])
        await cost(ids[:2])  # who asks is looked up once
        few = await cost(ids[:2])
        many = await cost(ids)
        assert many == few <= 12


class TestRefusals:
    @pytest.mark.parametrize("path", ["/api/compare", EXPORT])
    async def test_two_to_thirty_two_different_batches(self, sides, path):
        for batches in ("", "a", "a,a,", ",".join(f"x{i}" for i in range(33))):
            answer = await sides.get(path, batches=batches)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "compare.count_invalid"), batches
        assert (await sides.get(path)).status_code == 422

    @pytest.mark.parametrize("path", ["/api/compare", EXPORT])
    async def test_the_first_that_is_not_there_or_not_visible_is_named_in_the_same_words(self, sides, path):
        await sides.person("bob")
        await sides.batch("bobs", owner="bob")
        answers = [await sides.get(path, batches=f"a,{batch_id},nix") for batch_id in ("bobs", "none")]
        assert [(a.status_code, a.json()["error"]["details"]) for a in answers] == [
            (404, {"batch_id": "bobs"}),
            (404, {"batch_id": "none"}),
        ]
        assert answers[0].json()["error"]["message"].replace("bobs", "none") == answers[1].json()["error"]["message"]

    async def test_who_may_compare(self, sides):
        await sides.person("bob")
        assert (await sides.get("/api/compare", "bob", batches="a,b")).status_code == 404
        for batch_id in ("a", "b"):
            await sides.share(batch_id, "bob")
        for path in ("/api/compare", EXPORT):
            assert (await sides.get(path, "bob", batches="a,b")).status_code == 200
            assert (await sides.get(path, await sides.token("ada", "em_view_"), batches="a,b")).status_code == 200
            assert (await sides.get(path, None, batches="a,b")).status_code == 401


async def test_the_export(sides):
    answer = await sides.get(EXPORT, batches="b,a")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="compare.csv"'
    assert answer.text.split("\r\n") == [
        "batch_id,project,job_id,model,dataset,status,elapsed_s,MAE,MSE,R2",
        "b,text,b-1,resnet,cifar,done,60,0.25,0.2,",
        "a,vision,a-1,cnn,cifar,done,60,,0.3,0.8",
        "a,vision,a-2,vit,cifar,done,60,,0.1,0.7",
        "",
    ]


def test_no_job_speaks_for_a_batch_without_jobs():
    assert chosen([], "MSE") is None
