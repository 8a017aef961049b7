from datetime import timedelta

import pytest

from argus_catalog.batches.environment import browsable
from argus_catalog.batches.schemas import CompactBatches
from argus_catalog.flags import read_threshold
from argus_contracts.payloads import EnvSnapshotData
from argus_kit.clock import frozen, iso, now
from argus_schema import auth


class TestList:
    async def test_the_latest_start_comes_first_and_none_last(self, world):
        at = now()
        await world.batch("old", start_time=at - timedelta(days=2))
        await world.batch("none", start_time=None, status="requested")
        await world.batch("new", start_time=at)
        assert [b["id"] for b in await world.read("/api/batches")] == ["new", "old", "none"]

    async def test_filters(self, world):
        at = now()
        await world.batch("a", project="p1", user="ann", status="done", command="train.py --lr 0.1")
        await world.batch("b", project="p2", user="bob", start_time=at - timedelta(days=3), host="node-7")
        for params, expected in (
            ({"project": "p1"}, ["a"]),
            ({"user": "bob"}, ["b"]),
            ({"status": "done"}, ["a"]),
            ({"status": "nonsense"}, []),
            ({"since": iso(at - timedelta(days=1))}, ["a"]),
            ({"since": "garbage"}, []),
            ({"q": "NODE"}, ["b"]),
            ({"q": "train 0.1"}, ["a"]),
            ({"q": "100%"}, []),
        ):
            assert [b["id"] for b in await world.read("/api/batches", **params)] == expected, params

    async def test_cursors_walk_through_all_batches_once(self, world):
        at = now()
        for i in range(7):
            await world.batch(f"b{i}", start_time=None if i < 2 else at - timedelta(minutes=i // 2))
        seen, cursor = [], {}
        for _ in range(9):
            answer = await world.get("/api/batches", limit=2, **cursor)
            seen += [b["id"] for b in answer.json()]
            if "X-Next-Cursor" not in answer.headers:
                break
            cursor = {"cursor": answer.headers["X-Next-Cursor"]}
        assert sorted(seen) == sorted(set(seen)) == [f"b{i}" for i in range(7)]
        assert seen == [b["id"] for b in await world.read("/api/batches", limit=500)]

    async def test_what_cannot_be_meant_is_refused(self, world):
        for params in (
            {"limit": 0},
            {"limit": 501},
            {"scope": "theirs"},
            {"cursor": "%%%"},
            {"cursor": "W251bGwsIngiXQ"},
        ):
            answer = await world.get("/api/batches", **params)
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "request.invalid"), params

    async def test_the_environment_stays_out_of_lists(self, world):
        await world.batch("a", env_snapshot={"git_sha": "0123456789abcdef"})
        assert (await world.read("/api/batches"))[0]["env_snapshot"] is None

    async def test_an_answer_that_did_not_change_is_not_sent_again(self, world):
        await world.batch("a", status="done")
        first = await world.get("/api/batches")
        headers = world.headers["ada"] | {"If-None-Match": first.headers["ETag"]}
        assert (await world.client.get("/api/batches", headers=headers)).status_code == 304
        await world.batch("b")
        assert (await world.client.get("/api/batches", headers=headers)).status_code == 200


class TestDetail:
    async def test_counters_come_from_the_jobs_that_are_there(self, world):
        await world.batch("a", n_done=9, n_failed=9, n_total=4)
        await world.job("a", "j1", status="done")
        await world.job("a", "j2", status="failed")
        await world.job("a", "j3", status="done", deleted_at=now())
        batch = await world.read("/api/batches/a")
        assert (batch["n_done"], batch["n_failed"], batch["n_jobs"], batch["completion_pct"]) == (1, 1, 2, 50.0)

    async def test_the_environment_has_a_link(self, world):
        await world.batch("a", env_snapshot={"git_sha": "0123456789abcdef", "git_remote": "git@host.org:lab/net.git"})
        env = (await world.read("/api/batches/a"))["env_snapshot"]
        assert (env["git_sha_short"], env["git_remote_url"]) == ("01234567", "https://host.org/lab/net")

    async def test_the_environment_passes_on_all_that_a_run_told(self, world):
        told = {
            name: [name] if name in {"pip_freeze", "gpus", "git_untracked"} else name
            for name in EnvSnapshotData.__struct_fields__
        }
        told["config"] = {"model": {"depth": 3}}
        await world.batch("a", env_snapshot={**told, "more": 1})
        env = (await world.read("/api/batches/a"))["env_snapshot"]
        assert {name: env.get(name) for name in told} == told
        assert env["more"] == 1

    async def test_ids_of_any_form_are_found(self, world):
        for batch_id in ("with space", "exp:7.x", "a/b", "a/jobs", "ünïcode"):
            await world.batch(batch_id)
            await world.job(batch_id, "m/d")
            assert (await world.read(f"/api/batches/{batch_id}/health"))["batch_id"] == batch_id
            assert [j["id"] for j in await world.read(f"/api/batches/{batch_id}/jobs")] == ["m/d"]
            assert (await world.read(f"/api/jobs/{batch_id}/m/d"))["batch_id"] == batch_id

    async def test_the_keys_of_the_contract_are_all_there(self, world):
        await world.batch("a")
        keys = "id experiment_type project user host command n_total n_done n_failed status start_time end_time"
        batch = await world.read("/api/batches/a")
        assert set(keys.split()) | {"env_snapshot", "source_batch_id"} <= set(batch)
        assert batch["start_time"].endswith("Z")


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@host.org:lab/net.git", "https://host.org/lab/net"),
        ("ssh://git@host.org:2222/lab/net.git", "https://host.org/lab/net"),
        ("https://user:secret@host.org/lab/net.git", "https://host.org/lab/net"),
        ("http://host.org/lab/net/", "https://host.org/lab/net"),
        ("/srv/git/net.git", None),
        ("javascript:alert(1)//x", None),
        (7, None),
        (None, None),
    ],
)
def test_a_remotes_address_for_browsers(remote, expected):
    assert browsable(remote) == expected


