"""Single GPUs: whose they are, whether they work, and what they did, as far as one's own batches told."""

from datetime import timedelta

import pytest

from argus_kit.clock import iso, now


def card(index, util, *, own=0, others=0, **more):
    processes = [{"pid": 1, "mem_mb": own, "own": True}] * bool(own) + [
        {"pid": 2, "mem_mb": others, "own": False}
    ] * bool(others)
    told = {"name": "A100", "mem_total_mb": 80_000, "temp_c": 60, "processes": processes}
    return {"index": index, "util_pct": util, "mem_mb": 10 + own + others, "proc_mem_mb": own} | told | more


async def told(world, batch_id, *cards, minutes_ago=(10, 8, 6, 4, 2, 0), host="gpu-1", **more):
    for minutes in minutes_ago:
        await world.snapshot(batch_id, host, at=now() - timedelta(minutes=minutes), gpus=list(cards), **more)


async def states(world, who="ada", **params):
    return {(t["host"], t["index"]): t["state"] for t in await world.read("/api/gpus", who, **params)}


async def test_every_state_of_a_gpu(world):
    await world.batch("a")
    await world.job("a", "j1")
    await told(
        world, "a", card(0, 91.0, own=20_000), card(1, 0.4, own=30_000), card(2, 0.0), card(3, 97.0, others=9_000)
    )
    tiles = {tile["index"]: tile for tile in await world.read("/api/gpus")}
    assert [tiles[n]["state"] for n in range(4)] == ["busy", "idle", "free", "foreign"]
    holder = {"batch_id": "a", "project": "vision", "status": "running", "owner": "ada", "user": "root"}
    assert tiles[0]["holder"] == {**holder, "jobs": ["j1"]}
    assert (tiles[2]["holder"], tiles[3]["holder"]) == (None, None)
    assert tiles[1]["idle_s"] == pytest.approx(600, abs=130)
    assert tiles[0]["idle_s"] is None


async def test_one_look_between_two_epochs_is_no_idling(world):
    await world.batch("a")
    await told(world, "a", card(0, 95.0, own=9_000), minutes_ago=(8, 6, 4, 2))
    await told(world, "a", card(0, 1.0, own=9_000), minutes_ago=(0,))
    assert await states(world) == {("gpu-1", 0): "busy"}


async def test_two_batches_on_one_host_each_hold_their_own(world):
    await world.batch("a")
    await world.batch("b")
    await told(world, "a", card(0, 90.0, own=9_000), card(1, 80.0, others=9_000))
    await told(world, "b", card(0, 90.0, others=9_000), card(1, 80.0, own=9_000))
    holders = [tile["holder"]["batch_id"] for tile in await world.read("/api/gpus")]
    assert holders == ["a", "b"]


async def test_others_batches_are_nameless_use(world):
    await world.person("bob")
    await world.batch("a")
    await world.batch("b", owner="bob")
    await told(world, "a", card(0, 90.0, own=9_000), card(1, 80.0, others=9_000))
    await told(world, "b", card(0, 90.0, others=9_000), card(1, 80.0, own=9_000))
    assert await states(world) == {("gpu-1", 0): "busy", ("gpu-1", 1): "foreign"}
    assert await states(world, "bob") == {("gpu-1", 0): "foreign", ("gpu-1", 1): "busy"}
    await world.person("eve")
    assert await states(world, "eve") == {}


async def test_a_host_that_fell_silent_stays_for_a_day(world):
    await world.batch("a")
    await told(world, "a", card(0, 90.0, own=9_000), minutes_ago=(90,))
    assert await states(world) == {("gpu-1", 0): "silent"}


async def test_reporters_that_know_one_gpu_only(world):
    await world.batch("a")
    one = {"gpu_util_pct": 70.0, "gpu_mem_mb": 5_000.0, "gpu_mem_total_mb": 24_000.0, "proc_gpu_mem_mb": 4_000.0}
    for minutes in (6, 4, 2, 0):
        await world.snapshot("a", at=now() - timedelta(minutes=minutes), **one)
    assert await states(world) == {("gpu-1", 0): "busy"}


