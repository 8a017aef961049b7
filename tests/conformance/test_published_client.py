"""The client that people have installed, argus-reporter 0.1.3 from PyPI, works unmodified."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_a_whole_batch_with_a_failure_and_a_stop(
    train: Callable[..., Any], published_python: Path, ada: Any, stored: Callable[[str], Any], eventually: Any
) -> None:
    training = train("published_client.py", "whole", python=published_python)
    batch_id = training.hear("batch")
    training.hear("ready")
    eventually(lambda: stored(batch_id).types["job_start"] == 3)
    answer = ada.http.post(f"/api/batches/{batch_id}/stop")
    assert answer.json() == {"status": "stopping", "batch_id": batch_id}
    assert training.hear("stopped") == "True"
    training.end()

    batch = ada.get(f"/api/batches/{batch_id}")
    assert (batch["status"], batch["n_done"], batch["n_failed"]) == ("stopped", 2, 1)
    assert batch["project"] == "conformance"
    jobs = {job["id"] if "id" in job else job["job_id"]: job for job in ada.get(f"/api/batches/{batch_id}/jobs")}
    assert {name: job["status"] for name, job in jobs.items()} == {"good": "done", "bad": "failed", "stopped": "done"}
    assert jobs["good"]["metrics"]["MSE"] == 0.25
    assert jobs["good"]["metrics"]["setting"] == "etth1_96"

    epochs = ada.get(f"/api/jobs/{batch_id}/good/epochs")
    assert [point["epoch"] for point in epochs] == [0, 1, 2, 3, 4]
    assert [point["train_loss"] for point in epochs] == [1 / (epoch + 1) for epoch in range(5)]
    lines = ada.get(f"/api/jobs/{batch_id}/good/log-lines")
    assert "half of it done" in str(lines)

    rows = stored(batch_id)
    rows.assert_once()
    assert (rows.types["batch_start"], rows.types["batch_done"]) == (1, 1)
    assert (rows.types["job_start"], rows.types["job_done"], rows.types["job_failed"]) == (3, 2, 1)
    assert rows.types["job_epoch"] == 5 + 1 + 3
    assert rows.types["resource_snapshot"] >= 1
    assert ada.get("/api/resources/hosts")


def test_an_outage_is_spilled_and_replayed_by_the_next_run(
    train: Callable[..., Any], published_python: Path, server: Any, ada: Any, stored: Any, eventually: Any
) -> None:
    first = train("published_client.py", "outage", python=published_python)
    batch_id = first.hear("batch")
    first.hear("before")
    eventually(lambda: stored(batch_id).types["job_epoch"] == 10)
    server.end(signal.SIGKILL)
    first.tell("go on")
    first.hear("during")
    first.end()

    server.start()
    server.wait_ready()
    assert ada.get(f"/api/batches/{batch_id}")["status"] == "running"
    second = train("published_client.py", "replay", python=published_python)
    second.hear("batch")
    eventually(lambda: stored(batch_id).types["batch_done"] == 1)
    second.tell("go on")
    second.end()

    rows = stored(batch_id)
    rows.assert_once()
    assert rows.types == {"batch_start": 1, "job_start": 1, "job_epoch": 20, "job_done": 1, "batch_done": 1}
    epochs = ada.get(f"/api/jobs/{batch_id}/long/epochs")
    assert [point["epoch"] for point in epochs] == list(range(20))
    assert [point["train_loss"] for point in epochs] == [float(epoch) for epoch in range(20)]
    assert ada.get(f"/api/batches/{batch_id}")["status"] == "done"
