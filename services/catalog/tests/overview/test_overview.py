"""Sums over a project: what its hours were good for, why jobs failed, what happened each day."""

from datetime import timedelta

from argus_kit.clock import now


async def test_hours_by_outcome_and_what_was_wasted(world):
    await world.batch("a")
    await world.job("a", "d", status="done", end_time=now(), elapsed_s=7200, metrics={"gpu_count": 2})
    await world.job("a", "f", status="failed", end_time=now(), elapsed_s=3600, reason="ValueError: no")
    await world.job("a", "p", status="pruned", end_time=now(), elapsed_s=1800)
    await world.job("a", "r")
    overview = await world.read("/api/projects/vision/overview")
    assert (overview["gpu_hours_used"], overview["gpu_hours_wasted"]) == (5.5, 1.0)
    assert [(o["status"], o["jobs"], o["gpu_hours"]) for o in overview["outcomes"]] == [
        ("done", 1, 4.0),
        ("failed", 1, 1.0),
        ("pruned", 1, 0.5),
    ]


async def test_failures_by_kind_with_the_last_of_each(world):
    await world.batch("a")
    oom = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"
    for n in range(2):
        end = now() - timedelta(hours=n)
        await world.job("a", f"oom{n}", status="failed", end_time=end, elapsed_s=1800, reason=oom)
    full = "OSError: [Errno 28] No space left on device: 'x'"
    await world.job("a", "full", status="failed", end_time=now(), elapsed_s=900, reason=full)
    killed = {"exit_code": 137}
    await world.job("a", "killed", status="failed", end_time=now() - timedelta(days=2), reason="SIGKILL", extra=killed)
    failures = (await world.read("/api/projects/vision/overview"))["failures"]
    assert [(f["kind"], f["jobs"], f["job_id"]) for f in failures] == [
        ("cuda_oom", 2, "oom0"),
        ("disk_full", 1, "full"),
        ("host_oom", 1, "killed"),
    ]
    assert failures[0]["gpu_hours"] == 1.0


async def test_days_have_no_gap(world):
    at = now()
    await world.batch("a", start_time=at - timedelta(days=1))
    await world.batch("b", start_time=at - timedelta(days=60))
    await world.job("a", "d", status="done", end_time=at - timedelta(days=1), elapsed_s=3600)
    await world.job("a", "f", status="failed", end_time=at, elapsed_s=1800)
    days = (await world.read("/api/projects/vision/overview"))["days"]
    assert len(days) == 28
    assert days[-1]["date"] == at.date().isoformat()
    assert [(d["batches"], d["jobs_done"], d["jobs_failed"], d["gpu_hours"]) for d in days[-2:]] == [
        (1, 1, 0, 1.0),
        (0, 0, 1, 0.5),
    ]


async def test_others_jobs_do_not_count(world):
    await world.person("bob")
    await world.batch("a")
    await world.batch("b", owner="bob")
    await world.job("b", "f", status="failed", end_time=now(), elapsed_s=3600, reason="x")
    assert (await world.read("/api/projects/vision/overview"))["failures"] == []
    await world.person("eve")
    assert (await world.get("/api/projects/vision/overview", "eve")).status_code == 404