class TestHealthAndEta:
    async def test_silence_beyond_the_flag_is_a_stall(self, world):
        at = now()
        await world.batch("a", last_event_at=at - timedelta(seconds=90))
        assert (await world.read("/api/batches/a/health"))["is_stalled"] is False
        await world.insert(
            auth.system_config, group="feature_flags", key="stalled_threshold_sec", value=60, encrypted=False
        )
        health = await world.read("/api/batches/a/health")
        assert (health["is_stalled"], health["stalled_threshold_s"], len(health["warnings"])) == (True, 60, 1)
        assert (await world.read("/api/batches"))[0]["is_stalled"] is True

    @pytest.mark.parametrize(
        ("value", "expected"),
        [("soon", 300), (-5, 300), (True, 300), (None, 300), ({"value": "x"}, 300), ([1], 300), ("60", 60), (90.5, 90)],
    )
    def test_a_flag_of_the_wrong_type_counts_as_not_set(self, value, expected):
        assert read_threshold(value) == expected

    async def test_failures_are_counted(self, world):
        await world.batch("a", status="failed", error="out of memory")
        await world.job("a", "j1", status="failed")
        health = await world.read("/api/batches/a/health")
        assert (health["failure_count"], health["is_stalled"]) == (2, False)
        assert any("out of memory" in warning for warning in health["warnings"])

    async def test_the_pace_comes_from_the_ten_newest_jobs(self, world):
        await world.batch("a", n_total=20)
        for i in range(12):
            elapsed = 10_000 if i < 2 else 100
            end = now() - timedelta(minutes=60 - i)
            await world.job("a", f"j{i}", status="done", elapsed_s=elapsed, end_time=end)
        eta = await world.read("/api/batches/a/eta")
        assert eta == {"batch_id": "a", "eta_seconds": 800, "pending_count": 8, "sampled_done_jobs": 10}

    async def test_etas_of_jobs(self, world):
        at = now()
        await world.batch("a")
        await world.job(
            "a",
            "j1",
            n_points=3,
            first_epoch_at=at - timedelta(seconds=120),
            last_epoch_at=at,
            metrics={"epochs": 5},
            start_time=at - timedelta(seconds=200),
        )
        with frozen(at):
            every = await world.read("/api/batches/a/jobs/eta-all")
            one = await world.read("/api/jobs/a/j1/eta")
        assert every["j1"] == {
            "elapsed_s": 200,
            "epochs_done": 3,
            "epochs_total": 5,
            "avg_epoch_time_s": 60.0,
            "eta_s": 120,
            "eta_iso": iso(at + timedelta(seconds=120)),
        }
        assert one == {"job_id": "j1", **every["j1"]}


class TestCards:
    async def test_a_card_holds_jobs_epochs_and_snapshots(self, world):
        for batch_id in ("a", "b", "c"):
            await world.batch(batch_id)
        await world.job("a", "j1", last_epoch=3, latest={"val_loss": 0.5, "lr": "NaN"}, val_loss_trace=[0.9, 0.5])
        for i in range(5):
            await world.snapshot("a", at=now() - timedelta(minutes=5 - i), gpu_util_pct=float(i), extra={"pid": 77})
        cards = (await world.read("/api/batches/compact", resource_limit=3))["batches"]
        card = next(c for c in cards if c["batch"]["id"] == "a")
        assert len(cards) == 3
        assert [s["gpu_util_pct"] for s in card["resources"]] == [2.0, 3.0, 4.0]
        assert card["resources"][-1]["pid"] == 77
        epoch = card["epochs_latest"][0]
        assert (epoch["epoch"], epoch["val_loss"], epoch["lr"], epoch["val_loss_trace"]) == (3, 0.5, None, [0.9, 0.5])
        assert [c["jobs"] for c in cards if c["batch"]["id"] != "a"] == [[], []]
        shown = CompactBatches.model_validate({"batches": cards}).model_dump(mode="json")
        assert shown == {"batches": cards}

    async def test_the_number_of_statements_does_not_grow_with_the_batches(self, world, platform, statements):
        async def cost(path):
            begin = len(statements)
            await world.read(path)
            return len(statements) - begin

        paths = ["/api/batches", "/api/batches/compact", "/api/jobs", "/api/projects", "/api/dashboard", "/api/hosts"]
        await world.batch("a0", project="p0")
        few = {path: await cost(path) for path in paths}
        for i in range(1, 12):
            await world.batch(f"a{i}", project=f"p{i}", host=f"h{i}")
            await world.job(f"a{i}", "j", last_epoch=1, latest={"val_loss": 1.0})
            await world.snapshot(f"a{i}", f"h{i}", gpu_util_pct=1.0)
        many = {path: await cost(path) for path in paths}
        assert all(many[path] <= few[path] + 4 for path in paths), (few, many)
        assert max(many.values()) <= 24