async def test_lanes_say_who_held_what_when_and_where_it_got_hot(world):
    await world.batch("a")
    await world.batch("b")
    await world.job(
        "a", "j1", status="done", start_time=now() - timedelta(hours=3), end_time=now() - timedelta(hours=2)
    )
    await world.job("b", "j2", start_time=now() - timedelta(minutes=50))
    await told(world, "a", card(0, 90.0, own=9_000), minutes_ago=(170, 150, 130))
    await told(world, "b", card(0, 70.0, own=5_000, throttle=["SwThermalSlowdown"]), minutes_ago=(40, 20, 1))
    lanes = await world.read("/api/hosts/gpu-1/gpus", since="now-4h")
    (lane,) = lanes["gpus"]
    held = [lanes["batches"][place]["batch_id"] for place in lane["holder"] if place is not None]
    assert held == ["a", "a", "a", "b", "b", "b"]
    assert [value for value in lane["slowed"] if value is not None] == [False] * 3 + [True] * 3
    assert len(lane["util_pct"]) == len(lane["mem_mb"]) == lanes["n_buckets"]
    assert {job["job_id"] for job in lanes["jobs"]} == {"j1", "j2"}
    assert (await world.get("/api/hosts/nowhere/gpus")).json()["error"]["code"] == "host.not_found"


@pytest.mark.parametrize("hours", [5, 7, 11, 24])
async def test_what_reports_in_every_bucket_leaves_none_empty(world, hours):
    await world.batch("a")
    width_s = hours * 3600 // 120
    for n in range(120):
        await world.snapshot("a", at=now() - timedelta(seconds=n * width_s), gpus=[card(0, 90.0, own=9_000)])
    (lane,) = (await world.read("/api/hosts/gpu-1/gpus", since=f"now-{hours}h"))["gpus"]
    assert None not in lane["util_pct"][2:-2]


async def test_capacity_counts_whole_gpus_of_all_hosts_once(world):
    await world.batch("a")
    await world.batch("b")
    await told(world, "a", card(0, 100.0, own=9_000), card(1, 0.0), minutes_ago=(30,))
    await told(world, "b", card(0, 100.0, others=9_000), card(1, 0.0), minutes_ago=(30,))
    await told(world, "b", card(0, 50.0, own=9_000), host="gpu-2", minutes_ago=(30,))
    history = await world.read("/api/gpus/history", since="now-24h")
    assert (max(history["known"]), max(history["held"]), max(history["busy"])) == (3, 2, 1.5)


async def test_a_disk_that_fills_has_a_day_on_which_it_is_full(world):
    await world.batch("a")
    for hours in range(48, -1, -1):
        free = 100_000.0 + 1_000.0 * hours
        await world.snapshot("a", at=now() - timedelta(hours=hours), disk_free_mb=free, disk_total_mb=900_000.0)
    disk = await world.read("/api/hosts/gpu-1/disk")
    assert disk["mb_per_day"] == pytest.approx(24_000, rel=0.01)
    assert iso(now() + timedelta(days=4)) < disk["early"] <= disk["full_at"] <= disk["late"]
    assert len(disk["points"]) >= 48


async def test_who_used_a_host(world):
    await world.person("bob")
    await world.batch("a")
    await world.batch("b", owner="bob")
    await world.share("b", "ada")
    await world.snapshot("a", gpu_util_pct=1.0)
    await world.job("a", "j1", status="done", end_time=now(), elapsed_s=3600, metrics={"gpu_count": 4})
    await world.job("a", "j2", status="done", end_time=now() - timedelta(days=40), elapsed_s=3600)
    await world.job("b", "j3", status="failed", end_time=now(), elapsed_s=1800)
    assert await world.read("/api/hosts/gpu-1/users", days=30) == [
        {"owner": "ada", "gpu_hours": 4.0, "jobs": 1},
        {"owner": "bob", "gpu_hours": 0.5, "jobs": 1},
    ]
