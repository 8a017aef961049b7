import math
from datetime import UTC, datetime, timedelta

from argus_kit.clock import now


class TestList:
    async def test_pages_filters_and_the_total(self, world):
        at = now()
        await world.batch("a", project="p1", host="h1", name="a run")
        await world.batch("b", project="p2", host="h2", status="done", end_time=at - timedelta(minutes=1))
        for i in range(5):
            await world.job("a", f"j{i}", status="done", start_time=at - timedelta(hours=i), end_time=at)
        await world.job("b", "left", start_time=at - timedelta(days=3), model="vit")
        await world.job("b", "none", start_time=None, status="Skipped")
        await world.job("a", "gone", deleted_at=at)
        first = await world.read("/api/jobs", page_size=3)
        assert [(i["job"]["id"], i["batch_name"]) for i in first["items"]] == [(f"j{n}", "a run") for n in range(3)]
        assert (first["total"], first["page"], first["page_size"]) == (7, 1, 3)
        assert [i["job"]["id"] for i in (await world.read("/api/jobs", page_size=3, page=3))["items"]] == ["none"]
        for params, expected in (
            ({"status": "DONE"}, 5),
            ({"status": "skipped"}, 1),
            ({"status": "lost"}, 1),
            ({"status": "running"}, 0),
            ({"project": "p2"}, 2),
            ({"host": "h2"}, 2),
            ({"batch_id": "a"}, 5),
            ({"since": "90m"}, 2),
            ({"since": "7d"}, 6),
            ({"since": "soon"}, 0),
            ({"q": "VIT"}, 1),
            ({"scope": "shared"}, 0),
        ):
            assert (await world.read("/api/jobs", **params))["total"] == expected, params

    async def test_a_job_left_behind_is_shown_as_lost(self, world):
        await world.batch("a", status="done", end_time=now())
        await world.job("a", "j1")
        assert (await world.read("/api/jobs/a/j1"))["status"] == "lost"
        assert [j["status"] for j in await world.read("/api/batches/a/jobs")] == ["lost"]


class TestOne:
    async def test_it_tells_all_that_its_start_told(self, world):
        await world.batch("a", command="train.py")
        await world.job(
            "a",
            "j1",
            status="failed",
            reason="ValueError: no",
            extra={"run_dir": "/runs/1", "epochs": 30},
            metrics={"Avg_Batch_Time": 0.5, "GPU_Memory": 100, "Params": 7},
            n_points=3,
        )
        job = await world.read("/api/jobs/a/j1")
        assert (job["run_dir"], job["reason"], job["epochs_total"]) == ("/runs/1", "ValueError: no", 30)
        assert (job["avg_batch_time_ms"], job["gpu_memory_peak_mb"], job["n_params"]) == (500.0, 100.0, 7)
        assert job["extra"] == {"run_dir": "/runs/1", "epochs": 30, "command": "train.py"}

    async def test_what_is_not_there(self, world):
        await world.batch("a")
        for path, status, code in (
            ("/api/jobs/a/none", 404, "job.not_found"),
            ("/api/jobs/a/none/eta", 404, "job.not_found"),
            ("/api/jobs/a/none/metrics", 404, "job.not_found"),
            ("/api/jobs/none/j", 404, "batch.not_found"),
        ):
            answer = await world.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), path
        assert await world.read("/api/jobs/a/none/epochs") == []
        assert await world.read("/api/jobs/a/none/log-lines") == []

    async def test_slashes_divide_where_a_job_is(self, world):
        await world.batch("a")
        await world.batch("a/b")
        await world.job("a", "b/c", model="first")
        await world.job("a/b", "d", model="second")
        assert (await world.read("/api/jobs/a/b/c"))["model"] == "first"
        assert (await world.read("/api/jobs/a/b/d"))["model"] == "second"
        assert (await world.read("/api/jobs/a%2Fb/d"))["model"] == "second"


class TestEpochs:
    async def test_points_are_unpacked_and_later_ones_win(self, world):
        await world.batch("a")
        no = await world.job("a", "j1")
        await world.points("a", no, [1, 2], val_loss=[1.0, math.nan], acc=[0.1, None])
        later = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
        await world.points("a", no, [2, 3], begin=later, train_loss=[0.7, 0.6], val_loss=[0.5, math.inf])
        rows = await world.read("/api/jobs/a/j1/epochs")
        assert [row["epoch"] for row in rows] == [1, 2, 3]
        assert rows[0] == {
            "timestamp": "2026-11-20T12:00:00Z",
            "epoch": 1,
            "train_loss": None,
            "val_loss": 1.0,
            "lr": None,
            "acc": 0.1,
        }
        assert (rows[1]["val_loss"], rows[1]["train_loss"], rows[2]["val_loss"]) == (0.5, 0.7, None)


class TestCharts:
    async def test_columns_of_all_or_chosen_metrics(self, world):
        await world.batch("a")
        no = await world.job("a", "j1")
        await world.points("a", no, list(range(100)), val_loss=[float(i) for i in range(100)], acc=[0.5] * 100)
        found = await world.read("/api/jobs/a/j1/metrics", names="acc,none", points=10)
        assert (found["names"], [one["name"] for one in found["series"]]) == (["val_loss", "acc"], ["acc"])
        assert (found["last_step"], found["resumes"]) == (99, [])
        whole = (await world.read("/api/jobs/a/j1/metrics"))["series"][0]
        assert (whole["name"], whole["kind"], len(whole["steps"]), whole["n_points"]) == ("val_loss", "epoch", 100, 100)
        assert whole["times"][1] - whole["times"][0] == 60.0
        part = (await world.read("/api/jobs/a/j1/metrics", from_step=10, to_step=12))["series"][0]
        assert (part["steps"], part["n_points"], part["summary"]["n"]) == ([10, 11, 12], 3, 100)
        late = (await world.read("/api/jobs/a/j1/metrics", from_time=whole["times"][98]))["series"][0]
        assert late["steps"] == [98, 99]

    async def test_a_long_curve_is_thinned_and_its_spike_stays(self, world):
        await world.batch("a")
        no = await world.job("a", "j1")
        values = [0.5] * 30_000
        values[12_345] = 42.0
        values[20_000] = math.nan
        for begin in range(0, 30_000, 10_000):
            await world.points("a", no, list(range(begin, begin + 10_000)), loss=values[begin : begin + 10_000])
        series = (await world.read("/api/jobs/a/j1/metrics", points=200))["series"][0]
        assert len(series["steps"]) <= 200
        assert series["values"][series["steps"].index(12_345)] == 42.0
        assert (series["n_points"], series["nonfinite"]["nan"]) == (30_000, [20_000])

    async def test_one_metric_of_every_job(self, world):
        await world.batch("a")
        for name, model in (("j1", "cnn"), ("j2", "vit"), ("j3", "mlp")):
            no = await world.job("a", name, model=model)
            if name != "j3":
                await world.points("a", no, [1, 2], val_loss=[1.0, 0.5], acc=[0.1, 0.2])
        found = await world.read("/api/batches/a/curves", metric="acc")
        assert (found["metric"], found["direction"]) == ("acc", "max")
        assert [(c["job_id"], c["model"], c["values"]) for c in found["curves"]] == [
            ("j1", "cnn", [0.1, 0.2]),
            ("j2", "vit", [0.1, 0.2]),
        ]
