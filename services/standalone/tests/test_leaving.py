"""Somebody leaves a running system: what all services together make of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from argus_standalone.testing import Account, ServerProcess


def _report(account: Account, batch_id: str) -> None:
    event = {
        "event_id": uuid.uuid4().hex,
        "schema_version": "1.1",
        "event_type": "batch_start",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "batch_id": batch_id,
        "source": {"project": "vision"},
        "data": {"experiment_type": "t", "n_total_jobs": 1},
    }
    answer = account.http.post("/api/events", json=event, headers={"Authorization": f"Bearer {account.token}"})
    assert answer.status_code == 200, answer.text


def _eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not check():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


@pytest.mark.parametrize("runs", ["keep", "delete"])
def test_the_person_goes_and_the_batches_go_or_stay(server: ServerProcess, runs: str) -> None:
    server.start()
    server.wait_ready()
    root, ada = Account(server.url, "root"), Account(server.url, "ada")
    _report(ada, "of-ada")
    _report(root, "of-root")
    assert root.get("/api/batches/of-ada")["id"] == "of-ada"
    assert ada.http.post("/api/pins", json={"batch_id": "of-ada"}).is_success

    answer = ada.http.request("DELETE", "/api/auth/me", json={"runs": runs, "current_password": "correct horse 1"})
    assert (answer.status_code, answer.json()["detail"]) == (200, "deleted")

    for credential in (ada.session, ada.token):
        headers = {"Authorization": f"Bearer {credential}"}
        assert ada.http.get("/api/auth/me", headers=headers).status_code == 401
    if runs == "delete":
        _eventually(lambda: root.http.get("/api/batches/of-ada").status_code == 404)
    else:
        assert root.get("/api/batches/of-ada")["id"] == "of-ada"
    assert root.get("/api/batches/of-root")["id"] == "of-root"
    again = Account(server.url, "ada")
    assert again.get("/api/batches") == []
    for account in (root, ada, again):
        account.close()
    assert server.end() == 0
