"""A run without a server, delivered later: a real server has all of it, once, and the client can prove that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from argus._sync import sync

_RUN = """
import math
from argus import Reporter

with Reporter("offline", source_project="conformance", mode="offline", resource_snapshot=False) as reporter:
    with reporter.job("j1", model="m", config={"lr": 0.1}) as job:
        for epoch in range(300):
            job.epoch(epoch, train_loss=epoch / 7, val_loss=math.nan if epoch == 5 else 0.5)
            job.metrics_step({"reward": float(epoch), "grad": 0.5}, step=epoch * 10)
        job.log("done")
print(reporter.batch_id)
"""


def test_an_offline_run_is_delivered_and_proven(server: Any, ada: Any, stored: Any, tmp_path: Path) -> None:
    journals = tmp_path / "journals"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
    done = subprocess.run(
        [sys.executable, "-c", _RUN], env={**kept, "ARGUS_SPILL_DIR": str(journals)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    batch_id = done.stdout.strip()
    lines = [json.loads(line) for path in journals.glob("offline-*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(lines) == 606

    report = sync(str(journals), server.url, ada.token, verify=True)
    assert report.ok, report
    batch = report.batches[batch_id]
    assert (batch.stored, batch.verified, batch.rejected, batch.duplicates) == (606, 606, 0, 0)
    assert batch.ended
    assert list(journals.iterdir()) == []

    rows = stored(batch_id)
    rows.assert_once()
    assert set(rows.ids) == {line["event_id"] for line in lines}
    assert ada.get(f"/api/batches/{batch_id}")["status"] == "done"
    again = sync(str(journals), server.url, ada.token, verify=True)
    assert (again.ok, again.batches) == (True, {})
