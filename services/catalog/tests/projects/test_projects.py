from datetime import timedelta

import pytest

from argus_kit.clock import now
from argus_schema import catalog as own


@pytest.fixture
async def lab(world):
    """Two projects, one with results."""
    at = now()
    await world.batch("v1", project="vision", status="done", n_done=3, n_failed=1, end_time=at)
    await world.batch("v2", project="vision", n_total=10, n_done=2, start_time=at - timedelta(days=1))
    await world.batch("t1", project="text", status="done", start_time=at - timedelta(days=30))
    results = (
        ("cnn", "mnist", 0.3, 0.8),
        ("cnn", "mnist", 0.1, 0.7),
        ("vit", "mnist", 0.2, 0.9),
        ("vit", "svhn", None, 0.5),
    )
    for i, (model, dataset, mse, acc) in enumerate(results):
        metrics = {"acc": acc, "train_epochs": 5} | ({} if mse is None else {"MSE": mse})
        await world.job(
            "v1",
            f"j{i}",
            model=model,
            dataset=dataset,
            status="done",
            metrics=metrics,
            elapsed_s=1800,
            end_time=at - timedelta(minutes=i),
        )
    await world.job("v2", "d", status="done", elapsed_s=100, end_time=at, model=None, dataset=None)
    await world.job(
        "v2", "r", extra={"max_epochs": 7}, last_epoch=2, latest={"val_loss": 0.4}, val_loss_trace=[0.9, 0.4]
    )
    return world


async def test_cards(lab):
    cards = await lab.read("/api/projects")
    assert [card["project"] for card in cards] == ["vision", "text"]
    vision = cards[0]
    assert (vision["n_batches"], vision["running_batches"], vision["jobs_done"], vision["jobs_failed"]) == (2, 1, 5, 1)
    assert (vision["failure_rate"], vision["gpu_hours"], vision["eta_seconds"]) == (0.1667, 2.028, 800)
    assert [(t["model"], t["dataset"], t["metric_value"]) for t in vision["top_models"]] == [
        ("cnn", "mnist", 0.1),
        ("vit", "mnist", 0.2),
    ]
    assert (vision["owners"], vision["best_metric"], vision["best_metric_key"]) == (["ada"], 0.1, "MSE")
    assert sum(vision["batch_volume_7d"]) == 2
    assert len(vision["batch_volume_7d"]) == 7
    assert cards[1]["batch_volume_7d"] == [0] * 7


async def test_starred_projects_come_first_and_can_be_asked_for_alone(lab):
    star = {"target_type": "project", "target_id": "text"}
    assert (await lab.client.post("/api/stars", json=star, headers=lab.headers["ada"])).status_code == 200
    assert [(c["project"], c["is_starred"]) for c in await lab.read("/api/projects")] == [
        ("text", True),
        ("vision", False),
    ]
    assert [c["project"] for c in await lab.read("/api/projects", starred=True)] == ["text"]
    assert await lab.read("/api/projects", scope="shared") == []


async def test_one_project(lab):
    await lab.person("root", is_admin=True)
    project = await lab.read("/api/projects/vision")
    assert project["best_metric"] == {"name": "MSE", "value": 0.1}
    assert (project["batches_this_week"], project["is_public"], project["owners"]) == (2, None, ["ada"])
    assert (await lab.read("/api/projects/vision", "root"))["is_public"] is False
    assert (await lab.get("/api/projects/none")).json()["error"]["code"] == "project.not_found"


async def test_a_deleted_project_stays_hidden(lab):
    await lab.insert(own.project_meta, project="vision", is_public=False, is_demo=False, deleted_at=now())
    assert [c["project"] for c in await lab.read("/api/projects")] == ["text"]
    assert (await lab.get("/api/projects/vision/leaderboard")).status_code == 404


async def test_active_batches(lab):
    (card,) = await lab.read("/api/projects/vision/active-batches")
    assert (card["batch_id"], card["completion_pct"], card["eta_seconds"], card["eta_s"]) == ("v2", 20.0, 800, 800)
    (job,) = card["running_jobs"]
    assert (job["job_id"], job["epoch"], job["val_loss"], job["trend"], job["total_epochs"]) == (
        "r",
        2,
        0.4,
        "down",
        7,
    )
    assert card["sparkline"] == [0.9, 0.4]


