"""What may need a person, and only what they may see."""

from datetime import timedelta

from argus_kit.clock import now
from argus_schema import catalog as own


async def found(world, who="ada", **params):
    return {(c["trouble"], c["batch_id"] or c["host"]): c for c in await world.read("/api/attention", who, **params)}


async def test_a_quiet_lab_needs_nobody(world):
    await world.batch("a")
    await world.job("a", "j", status="done", end_time=now())
    await world.snapshot("a", gpu_util_pct=90.0, gpu_mem_mb=500.0, proc_gpu_mem_mb=400.0, disk_free_mb=500_000.0)
    assert await found(world) == {}


async def test_failures_of_a_batch_are_one_concern_with_its_cause(world):
    await world.batch("a")
    reason = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.25 GiB."
    for n in range(3):
        at = now() - timedelta(hours=n)
        await world.job("a", f"j{n}", status="failed", end_time=at, reason=reason)
    await world.job("a", "long-ago", status="failed", end_time=now() - timedelta(hours=30), reason=reason)
    concern = (await found(world))["failed", "a"]
    assert (concern["count"], concern["job_id"], concern["cause"]) == (3, "j0", "cuda_oom")
    assert concern["text"] == reason


async def test_silence_counts_from_the_threshold_or_from_what_the_project_said(world):
    await world.batch("a", last_event_at=now() - timedelta(minutes=3))
    await world.batch("b", last_event_at=now() - timedelta(minutes=20))
    await world.batch("c", status="stalled", last_event_at=now() - timedelta(minutes=50))
    await world.batch("d", status="done", last_event_at=now() - timedelta(hours=3))
    assert set(await found(world)) == {("stalled", "b"), ("stalled", "c")}
    meta = {"project": "vision", "is_public": False, "is_demo": False, "settings": {"stall_minutes": 30}}
    await world.insert(own.project_meta, **meta)
    concerns = await found(world)
    assert set(concerns) == {("stalled", "c")}
    assert concerns["stalled", "c"]["may_stop"] is True


async def test_idle_gpus_are_told_once_for_their_batch(world):
    await world.batch("a")
    cards = [
        {"index": n, "util_pct": 0.2, "mem_mb": 9_000, "mem_total_mb": 80_000, "proc_mem_mb": 8_000} for n in (0, 1)
    ]
    for minutes in (8, 6, 4, 2, 0):
        await world.snapshot("a", at=now() - timedelta(minutes=minutes), gpus=cards)
    concern = (await found(world))["idle_gpus", "a"]
    assert (concern["count"], concern["host"]) == (2, "gpu-1")
    assert concern["seconds"] >= 240


async def test_disks_that_are_full_soon_and_hot_cards(world):
    await world.batch("a")
    for hours in range(30, -1, -1):
        free = 20_000.0 + 500.0 * hours
        await world.snapshot("a", at=now() - timedelta(hours=hours), disk_free_mb=free, disk_total_mb=900_000.0)
    hot = {
        "index": 3,
        "util_pct": 99.0,
        "mem_mb": 9,
        "mem_total_mb": 10,
        "temp_c": 91,
        "throttle": ["HwThermalSlowdown"],
    }
    await world.snapshot("a", "gpu-2", gpus=[hot], disk_free_mb=500_000.0)
    concerns = await found(world)
    assert concerns["disk", "gpu-1"]["seconds"] < 3 * 86_400
    assert (concerns["hot", "gpu-2"]["gpu"], concerns["hot", "gpu-2"]["text"]) == (3, "91 °C")


async def test_a_host_that_fell_silent_under_a_running_job(world):
    await world.batch("a", last_event_at=now())
    await world.job("a", "j")
    await world.snapshot("a", at=now() - timedelta(minutes=40), gpu_util_pct=1.0)
    assert ("silent_host", "gpu-1") in await found(world)


async def test_scope_and_rights(world):
    await world.person("bob")
    await world.batch("b", owner="bob", status="stalled")
    assert await found(world) == {}
    await world.share("b", "ada")
    concern = (await found(world, scope="shared"))["stalled", "b"]
    assert concern["may_stop"] is False
    assert await found(world, scope="mine") == {}
