"""What the SDK sends, read by the server's own decoder."""

from __future__ import annotations

import math

import pytest

decoding = pytest.importorskip("argus_contracts.decoding")
vectors = pytest.importorskip("argus_contracts.vectors")


def test_every_event_of_a_full_run_is_decoded(ingest, reporter, wait_until):
    with reporter("full", resource_snapshot=True, heartbeat=0.05, capture_environment=True) as r:
        with pytest.raises(ValueError, match="boom"), r.job("j0", model="m"):
            raise ValueError("boom")
        with r.job("j1", model="m", dataset="d", optuna={"study_name": "s", "trial_id": 1}) as job:
            job.epoch(0, train_loss=0.5, val_loss=math.nan, lr=1e-3, grad_norm=math.inf)
            job.log("text", level="ERROR")
            job.metrics({"MSE": 0.5, "setting": "text", "worst": -math.inf})
        r.emit("batch_failed", reason="just to have one")
        wait_until(lambda: {"env_snapshot", "resource_snapshot", "log_line"} <= set(ingest.types()))
    import json

    body = json.dumps({"events": list(ingest.events.values())}, allow_nan=False).encode()
    decoded = decoding.decode_batch(body)
    refused = [event for event in decoded if isinstance(event, decoding.RejectedEvent)]
    assert refused == []
    assert {event.event_type for event in decoded} == {
        "batch_start", "batch_done", "batch_failed", "job_start", "job_epoch", "job_done", "job_failed", "log_line",
        "resource_snapshot", "env_snapshot",
    }  # fmt: skip
    epoch = next(event for event in decoded if event.event_type == "job_epoch")
    assert math.isnan(epoch.data["val_loss"])
    assert epoch.data["train_loss"] == 0.5
    assert epoch.at.microsecond % 1000 == 0
    assert epoch.timestamp_text.endswith("Z")


def test_good_vectors_pass_through_a_journal_unchanged(tmp_path):
    """An adopted journal may hold any valid event; what is sent must decode to the same."""
    from argus._adoption import sort_lines

    for vector in vectors.load():
        if not vector.valid:
            continue
        text = vector.body.replace(b"\n", b" ")
        events, unreadable = sort_lines([text])
        assert unreadable == [], vector.name
        sent, stored = decoding.decode_single(events[0]), decoding.decode_single(vector.body)
        assert (sent.event_id, sent.event_type, sent.at, sent.job_id) == (
            stored.event_id, stored.event_type, stored.at, stored.job_id,
        ), vector.name  # fmt: skip