async def test_the_leaderboard_knows_the_direction(lab):
    by_mse = await lab.read("/api/projects/vision/leaderboard", metric="MSE")
    assert [(r["model"], r["dataset"], r["best_metric"], r["metric_name"]) for r in by_mse] == [
        ("", "", None, None),
        ("cnn", "mnist", 0.1, "MSE"),
        ("resnet", "cifar", None, None),
        ("vit", "mnist", 0.2, "MSE"),
        ("vit", "svhn", None, None),
    ]
    by_acc = await lab.read("/api/projects/vision/leaderboard", metric="acc")
    assert [(r["model"], r["best_metric"]) for r in by_acc if r["dataset"] == "mnist"] == [("cnn", 0.8), ("vit", 0.9)]


async def test_the_matrix(lab):
    found = await lab.read("/api/projects/vision/matrix", metric="acc")
    assert (found["rows"], found["cols"], found["direction"]) == (
        ["cnn", "resnet", "vit"],
        ["cifar", "mnist", "svhn"],
        "max",
    )
    assert found["values"] == [[None, 0.8, None], [None, None, None], [None, 0.9, 0.5]]
    assert found["batch_ids"][2] == [None, ["v1"], ["v1"]]


async def test_resources(lab):
    found = await lab.read("/api/projects/vision/resources")
    assert (found["jobs_completed"], found["gpu_hours"], found["host_distribution"]) == (5, 2.028, {"gpu-1": 2})
    assert sum(map(sum, found["hourly_heatmap"])) == 5
    assert found["by_host"] == [{"host": "gpu-1", "gpu_hours": 2.028}]


async def test_exports(lab):
    board = await lab.get("/api/projects/vision/export.csv")
    assert board.headers["Content-Disposition"] == 'attachment; filename="vision_leaderboard.csv"'
    assert board.text.splitlines()[0] == "batch_id,model,dataset,status,epochs,elapsed_s,MSE,MAE,RMSE,R2,PCC,MAPE"
    assert "v1,cnn,mnist,done,5,1800,0.1,,,,," in board.text.splitlines()
    raw = (await lab.get("/api/projects/vision/export-raw.csv")).text.splitlines()
    assert "v1,j0,cnn,mnist,done,1800,MSE,0.3" in raw
    assert "v2,r,resnet,cifar,running,,," in raw


class TestDashboard:
    async def test_tiles_and_feeds(self, lab):
        await lab.job("v2", "f", status="failed", end_time=now(), reason="CUDA out of memory\nTraceback")
        await lab.job("v1", "left")
        await lab.snapshot("v2", gpu_util_pct=40.0)
        page = await lab.read("/api/dashboard")
        assert page["counters"] == {
            "running_batches": 1,
            "jobs_running": 1,
            "jobs_done_24h": 5,
            "jobs_failed_24h": 1,
            "active_hosts": 1,
            "my_running": 1,
            "avg_gpu_util": 40.0,
        }
        assert [c["project"] for c in page["projects"]] == ["vision", "text"]
        assert [h["host"] for h in page["hosts"]] == ["gpu-1"]
        kinds = {a["event_type"] for a in page["activity"]}
        assert kinds == {"batch_start", "batch_done", "job_failed"}
        assert all(a["summary"] == a["message"] for a in page["activity"])
        times = [a["timestamp"] for a in page["activity"]]
        assert times == sorted(times, reverse=True)
        (alert,) = page["notifications"]
        assert (alert["kind"], alert["target_id"], alert["body"], alert["level"]) == (
            "job_failed",
            "v2/f",
            "CUDA out of memory",
            "error",
        )

    async def test_scopes(self, lab):
        await lab.person("bob")
        await lab.share("v2", "bob")
        shared = await lab.read("/api/dashboard", "bob", scope="shared")
        assert (shared["scope"], shared["counters"]["running_batches"], shared["counters"]["my_running"]) == (
            "shared",
            1,
            0,
        )
        assert [c["n_batches"] for c in shared["projects"]] == [1]
        assert (await lab.read("/api/dashboard", "bob", scope="mine"))["projects"] == []


async def test_gpu_hours_by_user(lab):
    await lab.person("bob")
    await lab.person("root", is_admin=True)
    await lab.batch("b1", owner="bob")
    await lab.job("b1", "j", status="done", elapsed_s=3600, end_time=now(), metrics={"gpu_count": 4})
    await lab.job("b1", "old", status="done", elapsed_s=3600, end_time=now() - timedelta(days=40))
    everyone = await lab.read("/api/stats/gpu-hours-by-user", "root")
    assert [(r["username"], r["gpu_hours"]) for r in everyone] == [("bob", 4.0), ("ada", 2.0278)]
    assert [r["username"] for r in await lab.read("/api/stats/gpu-hours-by-user", "bob")] == ["bob"]
    (none,) = await lab.read("/api/stats/gpu-hours-by-user", "bob", days=1)
    assert none["gpu_hours"] == 4.0
