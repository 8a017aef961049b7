from datetime import timedelta

from argus_kit.clock import iso, now
from argus_schema import ingest


async def test_cards_show_the_newest_snapshot_and_what_runs(world):
    at = now()
    await world.batch("a")
    await world.batch("b", status="done", end_time=at)
    for i in range(6):
        await world.job("a", f"j{i}", start_time=at - timedelta(minutes=i))
    await world.job("a", "ended", status="done")
    await world.job("b", "left")
    await world.snapshot("b", at=at - timedelta(minutes=2), gpu_util_pct=1.0)
    await world.snapshot("a", at=at, gpu_util_pct=90.0, gpu_temp_c=90.0, disk_free_mb=100.0, extra={"pid": 7})
    await world.snapshot("a", "old-host", at=at - timedelta(hours=2), gpu_util_pct=5.0)
    cards = {card["host"]: card for card in await world.read("/api/hosts")}
    card = cards["gpu-1"]
    assert (card["gpu_util_pct"], card["running_jobs"], len(card["warnings"])) == (90.0, 6, 2)
    assert [j["job_id"] for j in card["running_jobs_top5"]] == [f"j{i}" for i in range(5)]
    assert (card["running_jobs_top5"][0]["user"], card["running_jobs_top5"][0]["pid"]) == ("ada", 7)
    assert cards["old-host"]["running_jobs"] == 0
    assert [c["host"] for c in await world.read("/api/hosts", active_s=300)] == ["gpu-1"]
    detail = await world.read("/api/hosts/gpu-1")
    assert [b["batch_id"] for b in detail["batches"]] == ["a", "b"]


async def test_a_host_shows_each_person_what_theirs_sent(world):
    await world.person("bob")
    await world.batch("a")
    await world.batch("b", owner="bob")
    await world.snapshot("a", at=now() - timedelta(minutes=1), gpu_util_pct=10.0, gpu_mem_mb=50.0, proc_gpu_mem_mb=20.0)
    await world.snapshot("b", gpu_util_pct=99.0, gpu_mem_mb=70.0, proc_gpu_mem_mb=30.0)
    assert (await world.read("/api/hosts/gpu-1"))["gpu_util_pct"] == 10.0
    assert (await world.read("/api/hosts/gpu-1", "bob"))["gpu_util_pct"] == 99.0
    for who, batch_id in (("ada", "a"), ("bob", "b")):
        series = await world.read("/api/hosts/gpu-1/timeseries", who)
        assert {name for bucket in series["buckets"] for name in bucket["by_batch"]} == {batch_id}
        assert [s["batch_id"] for s in await world.read("/api/resources", who)] == [batch_id]


async def test_a_deleted_host_is_gone(world):
    await world.batch("a")
    await world.snapshot("a", gpu_util_pct=1.0)
    async with world.database.write() as connection:
        await connection.execute(ingest.host.update().values(deleted_at=now()))
    assert await world.read("/api/hosts") == await world.read("/api/resources/hosts") == []
    assert await world.read("/api/resources") == []
    assert (await world.get("/api/hosts/gpu-1")).json()["error"]["code"] == "host.not_found"


async def test_series_in_buckets(world):
    at = now().replace(second=30, microsecond=0)
    await world.batch("a")
    for seconds in (0, 10, 20, 3700):
        await world.snapshot(
            "a",
            at=at - timedelta(seconds=seconds),
            gpu_mem_mb=100.0,
            proc_gpu_mem_mb=40.0,
            gpu_mem_total_mb=400.0,
            gpu_util_pct=50.0,
            cpu_util_pct=20.0,
            proc_cpu_pct=80.0,
        )
    series = await world.read("/api/hosts/gpu-1/timeseries")
    assert (series["metric"], series["host_total_capacity"]) == ("gpu_mem_mb", 400.0)
    assert [(b["total"], b["by_batch"]) for b in series["buckets"]] == [(100.0, {"a": 40.0})]
    assert len((await world.read("/api/hosts/gpu-1/timeseries", since="now-2h"))["buckets"]) == 2
    assert len((await world.read("/api/hosts/gpu-1/timeseries", since="rubbish"))["buckets"]) == 1
    cpu = await world.read("/api/hosts/gpu-1/timeseries", metric="cpu_util_pct")
    assert (cpu["host_total_capacity"], cpu["buckets"][0]["by_batch"]) == (100.0, {"a": 20.0})
    assert (await world.read("/api/hosts/gpu-1/timeseries", metric="nonsense"))["metric"] == "gpu_mem_mb"
    assert (await world.read("/api/hosts/gpu-1/timeseries", since=iso(at + timedelta(hours=1))))["buckets"] == []


async def test_snapshots_newest_first(world):
    at = now()
    await world.batch("a")
    for i in range(3):
        await world.snapshot("a", f"h{i % 2}", at=at - timedelta(minutes=i), gpu_util_pct=float(i))
    assert [s["gpu_util_pct"] for s in await world.read("/api/resources")] == [0.0, 1.0, 2.0]
    assert [s["gpu_util_pct"] for s in await world.read("/api/resources", host="h0")] == [0.0, 2.0]
    assert len(await world.read("/api/resources", limit=1)) == 1
    assert len(await world.read("/api/resources", since=iso(at - timedelta(seconds=90)))) == 2
    assert await world.read("/api/resources", since="garbage") == []
