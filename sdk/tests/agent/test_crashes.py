"""kill -9 of the agent and of supervisors at every step of a command: never run twice, never lost."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from argus.agent.api import Refused
from argus.agent.tree import birth

KILLED = str(Path(__file__).with_name("killed.py"))


@pytest.fixture
def killed_agent(agent_process):
    """An agent that is killed at its n-th step."""

    def start(number):
        command = (sys.executable, KILLED, "agent", "run", "--flag-grace=0", "--grace=1")
        return agent_process(*command, KILL_AT=str(number))

    return start


def end(process):
    process.terminate()
    process.communicate(timeout=20)


class Killer:
    """Lets agents die at a step of theirs, and others go on where they were."""

    def __init__(self, executor, agent_process, wait_until, tmp_path):
        self.executor = executor
        self.start = agent_process
        self.wait_until = wait_until
        self.folder = tmp_path

    def dies_in_a_rerun(self, number):
        """Whether the agent came to that step at all."""
        marker = self.folder / f"runs-{number}"
        rerun = self.executor.command("rerun", f"rerun-{number}", command=f"echo x >> {marker}")
        was_killed = self._live_until(number, lambda: self._has_ended(rerun) and not self.executor.commands)
        self._go_on_until(lambda: self._has_ended(rerun))
        assert marker.read_text() == "x\n", f"killed at step {number}"
        assert self.executor.acks[rerun]["status"] == "started"
        assert self.executor.steps(rerun) == ["spawned", "ended"]
        assert self.executor.report(rerun, "ended")["exit_code"] == 0
        return was_killed

    def dies_in_a_stop(self, number):
        """Whether the agent came to that step at all."""
        stubborn = "trap '' TERM; while :; do sleep 0.1; done"
        rerun = self.executor.command("rerun", f"rerun-{number}", command=stubborn)
        self._go_on_until(lambda: "spawned" in self.executor.steps(rerun))
        stop = self.executor.command("stop", f"rerun-{number}")
        was_killed = self._live_until(number, lambda: self._has_ended(stop))
        self._go_on_until(lambda: self._has_ended(stop) and self._has_ended(rerun))
        assert self.executor.steps(stop) == ["note", "sigterm", "sigkill", "ended"], f"killed at step {number}"
        assert self.executor.steps(rerun) == ["spawned", "sigterm", "sigkill", "ended"]
        assert self.executor.report(rerun, "ended")["signal"] == signal.SIGKILL
        return was_killed

    def _has_ended(self, command_id):
        return "ended" in self.executor.steps(command_id)

    def _live_until(self, number, condition):
        command = (sys.executable, KILLED, "agent", "run", "--flag-grace=0", "--grace=0.2")
        process = self.start(*command, KILL_AT=str(number))
        self.wait_until(lambda: process.poll() is not None or condition(), 30)
        return self._end(process) == -signal.SIGKILL

    def _go_on_until(self, condition):
        process = self.start()
        self.wait_until(condition, 30)
        assert self._end(process) in (0, -signal.SIGTERM)  # the latter when there was nothing to wait for

    @staticmethod
    def _end(process):
        process.terminate()
        process.communicate(timeout=20)
        return process.returncode


@pytest.fixture
def killer(executor, agent_process, wait_until, tmp_path):
    return Killer(executor, agent_process, wait_until, tmp_path)


@pytest.mark.slow
def test_an_agent_killed_at_any_step_of_a_rerun(killer):
    steps = next(number for number in range(1, 100) if not killer.dies_in_a_rerun(number))
    assert steps > 8, "every step was reached"


@pytest.mark.slow
def test_an_agent_killed_at_any_step_of_a_stop(killer):
    steps = next(number for number in range(1, 100) if not killer.dies_in_a_stop(number))
    assert steps > 8, "every step was reached"


@pytest.fixture
def run_with_a_killed_supervisor(executor, make_agent, tmp_path, wait_until, monkeypatch):
    """A rerun whose supervisor dies at a step; whether it came so far."""
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} {KILLED} shim "$4"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(wrapper))
    agent = make_agent()

    def run(number):
        monkeypatch.setenv("KILL_AT", str(number))
        marker = tmp_path / f"runs-{number}"
        rerun = executor.command("rerun", f"rerun-{number}", command=f"echo x >> {marker}; sleep 0.2")

        def is_over():
            agent.round()
            return agent.ledger.get(rerun)["state"] in ("failed", "over") and not agent.ledger.unsaid()

        wait_until(is_over)
        agent.round()
        assert (marker.read_text() if marker.exists() else "") in ("", "x\n"), f"killed at step {number}"
        assert executor.acks[rerun]["status"] == "failed" or executor.steps(rerun) == ["spawned", "ended"]
        return [event["step"] for event in agent.runs.run(rerun).events(0)] != ["spawned", "ended", "over"]

    return run


@pytest.mark.slow
def test_a_supervisor_killed_at_any_step(run_with_a_killed_supervisor):
    steps = next(number for number in range(1, 50) if not run_with_a_killed_supervisor(number))
    assert steps > 4, "every step was reached"


class TestAdoption:
    def test_a_run_outlives_its_agent_and_its_exit_status_is_told_by_the_next(
        self, executor, agent_process, make_agent, tmp_path, wait_until
    ):
        go = tmp_path / "go"
        command_id = executor.command("rerun", "rerun-1", command=f"until [ -e {go} ]; do sleep 0.05; done; exit 7")
        process = agent_process()
        wait_until(lambda: "spawned" in executor.steps(command_id))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        pid = executor.acks[command_id]["pid"]
        assert psutil.pid_exists(pid)
        agent = make_agent()
        assert [child["pid"] for child in agent.host.facts()["children"]] == [pid]
        go.touch()
        wait_until(lambda: [agent.settle(), "ended" in executor.steps(command_id)][1])
        assert executor.report(command_id, "ended")["exit_code"] == 7

    def test_one_that_ended_while_no_agent_lived_is_told_as_well(self, executor, make_agent, tmp_path, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="exit 9")
        first = make_agent()
        first.agent.ask()
        wait_until(lambda: not first.runs.run(command_id).is_supervised)
        second = make_agent()
        second.round()
        assert executor.report(command_id, "ended")["exit_code"] == 9

    def test_a_run_that_lost_its_supervisor_is_watched_and_stopped(self, executor, make_agent, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="trap '' TERM; while :; do sleep 0.1; done")
        agent = make_agent(grace_s=0.3)
        agent.round()
        pid = executor.acks[command_id]["pid"]
        os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
        stop = executor.command("stop", "rerun-1")
        wait_until(lambda: not agent.runs.run(command_id).is_supervised)
        agent.round()
        wait_until(lambda: [agent.settle(), "ended" in executor.steps(stop)][1])
        assert executor.steps(stop) == ["note", "sigterm", "sigkill", "ended"]
        assert "not known" in executor.report(command_id, "ended")["detail"]
        assert birth(pid) is None

    def test_what_the_shell_left_behind_is_stopped_too(self, executor, make_agent, tmp_path, wait_until):
        deaf = tmp_path / "deaf"
        inner = f"trap '' TERM; echo $$ > {deaf}; while :; do sleep 0.1; done"
        command_id = executor.command("rerun", "rerun-1", command=f'sh -c "{inner.replace("$", chr(92) + "$")}"; true')
        agent = make_agent(grace_s=0.3)
        agent.round()
        shell = executor.acks[command_id]["pid"]
        wait_until(lambda: deaf.exists() and deaf.read_text().strip())
        os.kill(psutil.Process(shell).ppid(), signal.SIGKILL)
        stop = executor.command("stop", "rerun-1")
        wait_until(lambda: not agent.runs.run(command_id).is_supervised)
        agent.round()
        wait_until(lambda: [agent.settle(), "ended" in executor.steps(stop)][1])
        assert executor.steps(stop) == ["note", "sigterm", "sigkill", "ended"]
        assert birth(int(deaf.read_text())) is None

    def test_one_that_the_server_gave_up_meanwhile_is_ended(self, executor, make_agent, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="sleep 60")
        agent = make_agent()
        agent.agent.ask()
        del executor.commands[command_id]
        executor.status[command_id] = "cancelled"
        wait_until(lambda: [agent.settle(), "ended" in executor.steps(command_id)][1])
        assert "sigterm" in executor.steps(command_id)


class TestServerFaults:
    def test_reports_wait_for_a_server_that_is_away(self, executor, make_agent, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="exit 2")
        agent = make_agent()
        agent.agent.ask()
        executor.faults = [503, 429, 500]
        for _ in range(3):
            with pytest.raises(Refused, match="a fault"):
                agent.agent.tell()
        wait_until(lambda: [agent.settle(), "ended" in executor.steps(command_id)][1])
        assert executor.steps(command_id) == ["spawned", "ended"]

    def test_lost_answers_repeat_with_the_same_numbers(self, executor, make_agent, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="exit 2")
        agent = make_agent()
        agent.agent.ask()
        executor.lose_answers = 4

        def persist():
            agent.agent.watch()
            with contextlib.suppress(Refused):
                agent.agent.tell()
            return "ended" in executor.steps(command_id) and not agent.ledger.unsaid()

        wait_until(persist)
        assert executor.steps(command_id) == ["spawned", "ended"]

    def test_a_command_that_the_server_chokes_on_does_not_hold_up_others(self, executor, make_agent, wait_until):
        first = executor.command("rerun", "rerun-1", command="true")
        second = executor.command("rerun", "rerun-2", command="true")
        agent = make_agent()
        agent.agent.ask()
        executor.faults = [500]
        with pytest.raises(Refused, match="a fault"):
            agent.agent.tell()
        assert second in executor.acks
        assert first not in executor.acks

    def test_a_token_that_died_ends_the_agent_and_not_its_runs(self, executor, agent_process, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="sleep 60")
        process = agent_process()
        wait_until(lambda: "spawned" in executor.steps(command_id))
        executor.token = "another registration"
        with executor.changed:
            executor.command("stop", "other")
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 4
        assert "Register this host again" in output
        assert psutil.pid_exists(executor.acks[command_id]["pid"])
