"""An agent that knows the contract's page and nothing of ours carries out reruns and stops, in both modes."""

from __future__ import annotations

import ast
import os
import shlex
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "scripts" / "minimal_agent.py"
# What people's training is: it reports with whatever client, here the least there is, and ends when it is told.
TRAINING = """
import json, os, sys, time, urllib.request, uuid

batch = os.environ["ARGUS_BATCH_ID"]
def say(kind, **data):
    event = {"schema_version": "1.1", "event_id": str(uuid.uuid4()), "event_type": kind, "batch_id": batch,
             "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "source": {"project": "minimal"},
             "job_id": "j" if kind.startswith("job_") else None, "data": data}
    headers = {"Authorization": "Bearer " + os.environ["ARGUS_TOKEN"], "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(os.environ["ARGUS_URL"] + "/api/events", json.dumps(event).encode(),
                                                  headers), timeout=30)
with open("ran", "a") as file:
    file.write(batch + " " + " ".join(sys.argv[1:]) + " " + os.environ.get("LR", "") + "\\n")
say("batch_start", n_total_jobs=1)
say("job_start", model="m", dataset="d")
say("job_epoch", epoch=0, train_loss=0.5)
if "deaf=true" in sys.argv:
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while "wait=true" in sys.argv:
    time.sleep(0.05)
say("job_done", metrics={"MSE": 0.25})
say("batch_done")
"""


@pytest.fixture
def host() -> str:
    return f"minimal-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def source(ada: Any, host: str, tmp_path: Path) -> str:
    """An ended batch of a host, whose command is recorded."""
    (tmp_path / "train.py").write_text(TRAINING)
    batch = f"source-{uuid.uuid4().hex[:8]}"
    command = f"{shlex.quote(sys.executable)} train.py"
    snapshot = {"cwd": str(tmp_path), "env": {"LR": "0.1"}}

    def event(kind: str, job: str | None = None, **data: Any) -> dict[str, Any]:
        origin = {"project": "minimal", "host": host, "user": "ada", "command": command}
        told = {"schema_version": "1.1", "event_id": str(uuid.uuid4()), "event_type": kind, "batch_id": batch}
        return {**told, "timestamp": "2026-11-26T12:00:00Z", "job_id": job, "source": origin, "data": data}

    events = [
        event("batch_start", n_total_jobs=1, command=command),
        event("env_snapshot", **snapshot),
        event("batch_done"),
    ]
    answer = ada.http.post(
        "/api/events/batch", json={"events": events}, headers={"Authorization": f"Bearer {ada.token}"}
    )
    assert answer.json()["accepted"] == 3, answer.text
    return batch


@pytest.fixture
def agent(train: Callable[..., Any], server: Any, ada: Any, host: str) -> Any:
    """The agent, registered and asking ten times a second."""
    made = train("minimal_agent.py", server.url, ada.token, host, "0.1", "1")
    agent_id, interval = made.hear("registered").split()
    assert agent_id.startswith("agent-")
    assert interval == "10"
    return made


@pytest.fixture
def rerun(ada: Any, source: str, agent: Any) -> Callable[..., str]:
    def ask(**overrides: Any) -> str:
        answer = ada.http.post(f"/api/batches/{source}/rerun", json={"overrides": overrides})
        assert answer.status_code == 201, answer.text
        batch_id: str = answer.json()["batch_id"]
        return batch_id

    return ask


def test_it_imports_nothing_but_the_standard_library() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= set(sys.stdlib_module_names)


def test_a_rerun_runs_once_and_comes_back_to_its_curves(
    agent: Any, rerun: Callable[..., str], ada: Any, source: str, tmp_path: Path, eventually: Any
) -> None:
    batch_id = rerun(depth=3, note="two words")
    assert agent.hear("ended") == f"{batch_id} 0"
    eventually(lambda: ada.get(f"/api/batches/{batch_id}")["status"] == "done")
    assert (tmp_path / "ran").read_text() == f"{batch_id} depth=3 note=two words 0.1\n"
    assert ada.get(f"/api/batches/{batch_id}")["source_batch_id"] == source
    points = ada.get(f"/api/jobs/{batch_id}/j/epochs")
    assert [(point["epoch"], point["train_loss"]) for point in points] == [(0, 0.5)]
    (command,) = ada.get("/api/commands", batch_id=batch_id)["items"]
    # It tells no ends, and nobody gives it up for that.
    assert command["status"] == "started"
    assert command["pid"] > 0


@pytest.mark.parametrize("is_deaf", [False, True], ids=["hears", "deaf"])
def test_a_stop_ends_the_process(
    agent: Any, rerun: Callable[..., str], ada: Any, eventually: Any, is_deaf: bool
) -> None:
    batch_id = rerun(wait=True, deaf=is_deaf)
    began = agent.hear("begun").split()
    assert began[0] == batch_id
    eventually(lambda: ada.get(f"/api/jobs/{batch_id}/j/epochs") if _has_job(ada, batch_id) else None)
    assert ada.http.post(f"/api/batches/{batch_id}/stop").json()["status"] == "stopping"
    if is_deaf:
        assert agent.hear("killed") == batch_id
    assert agent.hear("ended").split()[0] == batch_id
    with pytest.raises(ProcessLookupError):
        os.killpg(int(began[1]), 0)
    commands = ada.get("/api/commands", batch_id=batch_id)["items"]
    assert sorted((one["kind"], one["status"]) for one in commands) == [("rerun", "started"), ("stop", "started")]


def test_what_cannot_start_fails_its_batch_with_the_reason(
    agent: Any, ada: Any, source: str, tmp_path: Path, eventually: Any
) -> None:
    # The recorded folder is gone.
    (tmp_path / "train.py").unlink()
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    try:
        batch_id = ada.http.post(f"/api/batches/{source}/rerun", json={"overrides": {}}).json()["batch_id"]
        eventually(lambda: ada.get(f"/api/batches/{batch_id}")["status"] == "failed")
    finally:
        moved.rename(tmp_path)
    (command,) = ada.get("/api/commands", batch_id=batch_id)["items"]
    assert command["status"] == "failed"
    assert "No such file or directory" in command["error"]


def _has_job(ada: Any, batch_id: str) -> bool:
    return bool(ada.get(f"/api/batches/{batch_id}/jobs"))
