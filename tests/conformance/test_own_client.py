"""Our own client against a real server: kills of either side lose nothing that was taken, and count nothing twice."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from typing import Any


def test_kills_of_the_server_lose_nothing_that_the_client_counted(
    train: Callable[..., Any], server: Any, ada: Any, stored: Callable[[str], Any]
) -> None:
    training = train("own_client.py", "steady", "6")
    batch_id = training.hear("batch")
    for _ in range(2):
        time.sleep(1)
        server.end(signal.SIGKILL)
        server.start()
        server.wait_ready()
    epochs = int(training.hear("epochs"))
    training.tell("finish")
    stats = json.loads(training.hear("stats"))
    training.end()

    assert (stats["dropped"], stats["rejected"], stats["pending"]) == (0, 0, 0)
    assert stats["accepted"] == stats["acked"]
    rows = stored(batch_id)
    rows.assert_once()
    assert len(rows.events) == stats["accepted"]
    points = ada.get(f"/api/jobs/{batch_id}/long/epochs", limit=5000)
    assert [point["epoch"] for point in points][-epochs:] == list(range(epochs))[-len(points) :]
    assert rows.types["job_epoch"] == epochs
    assert rows.types["log_line"] >= epochs
    assert ada.get(f"/api/batches/{batch_id}")["status"] == "done"


def test_a_killed_training_loses_only_its_last_moment_and_the_next_delivers_the_rest(
    train: Callable[..., Any], server: Any, ada: Any, stored: Callable[[str], Any], eventually: Any
) -> None:
    training = train("own_client.py", "endless")
    batch_id = training.hear("batch")
    while int(training.hear("epoch")) < 60:
        pass
    # From here on nothing is delivered: what the dead process leaves lies in its journal only.
    server.end(signal.SIGKILL)
    last = 0
    begin = time.monotonic()
    while time.monotonic() - begin < 1:
        last = int(training.hear("epoch"))
    settled = last
    begin = time.monotonic()
    while time.monotonic() - begin < 0.3:
        last = int(training.hear("epoch"))
    training.kill()
    assert last > settled > 60

    server.start()
    server.wait_ready()
    second = train("own_client.py", "resumed", batch_id)
    stats = json.loads(second.hear("stats"))
    second.end()
    assert stats["adopted"] > 0
    eventually(lambda: stored(batch_id).types["job_epoch"] > settled)
    rows = stored(batch_id)
    rows.assert_once()
    points = [point["epoch"] for point in ada.get(f"/api/jobs/{batch_id}/long/epochs", limit=5000)]
    assert points == list(range(len(points))), "a hole in the middle"
    assert len(points) > settled, "something older than the last moment was lost"
    jobs = ada.get(f"/api/batches/{batch_id}/jobs")
    assert len(jobs) == 2


def test_a_stop_from_the_page_reaches_the_loop(train: Callable[..., Any], ada: Any, eventually: Any) -> None:
    training = train("own_client.py", "until_stopped")
    batch_id = training.hear("batch")
    eventually(lambda: ada.http.get(f"/api/batches/{batch_id}").status_code == 200)
    assert ada.http.post(f"/api/batches/{batch_id}/stop").json()["status"] == "stopping"
    assert training.hear("left") == "True"
    training.end()
    assert ada.get(f"/api/batches/{batch_id}")["status"] == "stopped"


def test_a_training_that_breaks_says_why(train: Callable[..., Any], ada: Any, stored: Callable[[str], Any]) -> None:
    training = train("own_client.py", "failing")
    batch_id = training.hear("batch")
    training.hear("raised")
    training.end()
    assert ada.get(f"/api/batches/{batch_id}")["status"] == "failed"
    (job,) = ada.get(f"/api/batches/{batch_id}/jobs")
    assert job["status"] == "failed"
    assert "loss is nan" in json.dumps(job)
    (point,) = ada.get(f"/api/jobs/{batch_id}/broken/epochs")
    assert point["epoch"] == 0
    rows = stored(batch_id)
    rows.assert_once()
