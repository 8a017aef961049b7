"""Ingest needs neither NATS nor Valkey to accept events: they make it quick, not correct."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

# Far above what a store takes here, far below a client's patience of ten seconds.
PATIENCE_S = 4.0


def _event(kind: str, batch: str, **data: Any) -> dict[str, Any]:
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "batch_id": batch,
        "job_id": "j" if kind.startswith("job_") else None,
        "source": {"project": "chaos"},
        "data": data,
    }


@pytest.mark.parametrize("names", [("nats",), ("valkey",), ("nats", "valkey")], ids="-".join)
def test_events_are_accepted_while_they_hang_and_shown_when_they_are_back(
    stack: Any, ada: Any, page: Any, rows: Any, eventually: Any, names: tuple[str, ...]
) -> None:
    batch = f"frozen-{uuid.uuid4().hex[:8]}"
    slowest = 0.0
    sent: list[str] = []
    headers = {"Authorization": f"Bearer {ada.token}"}
    with httpx.Client(base_url=stack.url, timeout=15, headers=headers) as reporter:

        def post(event: dict[str, Any]) -> None:
            nonlocal slowest
            begin = time.monotonic()
            answer = reporter.post("/api/events", json=event)
            slowest = max(slowest, time.monotonic() - begin)
            assert answer.status_code == 200, answer.text
            sent.append(event["event_id"])

        post(_event("batch_start", batch))
        with stack.frozen(*names):
            begin = time.monotonic()
            epoch = 0
            while time.monotonic() - begin < 12:
                post(_event("job_epoch", batch, epoch=epoch))
                epoch += 1
                time.sleep(0.1)
            # A token that nobody has seen yet is checked without them too.
            token, _ = ada.new_token()
            fresh = httpx.post(
                f"{stack.url}/api/events",
                json=_event("job_epoch", batch, epoch=epoch),
                headers={"Authorization": f"Bearer {token}"},
                timeout=15,
            )
            assert fresh.status_code == 200, fresh.text
        post(_event("batch_done", batch))
    assert slowest < PATIENCE_S
    stack.wait_ready()
    stored = rows(batch)
    assert set(sent) <= set(stored.ids)
    assert len(stored.ids) == len(sent) + 1
    eventually(lambda: stack.query("select count(*) from ingest_outbox") == [(0,)], 60)
    eventually(lambda: page.resyncs or set(stored.ids) <= page.seen, 60)
    assert page.resyncs == []
