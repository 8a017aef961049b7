from datetime import timedelta

import pytest

from argus_kit.clock import now
from argus_schema.executor import command, command_step


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


KILLED = "Out of memory: Killed process 4711 (python)"


async def ran(world, batch_id, command_id="c1", *, at=None, kind="rerun", steps=(), **values):
    """A command that began, or did not begin, this batch; `steps`: their names with the facts of their reports."""
    at = at or now()
    row = {"id": command_id, "batch_id": batch_id, "kind": kind, "payload": {}, "status": "failed", "created_at": at}
    await world.insert(command, **row | values)
    for seq, (step, facts) in enumerate(steps):
        told = {"command_id": command_id, "seq": seq, "step": step, "at": at, "received_at": at, "facts": facts}
        await world.insert(command_step, **told)


class TestTheHostsWord:
    async def test_a_batch_that_died_before_its_first_job(self, world):
        await world.batch("a", status="failed", error="The process was ended by SIGKILL.", end_time=now())
        facts = {"exit_code": -9, "signal": 9, "oom": KILLED, "last_lines": ["loading", "Killed"]}
        await ran(world, "a", pid=7, steps=[("spawned", {"pid": 7}), ("ended", facts)])
        crash = await world.read("/api/batches/a/crash")
        assert (crash["kind"], crash["certainty"], crash["exit_code"], crash["signal"]) == (
            "host_oom",
            "sure",
            -9,
            "SIGKILL",
        )
        assert crash["host"] == {
            "kernel": KILLED,
            "gpu_errors": [],
            "last_lines": ["loading", "Killed"],
            "never_began": None,
        }
        assert (crash["lines"], crash["reason"]) == ([], "The process was ended by SIGKILL.")

    async def test_its_last_lines_name_the_cause_where_the_run_sent_no_log(self, world):
        await world.batch("a", status="failed", error="The process ended with exit code 1.", end_time=now())
        lines = ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'einops'", "bye"]
        await ran(world, "a", pid=7, steps=[("ended", {"exit_code": 1, "last_lines": lines})])
        crash = await world.read("/api/batches/a/crash")
        assert (crash["kind"], crash["facts"], crash["exit_code"]) == ("import_error", {"module": "einops"}, 1)

    @pytest.mark.parametrize("status", ["failed", "expired"])
    async def test_a_run_that_never_began(self, world, status):
        reason = "The command could not be started: [Errno 2] No such file or directory: '/gone'."
        await world.batch("a", status="failed", error=reason)
        await ran(world, "a", status=status, error=reason)
        crash = await world.read("/api/batches/a/crash")
        assert (crash["kind"], crash["facts"]) == ("path_error", {"path": "/gone"})
        assert crash["host"]["never_began"] == reason

    async def test_the_latest_process_counts_and_no_other_command(self, world):
        await world.batch("a", status="failed", error="x")
        await ran(world, "a", "c1", at=now() - timedelta(hours=1), steps=[("ended", {"signal": 9, "oom": KILLED})])
        await ran(world, "a", "c2", kind="resume", pid=7, steps=[("ended", {"signal": 11})])
        await ran(world, "a", "c3", kind="stop", steps=[("ended", {"oom": KILLED})])
        crash = await world.read("/api/batches/a/crash")
        assert (crash["kind"], crash["signal"], crash["host"]["kernel"]) == ("segfault", "SIGSEGV", None)

    async def test_a_lost_job_died_of_it_and_one_that_failed_long_before_did_not(self, world):
        at = now()
        await world.batch("a", status="failed", error="gone", end_time=at)
        await world.job("a", "early", status="failed", reason="KeyError: 'x'", end_time=at - timedelta(minutes=20))
        await world.job("a", "last", status="failed", reason="KeyError: 'x'", end_time=at - timedelta(seconds=5))
        await world.job("a", "left")
        await ran(world, "a", pid=7, at=at, steps=[("ended", {"exit_code": 137, "oom": KILLED})])
        for job_id, kind, code in (("early", "exception", None), ("last", "host_oom", 137), ("left", "host_oom", 137)):
            crash = await world.read(f"/api/jobs/a/{job_id}/crash")
            assert (crash["kind"], crash["exit_code"]) == (kind, code), job_id

    async def test_a_batch_that_did_not_die_or_is_not_ones_own(self, world):
        await world.batch("a", status="running", error=None)
        assert (await world.read("/api/batches/a/crash"))["kind"] is None
        await world.person("eve")
        assert (await world.get("/api/batches/a/crash", who="eve")).status_code == 404
