"""Pause and resume with real processes: from the click to exit code 75, and on from the checkpoint, on one batch; with
each of the databases.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from argus_standalone.testing import Account, ServerProcess

TRAINING = """
import json, os, pathlib, sys, time
from argus import Reporter

here = pathlib.Path(__file__).parent
options = dict(heartbeat=False, resource_snapshot=False, stop_polling=0.1)
with Reporter("train", source_project="vision", n_total=2, **options) as reporter:
    if not (here / "first-is-done").exists():
        with reporter.job("first") as job:
            job.epoch(0, train_loss=1.0)
        (here / "first-is-done").touch()
    with reporter.job("cnn", model="cnn", dataset="mnist", epochs=100_000) as job:
        began_at = json.loads(pathlib.Path(job.resume_from).read_text())["epoch"] + 1 if job.resume_from else 0
        with (here / "begun").open("a") as file:
            print(os.getpid(), began_at, file=file)
        for epoch in range(began_at, 100_000):
            job.epoch(epoch, train_loss=1 / (epoch + 1))
            (here / "last.json").write_text(json.dumps({"epoch": epoch}))
            job.checkpoint(here / "last.json", epoch=epoch)
            if (here / "finish").exists() or job.stopped:
                break
            time.sleep(0.05)
sys.exit(3 if (here / "break").exists() else 0)
"""


class Training:
    """A training that somebody began by hand, and what the server says of it."""

    def __init__(self, ada, folder, wait_until):
        self.ada, self.folder, self._wait_until = ada, folder, wait_until
        script = folder / "train.py"
        script.write_text(TRAINING)
        before = {batch["id"] for batch in ada.get("/api/batches")}
        environment = {**os.environ, "ARGUS_URL": ada.url, "ARGUS_TOKEN": ada.token}
        self.process = subprocess.Popen([sys.executable, str(script)], cwd=folder, env=environment)
        self.id = self.wait(lambda: next(iter({one["id"] for one in ada.get("/api/batches")} - before), None))
        self.wait(lambda: self.epochs())

    def wait(self, condition):
        self._wait_until(condition, 60)
        return condition()

    def get(self, path=""):
        return self.ada.get(f"/api/batches/{self.id}{path}")

    @property
    def status(self):
        return self.get()["status"]

    def post(self, what):
        answer = self.ada.http.post(f"/api/batches/{self.id}/{what}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def epochs(self):
        answer = self.ada.http.get(f"/api/jobs/{self.id}/cnn/epochs")
        return [one["epoch"] for one in answer.json()] if answer.status_code == 200 else []

    def job(self):
        return next(one for one in self.get("/jobs") if one["id"] == "cnn")

    def begun(self):
        return [tuple(map(int, line.split())) for line in (self.folder / "begun").read_text().splitlines()]

    def command(self, command_id):
        return self.ada.get(f"/api/commands/{command_id}")

    def pause(self):
        assert self.post("pause") == {"status": "running", "batch_id": self.id, "pause_requested": True}
        self.wait(lambda: self.status == "paused")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request, tmp_path_factory):
    environment = {}
    if request.param == "postgresql":
        environment["ARGUS_DB_URL"] = request.getfixturevalue("postgres_of_module")
    made = ServerProcess(tmp_path_factory.mktemp("argus") / "home", **environment)
    made.start()
    made.wait_ready(120)
    yield made
    made.end()


@pytest.fixture
def training(ada, tmp_path, wait_until):
    made = Training(ada, tmp_path, wait_until)
    yield made
    (tmp_path / "finish").touch()
    made.process.kill()
    made.process.wait()


def test_a_pause_ends_the_process_and_a_resume_goes_on_from_its_checkpoint(agent, training):
    training.pause()
    assert training.process.wait(timeout=30) == 75
    saved = json.loads((training.folder / "last.json").read_text())["epoch"]
    batch, before = training.get(), training.epochs()
    assert before == list(range(saved + 1))
    assert batch["checkpoint"]["path"] == str(training.folder / "last.json")
    assert batch["checkpoint"]["epoch"] == saved
    assert batch["pause_requested_at"] is None
    assert batch["end_time"] is None
    frozen = training.job()
    assert frozen["status"] == "paused"
    eta = training.ada.get(f"/api/jobs/{training.id}/cnn/eta")
    assert eta["eta_s"] > 0
    assert eta["eta_iso"] is None

    answer = training.post("resume")
    assert answer["status"] == "paused"
    assert training.post("resume")["command_id"] == answer["command_id"]
    training.wait(lambda: training.status == "running" and len(training.begun()) == 2)
    assert training.job()["elapsed_s"] is None
    training.wait(lambda: training.epochs()[-1] > saved + 2)
    (training.folder / "finish").touch()
    training.wait(lambda: training.status == "done")
    assert [epoch for _, epoch in training.begun()] == [0, saved + 1]
    assert training.epochs() == list(range(training.epochs()[-1] + 1))
    batch = training.get()
    assert (batch["n_done"], batch["n_failed"], batch["paused_at"]) == (2, 0, None)
    assert training.job()["elapsed_s"] >= frozen["elapsed_s"]
    training.wait(lambda: training.command(answer["command_id"])["status"] == "succeeded")
    kinds = [one["kind"] for one in training.ada.get(f"/api/jobs/{training.id}/cnn/timeline")["moments"]]
    assert [kind for kind in kinds if kind in ("pause_requested", "paused", "continued")] == [
        "pause_requested",
        "paused",
        "continued",
    ]
    assert "lost" not in kinds


def test_a_run_of_the_agent_pauses_again_and_again(agent, training):
    training.pause()
    for number in (2, 3):
        command_id = training.post("resume")["command_id"]
        training.wait(lambda number=number: training.status == "running" and len(training.begun()) == number)
        training.wait(lambda: training.epochs()[-1] > training.begun()[-1][1])
        training.pause()
        training.wait(lambda command_id=command_id: training.command(command_id)["status"] == "succeeded")
        assert training.command(command_id)["exit_code"] == 75
        assert training.status == "paused"
    starts = [epoch for _, epoch in training.begun()]
    assert starts == sorted(set(starts))


def test_a_resume_that_does_not_start_leaves_it_paused_and_says_why(agent, training, home):
    training.pause()
    Path(home, "policy.toml").write_text('deny = ["*train.py*"]')
    command_id = training.post("resume")["command_id"]
    training.wait(lambda: training.command(command_id)["status"] == "failed")
    training.wait(lambda: training.get()["error"])
    assert training.status == "paused"
    assert "denies this command" in training.get()["error"]
    Path(home, "policy.toml").unlink()
    assert training.post("resume")["command_id"] not in (None, command_id)
    training.wait(lambda: training.status == "running")
    assert training.get()["error"] is None


def test_a_paused_batch_is_stopped_at_once_and_cannot_be_run_again_before(agent, training):
    training.pause()
    assert training.ada.http.post(f"/api/batches/{training.id}/rerun", json={}).status_code == 409
    assert training.post("stop")["status"] == "stopped"
    assert training.job()["status"] == "stopped"
    assert training.ada.http.post(f"/api/batches/{training.id}/resume").status_code == 409
    assert training.ada.get("/api/commands", batch_id=training.id)["items"] == []


def test_a_pause_that_is_taken_back_in_time_never_comes(ada, training):
    (training.folder / "finish").touch()
    training.process.wait(timeout=30)
    training.wait(lambda: training.status == "done")
    assert ada.http.post(f"/api/batches/{training.id}/pause").status_code == 409


def test_without_an_agent_a_paused_batch_waits_for_who_resumes_it_by_hand(server, tmp_path, wait_until):
    eve = Account(server.url, "eve")
    training = Training(eve, tmp_path, wait_until)
    training.pause()
    assert training.process.wait(timeout=30) == 75
    assert training.post("resume") == {"status": "paused", "batch_id": training.id, "command_id": None}
    environment = {
        **os.environ,
        "ARGUS_URL": eve.url,
        "ARGUS_TOKEN": eve.token,
        "ARGUS_BATCH_ID": training.id,
        "ARGUS_RESUME_FROM": training.get()["checkpoint"]["path"],
    }
    (tmp_path / "finish").touch()
    subprocess.run([sys.executable, "train.py"], check=True, cwd=tmp_path, env=environment)
    training.wait(lambda: training.status == "done")
    assert training.begun()[1][1] == training.begun()[0][1] + len(training.epochs()) - 1
    eve.close()
