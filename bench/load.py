"""The load that benchmarks share: epochs with four numbers each."""

from __future__ import annotations

import json
import uuid


def epoch_event(batch_id: str, epoch: int, job_id: str = "job-1") -> dict[str, object]:
    """One job_epoch event with four numbers."""
    return {
        "event_id": str(uuid.uuid4()),
        "schema_version": "1.1",
        "event_type": "job_epoch",
        "timestamp": "2026-01-01T00:00:00Z",
        "batch_id": batch_id,
        "job_id": job_id,
        "source": {"project": "bench", "host": "bench-host", "user": "bench"},
        "data": {"epoch": epoch, "train_loss": 0.51 + epoch * 1e-6, "val_loss": 0.62, "lr": 0.001, "accuracy": 0.9},
    }


def batch_body(batch_id: str, size: int, first_epoch: int = 0) -> bytes:
    """A request body of `size` new events."""
    return json.dumps({"events": [epoch_event(batch_id, first_epoch + i) for i in range(size)]}).encode()
