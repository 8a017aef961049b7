"""What a job's machines did, beside its curves."""

from datetime import timedelta

import pytest

from argus_catalog.curves.system import Means
from argus_kit.clock import now


async def test_it_is_of_the_jobs_own_time_and_batch_by_host(world):
    at = now().replace(microsecond=0)
    begin, end = at - timedelta(minutes=30), at - timedelta(minutes=10)
    await world.batch("a")
    await world.batch("b")
    await world.job("a", "j", start_time=begin, end_time=end)
    for minutes, gpu in ((40, 1.0), (25, 50.0), (20, 70.0), (5, 2.0)):
        await world.snapshot("a", at=at - timedelta(minutes=minutes), gpu_util_pct=gpu, ram_mb=100.0)
    await world.snapshot("a", "gpu-2", at=at - timedelta(minutes=15), cpu_util_pct=9.0)
    await world.snapshot("b", at=at - timedelta(minutes=20), gpu_util_pct=99.0)
    found = await world.read("/api/jobs/a/j/system")
    assert (found["begin"], found["end"]) == (begin.timestamp(), end.timestamp())
    assert [host["host"] for host in found["hosts"]] == ["gpu-1", "gpu-2"]
    first = found["hosts"][0]
    assert (first["gpu_util_pct"], first["cpu_util_pct"], first["ram_mb"]) == (
        [50.0, 70.0],
        [None, None],
        [100.0, 100.0],
    )
    assert first["times"] == [(at - timedelta(minutes=minutes)).timestamp() for minutes in (25, 20)]


async def test_a_running_job_is_looked_at_until_now_and_one_that_did_not_begin_not_at_all(world):
    await world.batch("a")
    await world.job("a", "runs", end_time=None)
    await world.job("a", "waits", start_time=None)
    await world.snapshot("a", gpu_util_pct=5.0)
    assert (await world.read("/api/jobs/a/runs/system"))["hosts"][0]["gpu_util_pct"] == [5.0]
    assert (await world.read("/api/jobs/a/waits/system"))["begin"] is None


async def test_others_and_jobs_that_are_not_there_are_not_found(world):
    await world.person("bob")
    await world.batch("a")
    await world.job("a", "j")
    assert (await world.get("/api/jobs/a/j/system", "bob")).status_code == 404
    assert (await world.get("/api/jobs/a/gone/system")).json()["error"]["code"] == "job.not_found"


@pytest.mark.parametrize("points", [2, 7, 500])
def test_there_are_no_more_points_than_wanted_and_each_is_a_mean(points):
    means = Means(0.0, 1000.0, points)
    for second in range(1001):
        means.add(float(second), [float(second)] * 10)
    columns = means.columns()
    assert len(columns["times"]) == points
    assert columns["times"] == sorted(columns["times"])
    assert columns["gpu_util_pct"] == pytest.approx(columns["times"], abs=0.001)