class TestResources:
    async def test_the_newest_snapshot_is_last_under_both_names(self, world):
        await world.batch("a")
        await world.batch("other")
        await world.snapshot("other", gpu_util_pct=99.0)
        for i in range(3):
            await world.snapshot(
                "a",
                at=now() - timedelta(minutes=3 - i),
                gpu_util_pct=float(i),
                gpu_mem_mb=10.0,
                disk_free_mb=2048.0,
                gpu_temp_c=60.0,
                gpus=[{"index": 0, "util_pct": 5.0}, {"index": 1, "util_pct": 7.0}],
                extra={"pid": 4},
            )
        found = await world.read("/api/batches/a/resources", limit=2)
        assert found["host"] == "gpu-1"
        last = found["snapshots"][-1]
        assert [s["gpu_util"] for s in found["snapshots"]] == [1.0, 2.0]
        assert (last["gpu_util_pct"], last["vram_used_mb"], last["disk_free_gb"], last["pid"]) == (2.0, 10.0, 2.0, 4)
        assert (last["gpu_temp_c"], len(last["gpus"]), last["batch_id"]) == (60.0, 2, "a")
        assert last["ts"] == last["timestamp"]


class TestLogLines:
    async def test_the_newest_comes_first_and_filters_apply(self, world):
        await world.batch("a")
        for i in range(5):
            await world.log("a", f"line {i} 100%", job_id="j1" if i % 2 else None, level="error" if i == 3 else "info")
        lines = await world.read("/api/batches/a/log-lines")
        assert [line["line"] for line in lines] == [f"line {i} 100%" for i in (4, 3, 2, 1, 0)]
        assert set(lines[0]) >= {"id", "event_id", "ts", "job_id", "level", "line"}
        for params, expected in (
            ({"limit": 2}, [4, 3]),
            ({"job_id": "j1"}, [3, 1]),
            ({"level": "ERROR"}, [3]),
            ({"since": lines[2]["id"]}, [4, 3]),
            ({"before": lines[2]["id"]}, [1, 0]),
            ({"q": "LINE 2"}, [2]),
            ({"q": "%"}, [4, 3, 2, 1, 0]),
            ({"q": "_"}, []),
            ({"bust": "1"}, [4, 3, 2, 1, 0]),
        ):
            found = await world.read("/api/batches/a/log-lines", **params)
            assert [int(line["line"].split()[1]) for line in found] == expected, params
        await world.job("a", "j1")
        assert len(await world.read("/api/jobs/a/j1/log-lines")) == 2


async def test_the_csv_of_a_batch(world):
    await world.batch("a b")
    await world.job("a b", "=evil", status="done", elapsed_s=60, metrics={"MSE": 0.123456789, "epochs": 5, "R2": "NaN"})
    answer = await world.get("/api/batches/a b/export.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a_b.csv"'
    header, row, end = answer.text.split("\r\n")
    assert header == "batch_id,job_id,model,dataset,status,epochs,elapsed_s,MSE,MAE,RMSE,R2,PCC,MAPE"
    assert row == "a b,'=evil,resnet,cifar,done,5,60,0.123457,,,NaN,,"
    assert end == ""


async def test_metrics_of_a_batch_know_their_direction(world):
    await world.batch("a")
    await world.job("a", "j1", latest={"val_loss": 1.0, "acc": 0.5, "note": "x"}, metrics={"MSE": 1, "tag": "y"})
    await world.job("a", "j2", latest={"val_loss": "NaN"})
    found = {m["name"]: m for m in (await world.read("/api/batches/a/metrics"))["metrics"]}
    assert set(found) == {"MSE", "acc", "val_loss"}
    assert (found["acc"]["direction"], found["val_loss"]["direction"]) == ("max", "min")
    assert (found["val_loss"]["n_jobs"], found["val_loss"]["is_curve"], found["MSE"]["is_curve"]) == (2, True, False)
