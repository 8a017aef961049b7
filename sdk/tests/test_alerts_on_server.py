"""From a script to the inbox of whoever watches it, over a real server."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import argus
from argus import Reporter

with Reporter("train", source_project="vision", n_total=1, batch_id="alerting") as reporter:
    with reporter.job("cnn") as job:
        for epoch in range(3):
            job.alert("Loss spike", f"epoch {epoch}", "error")
        argus.alert("Half way")
"""


def test_a_script_tells_its_watchers(ada, tmp_path, wait_until):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "ARGUS_URL": ada.url, "ARGUS_TOKEN": ada.token, "ARGUS_EXIT_FLUSH_S": "60"}
    subprocess.run([sys.executable, str(script)], check=True, cwd=tmp_path, env=environment)

    def told():
        rows = [one for one in ada.get("/api/notifications") if one["rule_id"] == "alert"]
        return sorted((one["severity"], one["title"], one["body"], one["job_id"]) for one in rows)

    wait_until(lambda: len(told()) == 2, 60)
    assert told() == [("error", "Loss spike", "epoch 0", "cnn"), ("info", "Half way", "", None)]
    happenings = ada.get("/api/batches/alerting/activity")["items"]
    alerts = [(one["status"], one["detail"]) for one in happenings if one["event_type"] == "alert"]
    assert sorted(alerts) == [("error", "Loss spike: epoch 0"), ("info", "Half way")]
    moments = ada.get("/api/jobs/alerting/cnn/timeline")["moments"]
    assert [(one["text"], one["level"]) for one in moments if one["kind"] == "alert"] == [
        ("Loss spike: epoch 0", "error"),
        ("Half way", "info"),
    ]
