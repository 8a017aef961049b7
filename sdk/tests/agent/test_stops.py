"""Stops: the flag first, then SIGTERM, then SIGKILL, each told, whatever the run does against it."""

from __future__ import annotations

import signal
import sys

import psutil
import pytest


@pytest.fixture
def stopped(executor, make_agent, wait_until, tmp_path):
    """Start a command, stop it when it has touched `ready`, and wait for its end."""

    def run(command, *, is_ready=True, **options):
        agent = make_agent(**{"grace_s": 0.5, **options})
        rerun = executor.command("rerun", "rerun-1", command=command, cwd=str(tmp_path))
        agent.round()
        if is_ready:
            wait_until((tmp_path / "ready").exists)
        stop = executor.command("stop", "rerun-1")
        agent.round()
        wait_until(lambda: [agent.settle(), "ended" in executor.steps(stop)][1])
        return executor.steps(rerun), executor.steps(stop), executor.report(rerun, "ended")

    return run


def python(code):
    return f"exec {sys.executable} -c '{code}'"


def test_one_that_obeys_is_not_killed(stopped):
    rerun, stop, ended = stopped("touch ready; exec sleep 60")
    assert rerun == ["spawned", "sigterm", "ended"]
    assert stop == ["note", "sigterm", "ended"]
    assert ended["signal"] == signal.SIGTERM


def test_one_that_ignores_sigterm_is_killed(stopped):
    code = 'import signal, time; signal.signal(15, signal.SIG_IGN); open("ready", "w"); time.sleep(60)'
    rerun, stop, ended = stopped(python(code))
    assert rerun == ["spawned", "sigterm", "sigkill", "ended"]
    assert stop == ["note", "sigterm", "sigkill", "ended"]
    assert ended["signal"] == signal.SIGKILL


def test_one_that_ends_by_itself_after_the_flag_gets_no_signal(stopped):
    _, stop, ended = stopped("touch ready; sleep 0.5; exit 0", flag_s=30)
    assert stop == ["note", "ended"]
    assert ended["exit_code"] == 0


def test_children_and_daemons_end_with_it(stopped, tmp_path):
    code = (
        "import os, time\n"
        "for n in range(3):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork():\n"
        "            os._exit(0)\n"
        '        open(f"pid-{n}", "w").write(str(os.getpid()))\n'
        "        time.sleep(60)\n"
        'while not all(os.path.exists(f"pid-{n}") for n in range(3)): time.sleep(0.01)\n'
        'open("ready", "w")\n'
        "time.sleep(60)\n"
    )
    (tmp_path / "forks.py").write_text(code)
    stopped(f"exec {sys.executable} forks.py")
    for number in range(3):
        text = (tmp_path / f"pid-{number}").read_text()
        assert not text or not psutil.pid_exists(int(text))


def test_what_stands_still_ends(stopped):
    _, _, ended = stopped("touch ready; kill -STOP $$; sleep 60")
    assert ended["signal"] == signal.SIGTERM


def test_one_that_exits_at_once_was_stopped_already(executor, make_agent, wait_until):
    rerun = executor.command("rerun", "rerun-1", command="true")
    agent = make_agent()
    agent.round()
    wait_until(lambda: [agent.settle(), agent.ledger.get(rerun)["state"] == "over"][1])
    stop = executor.command("stop", "rerun-1")
    agent.round()
    assert executor.acks[stop]["status"] == "failed"


def test_a_batch_that_is_not_its_own_is_said_so(executor, make_agent):
    command_id = executor.command("stop", "somebody-elses")
    make_agent().round()
    assert "runs no such batch" in executor.acks[command_id]["error"]


def test_two_stops_of_one_run_both_end(executor, make_agent, wait_until):
    executor.command("rerun", "rerun-1", command="trap '' TERM; while :; do sleep 0.1; done")
    agent = make_agent(grace_s=0.3)
    agent.round()
    stops = [executor.command("stop", "rerun-1") for _ in range(2)]
    agent.round()
    wait_until(lambda: [agent.settle(), all("ended" in executor.steps(stop) for stop in stops)][1])


def test_the_steps_go_on_when_the_agent_dies_meanwhile(executor, make_agent, wait_until):
    rerun = executor.command("rerun", "rerun-1", command="trap '' TERM; while :; do sleep 0.1; done")
    first = make_agent(grace_s=0.3)
    first.round()
    executor.command("stop", "rerun-1")
    first.agent.ask()
    wait_until(lambda: not first.runs.run(rerun).is_supervised)
    make_agent().round()
    assert executor.steps(rerun) == ["spawned", "sigterm", "sigkill", "ended"]
