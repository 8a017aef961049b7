"""Events of a batch over bare HTTP, to the gateway or to one replica."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

Event = dict[str, Any]


def event(batch_id: str, kind: str, job_id: str | None = None, *, host: str = "gpu-1", **data: Any) -> Event:
    """One event, now."""
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": datetime.now(UTC).isoformat(),
        "batch_id": batch_id,
        "job_id": job_id,
        "source": {"project": "scale", "host": host, "command": "python train.py"},
        "data": data,
    }


def epochs(batch_id: str, job_id: str, first: int, count: int) -> list[Event]:
    """Epochs in a row."""
    return [event(batch_id, "job_epoch", job_id, epoch=first + n, loss=1 / (first + n + 1)) for n in range(count)]


def post(url: str, token: str, events: Sequence[Event]) -> dict[str, Any]:
    """Send them in one request over a connection of its own; the answer.

    Raises:
        httpx.HTTPError: it was not stored.
    """
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{url}/api/events/batch", json={"events": list(events)}, headers=headers, timeout=60)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found
