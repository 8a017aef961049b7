from datetime import timedelta

from argus_kit.clock import now


class TestCrash:
    async def test_the_kind_the_hint_and_the_lines_of_a_failed_job(self, world):
        await world.batch("a")
        await world.job("a", "j1", status="failed", reason="RuntimeError: CUDA out of memory", extra={"exit_code": 1})
        for text in ("epoch 1", "Traceback (most recent call last):", "  x", "RuntimeError: CUDA out of memory"):
            await world.log("a", text, job_id="j1", level="error")
        await world.log("a", "CUDA error: of another job", job_id="j2")
        crash = await world.read("/api/jobs/a/j1/crash")
        assert (crash["kind"], crash["hint_key"], crash["certainty"]) == ("cuda_oom", "crash.hints.cuda_oom", "sure")
        assert (crash["exit_code"], crash["signal"], crash["n_lines"]) == (1, None, 4)
        assert [(line["line"], line["is_key"]) for line in crash["lines"]] == [
            ("Traceback (most recent call last):", False),
            ("  x", False),
            ("RuntimeError: CUDA out of memory", True),
        ]

    async def test_what_an_earlier_run_died_of_is_not_why_this_one_did(self, world):
        await world.batch("a")
        at = now()
        await world.job("a", "j1", status="failed", reason="exit", start_time=at)
        await world.log("a", "No space left on device", job_id="j1", at=at - timedelta(hours=1))
        await world.log("a", "ModuleNotFoundError: No module named 'x'", job_id="j1", at=at)
        assert (await world.read("/api/jobs/a/j1/crash"))["facts"] == {"module": "x"}

    async def test_a_job_that_did_not_die(self, world):
        await world.batch("a", status="running")
        for status in ("running", "done", "skipped"):
            await world.job("a", status, status=status)
            await world.log("a", "CUDA out of memory", job_id=status)
            crash = await world.read(f"/api/jobs/a/{status}/crash")
            assert (crash["kind"], crash["hint_key"], crash["lines"]) == (None, None, []), status

    async def test_a_job_left_behind_and_one_that_was_stopped(self, world):
        await world.batch("a", status="failed", end_time=now(), error="host gpu-1 went down")
        await world.job("a", "j1")
        assert (await world.read("/api/jobs/a/j1/crash"))["kind"] == "lost"
        await world.batch("b", status="stopped", end_time=now(), stop_requested_at=now())
        await world.job("b", "j1", status="failed", reason="KeyboardInterrupt")
        assert (await world.read("/api/jobs/b/j1/crash"))["kind"] == "killed_by_user"

    async def test_a_job_that_is_not_known(self, world):
        await world.batch("a")
        assert (await world.get("/api/jobs/a/none/crash")).json()["error"]["code"] == "job.not_found"
