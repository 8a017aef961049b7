"""An agent process and a real server: from the click to a process, and back to its curves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRAINING = """
import sys, time
from argus import Reporter

options = dict(heartbeat=False, resource_snapshot=False, stop_polling=0.2)
with Reporter("train", source_project="vision", n_total=1, **options) as reporter:
    with reporter.job("cnn", model="cnn", dataset="mnist") as job:
        job.epoch(0, train_loss=1.0)
        while "wait=true" in sys.argv and not job.stopped:
            time.sleep(0.05)
        if "fail=true" in sys.argv:
            print("CUDA error: out of luck", flush=True)
            sys.stdout.flush()
            import os
            os._exit(9)
"""


@pytest.fixture
def source(ada, tmp_path):
    """A batch that ended here, of a script that reports."""
    script = tmp_path / "train.py"
    script.write_text(TRAINING)
    environment = {**os.environ, "ARGUS_URL": ada.url, "ARGUS_TOKEN": ada.token}
    before = {batch["id"] for batch in ada.get("/api/batches")}
    subprocess.run([sys.executable, str(script)], check=True, cwd=tmp_path, env=environment)
    (made,) = {batch["id"] for batch in ada.get("/api/batches")} - before
    return made


@pytest.fixture
def rerun(ada, source):
    def ask(**overrides):
        answer = ada.http.post(f"/api/batches/{source}/rerun", json={"overrides": overrides})
        assert answer.status_code == 201, answer.text
        return answer.json()["batch_id"]

    return ask


def status(ada, batch_id):
    return ada.get(f"/api/batches/{batch_id}")["status"]


def test_a_rerun_trains_and_reports_into_the_new_batch(ada, agent, rerun, wait_until):
    batch_id = rerun(lr=0.1)
    wait_until(lambda: status(ada, batch_id) == "done", 60)
    jobs = ada.get(f"/api/batches/{batch_id}/jobs")
    assert [job["status"] for job in jobs] == ["done"]


def test_a_stop_is_heard_by_the_run_itself_first(ada, agent, rerun, home, wait_until):
    batch_id = rerun(wait=True)
    wait_until(lambda: status(ada, batch_id) == "running" and ada.get(f"/api/batches/{batch_id}/jobs"), 60)
    assert ada.http.post(f"/api/batches/{batch_id}/stop").status_code == 200
    wait_until(lambda: status(ada, batch_id) not in ("running", "stopping"), 60)
    events = [path.read_text() for path in Path(home).glob("runs/*/events.jsonl")]
    assert not any("sigterm" in text for text in events)


def test_a_run_that_dies_silently_fails_its_batch_with_the_reason(ada, agent, rerun, wait_until):
    batch_id = rerun(fail=True)
    wait_until(lambda: status(ada, batch_id) == "failed", 60)
