"""A client that is nothing but HTTP, written from the contract alone, against both modes."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest


@pytest.fixture
def wire(server: Any, ada: Any) -> Iterator[httpx.Client]:
    """With a reporter's token."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {ada.token}"}, timeout=30) as client:
        yield client


def event(kind: str, batch: str, **data: Any) -> dict[str, Any]:
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": "2026-11-23T14:44:22Z",
        "batch_id": batch,
        "job_id": "j" if kind.startswith("job_") else None,
        "source": {"project": "raw"},
        "data": data,
    }


def test_a_batch_from_its_start_to_its_end(wire: httpx.Client, ada: Any, stored: Callable[[str], Any]) -> None:
    batch = f"raw-{uuid.uuid4().hex[:8]}"
    first = wire.post("/api/events", json=event("batch_start", batch, n_total_jobs=1))
    assert (first.status_code, first.json()["accepted"], first.json()["deduplicated"]) == (200, True, False)
    assert isinstance(first.json()["event_id"], int)
    events = [
        event("job_start", batch, model="m"),
        *(event("job_epoch", batch, epoch=n, val_loss=1.0) for n in range(3)),
    ]
    events += [event("job_done", batch, status="DONE"), event("batch_done", batch, n_done=1, n_failed=0)]
    body = gzip.compress(json.dumps({"events": events}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    for status in ("accepted", "deduplicated"):
        answer = wire.post("/api/events/batch", content=body, headers=headers).json()
        assert (answer["accepted"], answer["rejected"]) == (len(events), 0)
        assert [item["status"] for item in answer["results"]] == [status] * len(events)
        assert [item["event_id"] for item in answer["results"]] == [one["event_id"] for one in events]
    rows = stored(batch)
    rows.assert_once()
    assert len(rows.events) == len(events) + 1
    assert ada.get(f"/api/batches/{batch}")["status"] == "done"
    assert [point["epoch"] for point in ada.get(f"/api/jobs/{batch}/j/epochs")] == [0, 1, 2]


def test_a_bad_event_costs_itself_only(wire: httpx.Client, stored: Callable[[str], Any]) -> None:
    batch = f"raw-{uuid.uuid4().hex[:8]}"
    bad = event("job_epoch", batch, epoch="many")
    answer = wire.post(
        "/api/events/batch", json={"events": [event("batch_start", batch), bad, event("job_start", batch)]}
    )
    assert answer.status_code == 200
    assert [item["status"] for item in answer.json()["results"]] == ["accepted", "rejected", "accepted"]
    assert "epoch" in answer.json()["results"][1]["error"]
    assert len(stored(batch).events) == 2


def test_refusals_are_those_of_the_contract(wire: httpx.Client, server: Any) -> None:
    good = event("batch_start", f"raw-{uuid.uuid4().hex[:8]}")
    assert wire.post("/api/events", json=good | {"schema_version": "0.9"}).status_code == 415
    assert wire.post("/api/events", json=good | {"unknown": 1}).status_code == 422
    assert wire.post("/api/events", json=event("job_epoch", "b", epoch=1) | {"job_id": None}).status_code == 400
    assert wire.post("/api/events/batch", json=[good]).status_code == 422
    stranger = httpx.post(f"{server.url}/api/events", json=good, timeout=30)
    assert (stranger.status_code, stranger.headers["www-authenticate"]) == (401, "Bearer")
    # Nothing of these was taken.
    assert wire.post("/api/events", json=good).json()["deduplicated"] is False
