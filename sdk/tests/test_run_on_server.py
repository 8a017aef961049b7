"""`argus.init` against a real server: who ends a shared batch, and how a run is gone on with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import argus
from argus import ResumeError

QUIET = {"heartbeat": False, "resource_snapshot": False, "capture_environment": False}


@pytest.fixture
def init(ada, monkeypatch):
    monkeypatch.setenv("ARGUS_URL", ada.url)
    monkeypatch.setenv("ARGUS_TOKEN", ada.token)
    yield lambda **options: argus.init("vision", **{**QUIET, **options})
    argus.finish()


@pytest.fixture
def member(ada, init, tmp_path) -> Iterator[subprocess.Popen[str]]:
    """Another process of the group, with a run that is open until it is told to end, or to wait for a stop first."""
    code = (
        f"import sys, time, argus\nargus.init('vision', group='shared', stop_polling=0.1, **{QUIET!r})\n"
        "argus.log({'x': 1})\nargus.run.reporter.flush(30)\nprint('open', flush=True)\n"
        "told = sys.stdin.read()\n"
        "while told == 'wait' and not argus.run.stopped: time.sleep(0.01)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    yield process
    process.kill()
    process.communicate()


def end(process, told="end"):
    process.communicate(told, timeout=60)
    assert process.returncode == 0


def batch(ada, run):
    found = ada.get(f"/api/batches/{run.reporter.batch_id}")
    return found["status"], found["n_done"], found["n_failed"]


def test_the_last_process_of_a_group_ends_its_batch_and_a_later_one_opens_it(ada, init, member):
    assert member.stdout.readline() == "open\n"
    run = init(group="shared")
    run.log({"loss": 0.5})
    run.finish(1)
    assert batch(ada, run) == ("running", 0, 1)
    end(member)
    assert batch(ada, run) == ("done", 1, 1)
    later = init(group="shared")
    assert later.reporter.flush(30)
    assert batch(ada, later) == ("running", 1, 1)
    later.finish()
    assert batch(ada, later) == ("done", 2, 1)


def test_a_stop_reaches_all_processes_of_a_group_and_who_joins_after_it(ada, init, member, wait_until):
    assert member.stdout.readline() == "open\n"
    first = init(group="shared")
    assert first.reporter.flush(30)
    assert ada.http.post(f"/api/batches/{first.reporter.batch_id}/stop").status_code < 300
    joined = init(group="shared", stop_polling=0.1)
    wait_until(lambda: joined.stopped, timeout_s=30)
    joined.finish()
    assert batch(ada, joined)[0] == "stopping"
    end(member, "wait")
    assert batch(ada, joined)[0] == "stopped"


def test_a_run_is_gone_on_with_after_its_end(ada, init):
    with pytest.raises(ResumeError):
        init(id="r1", resume="must")
    first = init(id="r1", config={"lr": 0.1}, name="first")
    for step in range(3):
        first.log({"loss": 1 / (step + 1)})
    first.config.seed = 7
    first.finish()
    assert batch(ada, first)[0] == "done"
    with pytest.raises(ResumeError):
        init(id="r1", resume="never")
    second = init(id="r1", resume="must", config={"lr": 0.2})
    assert (second.resumed, second.step) == (True, 3)
    second.log({"loss": 0.1})
    assert second.reporter.flush(30)
    assert batch(ada, second)[0] == "running"
    second.finish()
    assert batch(ada, second)[0] == "done"
    job = ada.get(f"/api/jobs/{second.reporter.batch_id}/r1")
    assert job["summary"]["loss"]["n"] == 4
    assert job["summary"]["loss"]["last_step"] == 3
    assert job["metrics"] == {"loss": 0.1}
    assert job["extra"]["config"] == {"lr": 0.2}
    assert ada.http.get(second.url.removeprefix(ada.url)).status_code == 200


def test_a_failed_run_fails_its_batch(ada, init):
    run = init()
    run.log({"loss": 1})
    run.finish(3)
    assert batch(ada, run) == ("failed", 0, 1)
    assert ada.get(f"/api/jobs/{run.reporter.batch_id}/{run.id}")["reason"] == "RunFailed: exit code 3"
    assert Path(run.url).name == run.id
