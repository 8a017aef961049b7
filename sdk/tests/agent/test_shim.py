"""A run goes on, and is told of, when the disk of its host is full."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time

FEW_BYTES = 12  # a claim fits, an event does not


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_a_full_disk_does_not_take_is_told_when_there_is_room(tmp_path):
    order = {
        "command": f"echo 'more than there is room for'; touch {tmp_path}/done; exit 3",
        "cwd": str(tmp_path),
        "env": dict(os.environ),
    }
    shim = subprocess.Popen([sys.executable, "-m", "argus.agent.shim", str(tmp_path)], stdin=subprocess.PIPE)
    resource.prlimit(shim.pid, resource.RLIMIT_FSIZE, (FEW_BYTES, resource.RLIM_INFINITY))
    try:
        with shim.stdin:
            shim.stdin.write(json.dumps(order).encode())
        until((tmp_path / "done").exists)
        assert not (tmp_path / "events.jsonl").exists() or (tmp_path / "events.jsonl").read_bytes() == b""
        assert shim.poll() is None
        resource.prlimit(shim.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert shim.wait(30) == 0
    finally:
        shim.kill()
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [event["step"] for event in events] == ["spawned", "ended", "over"]
    assert events[1]["exit_code"] == 3
    assert "found no room" in events[1]["detail"]
    assert json.loads((tmp_path / "state.json").read_text())["pid"] == events[0]["pid"]
