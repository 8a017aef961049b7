"""What a `kill -9` takes of a training: `python -m bench.sdk_kill` prints JSON.

Processes that report every millisecond are killed at random moments. What of their calls is in no journal is lost; its
age is the time from the first call that was lost to the last one before the kill, in milliseconds. `sleeps`: the loop
leaves the interpreter between calls, as one does that waits for a GPU; `computes`: it never does.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KILLS = 60
_CALLS = 4000
_CASES = {"sleeps": "time.sleep(0.001)", "computes": "sum(range(20_000))"}
# Each call's moment goes to memory that the parent reads after the kill.
_TRAINING = """
import mmap, struct, sys, time
import argus
with open(sys.argv[1], "r+b") as file:
    moments = mmap.mmap(file.fileno(), 0)
run = argus.init(project="killed", mode="offline")
for step in range({calls}):
    struct.pack_into("d", moments, 8 * step, time.monotonic())
    run.log({{"loss": 0.5}}, step=step)
    {between}
"""


def _kill_one(between: str, room: Path) -> tuple[float, int]:
    """Age in milliseconds of the oldest call that was lost, and how many were."""
    told = room / "moments"
    told.write_bytes(bytes(8 * _CALLS))
    environment = os.environ | {"ARGUS_SPILL_DIR": str(room / "spill"), "HOME": str(room)}
    code = _TRAINING.format(calls=_CALLS, between=between)
    process = subprocess.Popen([sys.executable, "-c", code, told], env=environment)
    with told.open("r+b") as file, mmap.mmap(file.fileno(), 0) as moments:
        while not struct.unpack_from("d", moments, 0)[0]:
            time.sleep(0.005)
        time.sleep(random.uniform(0.3, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        called = [one for (one,) in struct.iter_unpack("d", moments[:]) if one]
    text = "".join(path.read_text(errors="replace") for path in room.glob("spill/*.jsonl"))
    kept = {int(step) for step in re.findall(r'"data":\{"step":(\d+),[^\n]*\}\n', text)}
    lost = [step for step in range(len(called)) if step not in kept]
    return (called[-1] - called[lost[0]]) * 1000 if lost else 0.0, len(lost)


def measure(kills: int = KILLS) -> dict[str, dict[str, float]]:
    """Median, 95th percentile and worst age by case, and the most calls that one kill took."""
    found = {}
    for name, between in _CASES.items():
        ages, counts = [], []
        for _ in range(kills):
            with tempfile.TemporaryDirectory() as room:
                age, count = _kill_one(between, Path(room))
            ages.append(age)
            counts.append(count)
        ages.sort()
        found[name] = {
            "kills": kills,
            "median_ms": round(statistics.median(ages), 1),
            "p95_ms": round(ages[int(0.95 * (kills - 1))], 1),
            "worst_ms": round(ages[-1], 1),
            "most_calls": max(counts),
        }
    return found


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
